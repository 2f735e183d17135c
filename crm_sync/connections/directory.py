"""Who and what a source has: people and fields, kept so that pages need no network."""

from collections.abc import Callable

from django.db import transaction

from commissions_saas.lib import clock
from crm_sync.connections.mapping import document_of
from crm_sync.connections.models import Connection, Mapping, SourceField, SourceUser
from crm_sync.connections.publishing import publish_fields
from crm_sync.contract import Provider
from crm_sync.contract import SourceField as RemoteField
from crm_sync.contract import SourceUser as RemoteUser


def refresh_directory(
    *,
    connection: Connection,
    provider: Provider,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Bring people and fields up to date; a field that vanished is flagged, not lost.

    An object without a mapping gets the suggested one as the group's default.
    """
    objects = connection.options.get("objects", ["deal"])
    users = provider.users()
    fields = {object_: provider.fields(object_) for object_ in objects}
    suggested = {
        object_: document_of(object_, provider.default_mapping(object_, found))
        for object_, found in fields.items()
    }
    with transaction.atomic():
        check()
        _save_users(connection, users)
        for object_, found in fields.items():
            _save_fields(connection, object_, found)
            _add_default(connection, object_, suggested[object_])


def _save_users(connection: Connection, users: tuple[RemoteUser, ...]) -> None:
    SourceUser.objects.bulk_create(
        (
            SourceUser(
                connection=connection,
                external_id=user.external_id,
                name=user.name[:200],
                email=user.email[:254],
                active=user.active,
            )
            for user in users
        ),
        update_conflicts=True,
        unique_fields=["connection", "external_id"],
        update_fields=["name", "email", "active"],
    )
    # Whoever is not even named any more may still own deals: kept, as inactive.
    gone = SourceUser.objects.filter(connection=connection, active=True)
    gone.exclude(external_id__in=[user.external_id for user in users]).update(
        active=False
    )


def _save_fields(
    connection: Connection, object_: str, fields: tuple[RemoteField, ...]
) -> None:
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
    missing = SourceField.objects.filter(
        connection=connection, object=object_, vanished_at__isnull=True
    )
    missing.exclude(path__in=[field.key for field in fields]).update(
        vanished_at=clock.now()
    )


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
