"""Who and what a source has: people and fields, kept so that pages need no network."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction

from commissions_saas.lib import clock
from crm_sync.connections.mapping import document_of
from crm_sync.connections.models import Connection, Mapping, SourceField, SourceUser
from crm_sync.connections.publishing import publish_fields
from crm_sync.contract import ConfigurationProblem, Discovers, Identifies, Provider
from crm_sync.contract import SourceField as RemoteField
from crm_sync.contract import SourceUser as RemoteUser
from crm_sync.ledger.standard import DEAL

NOT_OFFERED = (402, 403, 404)


def refresh_directory(
    *,
    connection: Connection,
    provider: Provider,
    check: Callable[[], None] = lambda: None,
) -> dict[str, ConfigurationProblem]:
    """Bring people and fields up to date; a field that vanished is flagged, not lost.

    An object without a mapping gets the suggested one as the group's default. Returns
    the objects that this key or plan does not reach, or that are gone, and why.
    """
    users = provider.users()
    discovered = _discovered(connection, provider)
    objects = discovered.get("objects") or connection.options.get("objects", ["deal"])
    fields, left_out = _fields_of(provider, objects)
    suggested = {
        object_: document_of(object_, provider.default_mapping(object_, found))
        for object_, found in fields.items()
    }
    with transaction.atomic():
        check()
        if discovered:
            connection.options = {**connection.options, **discovered}
            connection.save(update_fields=["options"])
        _save_users(connection, users)
        for object_, found in fields.items():
            save_fields(connection, object_, found)
            _add_default(connection, object_, suggested[object_])
    return left_out


def remember_organisation(connection: Connection, provider: Provider) -> None:
    """Keep at the first reading whose records these are: from then on the provider
    refuses a key of anybody else."""
    if not isinstance(provider, Identifies) or connection.options.get("organisation"):
        return
    found = provider.organisation()
    known = {"id": found.external_id, "name": found.name}
    connection.options = {**connection.options, "organisation": known}
    connection.save(update_fields=["options"])


def _fields_of(
    provider: Provider, objects: Sequence[str]
) -> tuple[dict[str, tuple[RemoteField, ...]], dict[str, ConfigurationProblem]]:
    """Return the fields of each object; without deals a source is not read at all."""
    fields: dict[str, tuple[RemoteField, ...]] = {}
    left_out: dict[str, ConfigurationProblem] = {}
    for object_ in objects:
        try:
            fields[object_] = provider.fields(object_)
        except ConfigurationProblem as problem:
            if object_ == DEAL or problem.status not in NOT_OFFERED:
                raise
            left_out[object_] = problem
    return fields, left_out


def _discovered(connection: Connection, provider: Provider) -> dict[str, Any]:
    """Return what options become by the kinds of records that people made up there.

    A connection that reads all that every account has reads these, too.
    """
    if not isinstance(provider, Discovers):
        return {}
    options = connection.options
    before: dict[str, str] = options.get("offered") or {}
    standard = [one.name for one in provider.objects()]
    own = provider.own_objects()
    objects = list(options.get("objects", ["deal"]))
    if set(standard) <= set(objects):
        objects += [one.name for one in own if one.name not in objects]
    found = {
        "objects": objects,
        "types": {
            **(options.get("types") or {}),
            **{one.type_id: one.name for one in own},
        },
        # What is chosen can be chosen no more only after somebody took it off.
        "offered": {
            **{one: label for one, label in before.items() if one in objects},
            **{one.name: one.label for one in (*provider.objects(), *own)},
        },
    }
    return {} if all(options.get(k) == v for k, v in found.items()) else found


def _save_users(connection: Connection, users: tuple[RemoteUser, ...]) -> None:
    SourceUser.objects.bulk_create(
        (
            SourceUser(
                connection=connection,
                external_id=user.external_id,
                name=user.name[:200],
                email=user.email[:254],
                active=user.active,
                role=user.role[:100],
                groups=list(user.groups),
            )
            for user in users
        ),
        update_conflicts=True,
        unique_fields=["connection", "external_id"],
        update_fields=["name", "email", "active", "role", "groups"],
    )
    if not users:
        return  # a key that may see nobody now: that does not make everybody a leaver
    # Whoever is not even named any more may still own deals: kept, as inactive.
    gone = SourceUser.objects.filter(connection=connection, active=True)
    gone.exclude(external_id__in=[user.external_id for user in users]).update(
        active=False
    )


def save_fields(
    connection: Connection, object_: str, fields: tuple[RemoteField, ...]
) -> None:
    """Keep what a source offers; a field whose type changed says what it was."""
    now = clock.now()
    types = dict(
        SourceField.objects.filter(connection=connection, object=object_).values_list(
            "path", "type"
        )
    )
    SourceField.objects.bulk_create(
        (
            SourceField(
                connection=connection,
                object=object_,
                path=field.key,
                label=field.label[:200],
                type=field.type,
                choices=list(field.choices),
                vanished_at=None,
            )
            for field in fields
        ),
        update_conflicts=True,
        unique_fields=["connection", "object", "path"],
        update_fields=["label", "type", "choices", "vanished_at"],
    )
    rows = SourceField.objects.filter(connection=connection, object=object_)
    for field in fields:
        was = types.get(field.key, field.type)
        if was != field.type:
            rows.filter(path=field.key).update(was_type=was, retyped_at=now)
    missing = rows.filter(vanished_at__isnull=True)
    missing.exclude(path__in=[field.key for field in fields]).update(vanished_at=now)


def _add_default(
    connection: Connection, object_: str, document: dict[str, dict[str, object]]
) -> None:
    """Suggest a mapping once; fields that come later wait for an admin."""
    mapping, made = Mapping.objects.get_or_create(
        connection=connection,
        business_id=None,
        object=object_,
        version=1,
        defaults={"document": document},
    )
    if made:
        publish_fields(connection, object_, mapping.document, None)
