"""What people call the source of an entry, and where it is opened there."""

from collections.abc import Collection
from dataclasses import dataclass

from crm_sync.connections.models import Connection
from crm_sync.connections.readers import source_name
from crm_sync.ledger.models import Entry

UNKNOWN = "the source"


@dataclass(frozen=True, slots=True)
class Source:
    """A source as pages name it."""

    name: str = UNKNOWN


def sources_of(connection_ids: Collection[int]) -> dict[int, Source]:
    """Return the sources by connection; one that is gone is not in it."""
    rows = Connection.objects.filter(pk__in=set(connection_ids))
    return {row.pk: Source(source_name(row)) for row in rows}


def source_of_entry(entry_id: int) -> Source:
    """Return the source of one entry."""
    connection_id = (
        Entry.objects.filter(pk=entry_id)
        .values_list("connection_id", flat=True)
        .first()
    )
    return sources_of([connection_id or 0]).get(connection_id or 0, Source())
