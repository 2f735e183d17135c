"""A mapping tried on all that is stored: what changes, and the money that it moves."""

from __future__ import annotations

from collections.abc import Mapping as Document
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from crm_sync.connections.mapping import clean_document
from crm_sync.connections.models import Connection, Mapping
from crm_sync.connections.publishing import publish_fields
from crm_sync.connections.readers import Reader, reader_of
from crm_sync.connections.retrying import read_stored_again, retry_refused
from crm_sync.ledger.models import Entry
from crm_sync.ledger.money_moved import Moved, money_moved
from crm_sync.ledger.recording import Outcome
from crm_sync.ledger.selectors import refused_total
from tenants.accounts.models import Business
from tenants.schema import in_business


@dataclass(frozen=True, slots=True)
class Trial:
    """What saving a mapping would do."""

    records: int
    outcome: Outcome
    refused: int
    """So many more records would be refused than are now."""
    moved: Moved


def try_mapping(
    *,
    connection: Connection,
    business: Business,
    object_: str,
    document: Document[str, Document[str, Any]],
) -> Trial:
    """Read stored records through a mapping that is not saved, and take it all back."""
    cleaned = clean_document(document)
    outcome = Outcome()
    refused: list[int] = []

    def read() -> None:
        before = refused_total(connection.pk).records
        publish_fields(connection, object_, cleaned, business.pk)
        reader = _reading_by(connection, business, object_, cleaned)
        words = f"mapping of {connection.name} on trial"
        outcome.add(
            read_stored_again(
                reader=reader, object_=object_, words=words, business=business
            )
        )
        outcome.add(retry_refused(reader=reader, business=business))
        refused.append(refused_total(connection.pk).records - before)

    with in_business(business), transaction.atomic():
        records = Entry.objects.filter(
            connection_id=connection.pk, object=object_, deleted=False
        ).count()
        moved = money_moved(read)
    return Trial(records, outcome, max(refused[-1], 0), moved)


def _reading_by(
    connection: Connection, business: Business, object_: str, document: dict[str, Any]
) -> Reader:
    """A reader of one business that reads one object by this mapping."""
    reader = reader_of(connection)
    reader._mappings[(business.pk, object_)] = Mapping(
        connection=connection, object=object_, version=0, document=document
    )
    return reader
