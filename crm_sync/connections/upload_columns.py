"""The connection that files come by, and how their columns are mapped."""

from __future__ import annotations

from django.db import transaction

from crm_sync.connections.directory import refresh_directory
from crm_sync.connections.mapping import document_of
from crm_sync.connections.models import Connection, Mapping, SourceField
from crm_sync.connections.publishing import publish_fields
from crm_sync.connections.readers import mapping_for
from crm_sync.contract import Provider
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.schema import in_public


def file_connection(business: Business, by: Member | None) -> Connection:
    """Return the business's own connection for files, made when first needed."""
    with in_public(), transaction.atomic():
        # Two first files at once would make two connections, and none is the one.
        Business.objects.select_for_update().get(pk=business.pk)
        connection, _ = Connection.objects.get_or_create(
            group_id=business.group_id,
            business_id=business.pk,
            kind="files",
            defaults={
                "name": "Files",
                "options": {"objects": ["deal"]},
                "created_by_id": by.user_id if by else None,
            },
        )
    return connection


def know_columns(connection: Connection, provider: Provider, object_: str) -> None:
    """Know the columns of a file, and map those that are new."""
    # One file after the other: two would make the same version of the mapping.
    held = Connection.objects.select_for_update().get(pk=connection.pk)
    new = _keep_columns(held, provider, object_)
    _map_columns(held, provider, object_, new)


def _keep_columns(connection: Connection, provider: Provider, object_: str) -> set[str]:
    """Keep what kinds of records and columns files have had, and return the new ones;
    one that this file lacks is not gone from anywhere."""
    columns = SourceField.objects.filter(connection=connection, object=object_)
    known = set(columns.values_list("path", flat=True))
    seen = list(connection.options.get("objects", []))
    if object_ not in seen:
        connection.options = {**connection.options, "objects": [*seen, object_]}
        connection.save(update_fields=["options"])
    every = connection.options
    connection.options = {**every, "objects": [object_]}
    refresh_directory(connection=connection, provider=provider)
    connection.options = every
    columns.exclude(vanished_at__isnull=True).update(vanished_at=None)
    return {field.key for field in provider.fields(object_)} - known


def _map_columns(
    connection: Connection, provider: Provider, object_: str, new: set[str]
) -> None:
    """Follow the columns of this file: new ones are mapped by their names, and one that
    is called otherwise fills its field. What somebody left out stays out."""
    fields = provider.fields(object_)
    names = {field.key for field in fields}
    mapping = mapping_for(connection, connection.business_id, object_)
    if mapping is None:
        return
    changed = dict(mapping.document)
    suggested = document_of(object_, provider.default_mapping(object_, fields))
    for key, row in suggested.items():
        have = changed.get(key)
        if have is None:
            if row["source"] in new:
                changed[key] = row
        elif have.get("source") and have["source"] not in names:
            from_file = {k: row[k] for k in ("source", "currency_from") if k in row}
            # What is here was read under the name that it had, and is read again so.
            before = [p for p in (have["source"], *have.get("also", [])) if p]
            also = [path for path in before if path != row["source"]]
            changed[key] = {**have, **from_file, "also": also}
    if changed == mapping.document:
        return
    Mapping.objects.create(
        connection=connection,
        business_id=mapping.business_id,
        object=object_,
        version=mapping.version + 1,
        document=changed,
    )
    publish_fields(connection, object_, changed, mapping.business_id)
