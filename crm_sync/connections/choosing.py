"""Which kinds of records are read of a source."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from crm_sync.connections import errors
from crm_sync.connections.models import Connection
from crm_sync.connections.services import audit
from tenants.access import Member
from tenants.schema import in_public


def choose_objects(
    *, connection: Connection, objects: Sequence[str], by: Member
) -> None:
    """Read these kinds of records from the next sync on; what was read before stays."""
    if not objects:
        raise errors.SourceError("Choose at least one.")
    with in_public(), transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        before = row.options.get("objects", [])
        row.options = {**row.options, "objects": list(objects)}
        row.save(update_fields=["options"])
        audit(
            "connections.objects_chosen",
            connection,
            by,
            before={"objects": before},
            after={"objects": list(objects)},
        )
    connection.refresh_from_db()
