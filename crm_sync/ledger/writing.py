"""Decided states become rows: entries, revisions, credits, changes, bookings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection as database

from commissions_saas.lib import clock
from crm_sync.ledger.bookings import booking_of, move_bookings
from crm_sync.ledger.catalogue import ensure_fields
from crm_sync.ledger.changes import ChangeDraft, next_changes
from crm_sync.ledger.models import Credit, Entry, Revision
from crm_sync.ledger.reading import EntryState, Incoming, same_effect
from crm_sync.ledger.words import what_changed, who_changed
from tenants.schema import current_business

NOTED = "noted"  # the kind of a change that no calculation can feel


@dataclass(slots=True)
class Known:
    """An entry, and its open revision."""

    entry: Entry
    revision: Revision | None
    state: EntryState | None


@dataclass(slots=True)
class Write:
    """An entry that is about to get a new revision."""

    incoming: Incoming
    known: Known | None
    state: EntryState


def state_of(revision: Revision) -> EntryState:
    """Return what a stored revision says."""
    return EntryState(
        name=revision.name,
        occurred_on=revision.occurred_on,
        counts=revision.counts,
        reversed_on=revision.reversed_on,
        currency=revision.currency,
        values=revision.values,
        credits=tuple(
            (credit["payee"], credit["role"], credit["share"], credit.get("was", 0))
            for credit in revision.credits
        ),
        deleted=revision.deleted,
    )


def write(
    writes: Sequence[Write],
    *,
    connection_id: int,
    source: str,
    since: datetime | None,
    words: str,
) -> None:
    """Write entries, close their revisions and credits, and open the new ones."""
    if not writes:
        return
    business = current_business()
    zone = ZoneInfo(business.time_zone)
    types = ensure_fields(write.incoming for write in writes)
    before = [booking_of(write.known.entry) for write in writes if write.known]
    entries = [_entry(one, connection_id) for one in writes]
    fresh = [entry for entry in entries if entry.pk is None]
    Entry.objects.bulk_create(fresh)
    real = [
        (write, entry)
        for write, entry in zip(writes, entries, strict=True)
        if write.state.values or (write.known and write.known.state)
    ]
    numbers = next_changes(
        [
            ChangeDraft(
                kind=_kind(write),
                words=what_changed(
                    write.incoming,
                    write.known.state if write.known else None,
                    write.state,
                    types,
                ),
                source=words or who_changed(write.incoming, source, since, zone),
                source_at=write.incoming.changed_at,
                entry_id=entry.pk,
            )
            for write, entry in real
        ]
    )
    numbered = [(entry.pk, n) for (_, entry), n in zip(real, numbers, strict=True)]
    old = [entry for one, entry in zip(writes, entries, strict=True) if one.known]
    _update(old)
    number_entries(numbered)
    if old:
        close(numbered)
    _open([(w, e, n) for (w, e), n in zip(real, numbers, strict=True)])
    move_bookings(before, [booking_of(entry) for entry in entries])


# What a new state changes of an entry, with the types of PostgreSQL. One statement for
# all rows is many times faster than Django's, which has a CASE for each column.
_COLUMNS = {
    "name": "text",
    "occurred_on": "date",
    "counts": "boolean",
    "status": "text",
    "amount": "numeric",
    "currency": "text",
    "product": "text",
    "territory": "text",
    "owner_id": "bigint",
    "version": "text",
    "deleted": "boolean",
    "source_url": "text",
}
_UPDATE_ENTRY = (
    "UPDATE ledger_entry AS row SET "  # noqa: S608
    + ", ".join(f"{name} = at.{name}" for name in _COLUMNS)
    + " FROM unnest(%s::bigint[], "
    + ", ".join(f"%s::{kind}[]" for kind in _COLUMNS.values())
    + f") AS at (id, {', '.join(_COLUMNS)}) WHERE row.id = at.id"
)


def _update(entries: Sequence[Entry]) -> None:
    if entries:
        columns = [[getattr(entry, name) for entry in entries] for name in _COLUMNS]
        with database.cursor() as cursor:
            cursor.execute(_UPDATE_ENTRY, [[entry.pk for entry in entries], *columns])


def _kind(write: Write) -> str:
    before = write.known.state if write.known else None
    if before is not None and same_effect(before, write.state):
        return NOTED
    return write.incoming.object


def _entry(write: Write, connection_id: int) -> Entry:
    """Return the entry as its new state has it; nothing is written yet."""
    incoming, state = write.incoming, write.state
    entry = write.known.entry if write.known else None
    if entry is None:
        entry = Entry(
            connection_id=connection_id,
            object=incoming.object,
            external_id=incoming.external_id,
            changed=0,
        )
    else:
        entry = Entry(
            **{
                f.attname: getattr(entry, f.attname)
                for f in entry._meta.concrete_fields
            }
        )
    values = state.values
    amount = values.get("amount")
    owner = next((credit[0] for credit in state.credits if credit[1] == "owner"), None)
    entry.name = state.name[:300]
    entry.occurred_on = state.occurred_on
    entry.counts = state.counts
    entry.status = values.get("status", "")[:100]
    entry.amount = Decimal(amount) if amount else None
    entry.currency = state.currency[:3]
    entry.product = values.get("product", "")[:200]
    entry.territory = values.get("territory", "")[:200]
    entry.owner_id = owner
    entry.version = incoming.version
    entry.deleted = state.deleted
    entry.source_url = incoming.url[:500] or entry.source_url
    return entry


def close(numbers: Sequence[tuple[int, int]]) -> None:
    """Close the open revision and the open credits of each entry at its number."""
    with database.cursor() as cursor:
        for statement in (_CLOSE_REVISION, _CLOSE_CREDIT):
            cursor.execute(statement, _columns(numbers))


def number_entries(numbers: Sequence[tuple[int, int]]) -> None:
    """Note on each entry the number of its last change."""
    with database.cursor() as cursor:
        cursor.execute(_NUMBER_ENTRY, _columns(numbers))


def _columns(numbers: Sequence[tuple[int, int]]) -> list[list[int]]:
    return [[entry_id for entry_id, _ in numbers], [number for _, number in numbers]]


_AT = " FROM unnest(%s::bigint[], %s::bigint[]) AS at (id, number) WHERE "
_CLOSE_REVISION = (
    "UPDATE ledger_revision AS row SET closed = at.number"  # noqa: S608
    + _AT
    + "row.entry_id = at.id AND row.closed IS NULL"
)
_CLOSE_CREDIT = (
    "UPDATE ledger_credit AS row SET closed = at.number"  # noqa: S608
    + _AT
    + "row.entry_id = at.id AND row.closed IS NULL"
)
_NUMBER_ENTRY = (
    "UPDATE ledger_entry AS row SET changed = at.number"  # noqa: S608
    + _AT
    + "row.id = at.id"
)


def _open(rows: Sequence[tuple[Write, Entry, int]]) -> None:
    now = clock.now()
    revisions = []
    credits = []
    for write, entry, number in rows:
        state, incoming = write.state, write.incoming
        known = write.known.revision if write.known else None
        payload = (
            known.payload if incoming.deleted and known else dict(incoming.payload)
        )
        revisions.append(
            Revision(
                entry_id=entry.pk,
                opened=number,
                name=state.name[:300],
                occurred_on=state.occurred_on,
                counts=state.counts,
                reversed_on=state.reversed_on,
                currency=state.currency[:3],
                values=dict(state.values),
                credits=[credit_json(credit) for credit in state.credits],
                version=incoming.version,
                payload=payload,
                deleted=state.deleted,
                mapping_id=incoming.mapping_id,
                seen_at=now,
            )
        )
        credits += credit_rows(entry.pk, number, state.occurred_on, state.credits)
    Revision.objects.bulk_create(revisions)
    Credit.objects.bulk_create(credits)


def credit_json(credit: tuple[int, str, str, int]) -> dict[str, object]:
    """Return a credit as a revision keeps it."""
    payee, role, share, was = credit
    kept: dict[str, object] = {"payee": payee, "role": role, "share": share}
    return {**kept, "was": was} if was else kept


def credit_rows(
    entry_id: int,
    number: int,
    occurred_on: date | None,
    credits: Iterable[tuple[int, str, str, int]],
) -> list[Credit]:
    """Return the rows by which an entry is found from its payees."""
    return [
        Credit(
            entry_id=entry_id,
            payee_id=payee,
            role=role,
            share=Decimal(share),
            occurred_on=occurred_on,
            opened=number,
        )
        for payee, role, share, _ in credits
    ]


def reopen(
    revisions: Iterable[Revision],
    number: int,
    change: Callable[[tuple[int, str, str, int]], tuple[int, str, str, int]],
) -> int:
    """Give entries the same content with other credits, at one change number."""
    opened: list[Revision] = []
    credits: list[Credit] = []
    entries: list[Entry] = []
    for revision in revisions:
        before = state_of(revision)
        after = [change(credit) for credit in before.credits]
        if after == list(before.credits):
            continue
        entry = revision.entry
        owner = next((credit[0] for credit in after if credit[1] == "owner"), None)
        entry.owner_id = owner
        entry.changed = number
        entries.append(entry)
        copied = {
            field.attname: getattr(revision, field.attname)
            for field in Revision._meta.concrete_fields
            if field.attname not in ("id", "opened", "closed", "credits")
        }
        opened.append(
            Revision(
                opened=number,
                credits=[credit_json(credit) for credit in after],
                **copied,
            )
        )
        credits += credit_rows(entry.pk, number, revision.occurred_on, after)
    close([(entry.pk, number) for entry in entries])
    Entry.objects.bulk_update(entries, ["owner", "changed"], batch_size=200)
    Revision.objects.bulk_create(opened)
    Credit.objects.bulk_create(credits)
    return len(entries)
