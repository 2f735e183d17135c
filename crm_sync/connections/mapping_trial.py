"""A mapping tried on everything that is stored, with the money it would move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Max, Sum

from crm_sync.connections import errors, models
from crm_sync.connections.mapping import clean_document
from crm_sync.connections.models import Connection
from crm_sync.connections.publishing import publish_fields
from crm_sync.connections.readers import reader_of
from crm_sync.connections.retrying import read_stored_again, retry_refused
from crm_sync.ledger.models import Entry, RefusedRecord
from crm_sync.ledger.money_moved import Moved, money_moved
from crm_sync.ledger.recording import Outcome
from tenants.accounts.models import Business
from tenants.schema import in_business, in_public

MOST = 20_000


@dataclass(slots=True)
class MappingTrial:
    """What saving a mapping would do."""

    records: int
    outcome: Outcome = field(default_factory=Outcome)
    refused: int = 0
    """How many more records would be refused; fewer is negative."""
    held_up: Decimal = Decimal(0)
    moved: Moved = field(default_factory=Moved)


def try_mapping(
    *,
    connection: Connection,
    business: Business,
    object_: str,
    document: Mapping[str, Mapping[str, Any]],
) -> MappingTrial:
    """Read all that is stored through a mapping, and take it back at once."""
    cleaned = clean_document(document)
    with in_business(business):
        stored = Entry.objects.filter(
            connection_id=connection.pk, object=object_, deleted=False
        ).count()
        if stored > MOST:
            raise errors.BadMapping(
                f"There are more than {MOST:,} records, too many to try while you wait.",
                hint="Save it: it becomes a version that you can go back from.",
            )
        trial = MappingTrial(records=stored)
        before = _waiting(connection)

        def do() -> None:
            """Save the mapping and read what is stored through it."""
            with in_public():
                _save(connection, business, object_, cleaned)
                reader = reader_of(connection)
                trial.outcome = read_stored_again(
                    reader=reader, business=business, object_=object_, words="a trial"
                )
                trial.outcome.add(retry_refused(reader=reader, business=business))
            after = _waiting(connection)
            trial.refused = after[0] - before[0]
            trial.held_up = after[1] - before[1]

        trial.moved = money_moved(do)
    return trial


def _save(
    connection: Connection,
    business: Business,
    object_: str,
    document: dict[str, dict[str, Any]],
) -> None:
    rows = models.Mapping.objects.filter(
        connection=connection, business_id=business.pk, object=object_
    )
    models.Mapping.objects.create(
        connection=connection,
        business_id=business.pk,
        object=object_,
        version=(rows.aggregate(last=Max("version"))["last"] or 0) + 1,
        document=document,
    )
    publish_fields(connection, object_, document, business.pk)


def _waiting(connection: Connection) -> tuple[int, Decimal]:
    rows = RefusedRecord.objects.filter(
        connection_id=connection.pk, state=RefusedRecord.State.WAITING
    )
    return rows.count(), rows.aggregate(sum=Sum("held_up"))["sum"] or Decimal(0)
