"""Decided states become rows: entries, revisions, credits, changes, bookings.

A first reading writes millions of rows, so nothing here is a model: new rows go in by
COPY, and what is there is changed by one statement for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection as database

from commissions_saas.lib import clock
from crm_sync.ledger.bookings import Booking, booking_of, move_bookings
from crm_sync.ledger.catalogue import ensure_fields
from crm_sync.ledger.changes import ChangeDraft, next_changes
from crm_sync.ledger.copying import (
    NULL,
    as_json,
    copy_in,
    json_text,
    moment,
    text,
    whole,
    yes,
)
from crm_sync.ledger.facts import FieldFact
from crm_sync.ledger.models import Credit, Entry, Revision
from crm_sync.ledger.reading import EntryState, Incoming, same_effect
from crm_sync.ledger.words import what_changed, who_changed
from tenants.schema import current_business

NOTED = "noted"  # the kind of a change that no calculation can feel


@dataclass(slots=True)
class Known:
    """An entry as it is here, and what its open revision says."""

    entry_id: int
    version: str
    deleted: bool
    source_url: str
    booking: Booking | None
    state: EntryState | None = None
    payload: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Write:
    """An entry that is about to get a new revision."""

    incoming: Incoming
    known: Known | None
    state: EntryState
    entry_id: int = 0

    @property
    def says_something(self) -> bool:
        """Tell it from a record that was deleted before it was ever seen."""
        known = self.known is not None and self.known.state is not None
        return bool(self.state.values) or known

    @property
    def amount(self) -> str:
        """Return the amount as text, or nothing."""
        return self.state.values.get("amount", "")


def state_of(revision: Revision) -> EntryState:
    """Return what a stored revision says."""
    return EntryState(
        name=revision.name,
        occurred_on=revision.occurred_on,
        counts=revision.counts,
        reversed_on=revision.reversed_on,
        currency=revision.currency,
        values=revision.values,
        credits=credits_of(revision.credits),
        deleted=revision.deleted,
    )


def credits_of(
    stored: Iterable[Mapping[str, Any]],
) -> tuple[tuple[int, str, str, int], ...]:
    """Return credits as a revision keeps them."""
    return tuple(
        (credit["payee"], credit["role"], credit["share"], credit.get("was", 0))
        for credit in stored
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
    fresh = [one for one in writes if one.known is None]
    old = [one for one in writes if one.known is not None]
    _number(fresh, old)
    real = [one for one in writes if one.says_something]
    types = ensure_fields(one.incoming for one in real)
    numbers = next_changes(_changes(real, types, source, since, words))
    numbered = list(zip(real, numbers, strict=True))
    at = {one.entry_id: number for one, number in numbered}
    copy_in("ledger_entry", _ENTRY, (_entry(one, connection_id, at) for one in fresh))
    if old:
        _update(old)
        was_here = [(one.entry_id, n) for one, n in numbered if one.known]
        number_entries(was_here)
        close(was_here)
    now = clock.now().isoformat()
    copy_in("ledger_revision", _REVISION, (_revision(w, n, now) for w, n in numbered))
    copy_in("ledger_credit", _CREDIT, _credits(numbered))
    before = [one.known.booking for one in old if one.known]
    move_bookings(before, [_booking(one) for one in writes])


def _number(fresh: Sequence[Write], old: Sequence[Write]) -> None:
    """Give new entries their ids, in the order in which they came."""
    for one in old:
        one.entry_id = one.known.entry_id if one.known else 0
    if fresh:
        with database.cursor() as cursor:
            cursor.execute(_NEXT_IDS, [len(fresh)])
            (ids,) = cursor.fetchone()
        for one, entry_id in zip(fresh, ids.split(), strict=True):
            one.entry_id = int(entry_id)


def _changes(
    real: Sequence[Write],
    types: Mapping[tuple[str, str], FieldFact],
    source: str,
    since: datetime | None,
    words: str,
) -> Iterator[ChangeDraft]:
    now = clock.now().astimezone(ZoneInfo(current_business().time_zone))
    for one in real:
        before = one.known.state if one.known else None
        yield ChangeDraft(
            kind=_kind(one, before),
            words=what_changed(one.incoming, before, one.state, types),
            source=words or who_changed(one.incoming, source, since, now),
            source_at=one.incoming.changed_at,
            entry_id=one.entry_id,
        )


def _kind(write: Write, before: EntryState | None) -> str:
    if before is not None and same_effect(before, write.state):
        return NOTED
    return write.incoming.object


def _booking(write: Write) -> Booking | None:
    values, state = write.state.values, write.state
    return booking_of(
        object_=write.incoming.object,
        counts=state.counts,
        occurred_on=state.occurred_on,
        product=values.get("product", "")[:200],
        territory=values.get("territory", "")[:200],
        currency=state.currency[:3],
        amount=Decimal(write.amount) if write.amount else None,
    )


def _owner(state: EntryState) -> int | None:
    return next((credit[0] for credit in state.credits if credit[1] == "owner"), None)


_NEXT_IDS = (  # the sequence is looked up once, and not again for each id
    "WITH at AS MATERIALIZED"
    " (SELECT pg_get_serial_sequence('ledger_entry', 'id')::regclass AS name)"
    " SELECT string_agg(nextval(at.name)::text, ' ') FROM at, generate_series(1, %s)"
)
_ENTRY = (
    "id connection_id object external_id name occurred_on counts status amount"
    " currency product territory owner_id version deleted changed source_url"
)


def _entry(write: Write, connection_id: int, numbers: Mapping[int, int]) -> str:
    incoming, state = write.incoming, write.state
    values = state.values
    return (
        f"{write.entry_id}\t{connection_id}\t{text(incoming.object)}"
        f"\t{text(incoming.external_id)}\t{text(state.name)}"
        f"\t{moment(state.occurred_on)}\t{yes(state.counts)}"
        f"\t{text(values.get('status', '')[:100])}\t{write.amount or NULL}"
        f"\t{text(state.currency[:3])}\t{text(values.get('product', '')[:200])}"
        f"\t{text(values.get('territory', '')[:200])}\t{whole(_owner(state))}"
        f"\t{text(incoming.version)}\t{yes(state.deleted)}"
        f"\t{numbers.get(write.entry_id, 0)}\t{text(incoming.url[:500])}\n"
    )


# What a new state changes of an entry, with the types of PostgreSQL.
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
# Rows go to the database as one JSON text: an array of each column takes much longer.
_UPDATE_ENTRY = (
    "UPDATE ledger_entry AS row SET "  # noqa: S608
    + ", ".join(f"{name} = at.{name}" for name in _COLUMNS)
    + " FROM jsonb_to_recordset(%s::jsonb) AS at (id bigint, "
    + ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
    + ") WHERE row.id = at.id"
)


def _update(writes: Sequence[Write]) -> None:
    with database.cursor() as cursor:
        rows = [_as_it_becomes(one) for one in writes]
        cursor.execute(_UPDATE_ENTRY, [json_text(rows)])


def _as_it_becomes(write: Write) -> dict[str, Any]:
    incoming, state = write.incoming, write.state
    values, day = state.values, state.occurred_on
    return {
        "id": write.entry_id,
        "name": state.name,
        "occurred_on": day.isoformat() if day else None,
        "counts": state.counts,
        "status": values.get("status", "")[:100],
        "amount": write.amount or None,
        "currency": state.currency[:3],
        "product": values.get("product", "")[:200],
        "territory": values.get("territory", "")[:200],
        "owner_id": _owner(state),
        "version": incoming.version,
        "deleted": state.deleted,
        "source_url": incoming.url[:500]
        or (write.known.source_url if write.known else ""),
    }


def close(numbers: Sequence[tuple[int, int]]) -> None:
    """Close the open revision and the open credits of each entry at its number."""
    for statement in (_CLOSE_REVISION, _CLOSE_CREDIT):
        _at(statement, numbers)


def number_entries(numbers: Sequence[tuple[int, int]]) -> None:
    """Note on each entry the number of its last change."""
    _at(_NUMBER_ENTRY, numbers)


def note_versions(versions: Sequence[tuple[int, str]]) -> None:
    """Note a newer version of what says the same as before."""
    _at(_NOTE_VERSION, versions)


def _at(statement: str, rows: Sequence[tuple[int, int | str]]) -> None:
    if rows:
        given = json_text([{"id": id_, "at": value} for id_, value in rows])
        with database.cursor() as cursor:
            cursor.execute(statement, [given])


_AT = " FROM jsonb_to_recordset(%s::jsonb) AS given (id bigint, at {}) WHERE "
_CLOSE_REVISION = (
    "UPDATE ledger_revision AS row SET closed = given.at"  # noqa: S608
    + _AT.format("bigint")
    + "row.entry_id = given.id AND row.closed IS NULL"
)
_CLOSE_CREDIT = (
    "UPDATE ledger_credit AS row SET closed = given.at"  # noqa: S608
    + _AT.format("bigint")
    + "row.entry_id = given.id AND row.closed IS NULL"
)
_NUMBER_ENTRY = (
    "UPDATE ledger_entry AS row SET changed = given.at"  # noqa: S608
    + _AT.format("bigint")
    + "row.id = given.id"
)
_NOTE_VERSION = (
    "UPDATE ledger_entry AS row SET version = given.at"  # noqa: S608
    + _AT.format("text")
    + "row.id = given.id"
)
_REVISION = (
    "entry_id opened name occurred_on counts reversed_on currency values credits"
    " version payload deleted mapping_id seen_at"
)
_CREDIT = "entry_id payee_id role share occurred_on opened"


def _revision(write: Write, number: int, now: str) -> str:
    state, incoming = write.state, write.incoming
    payload = incoming.payload
    if incoming.deleted and write.known and write.known.payload is not None:
        payload = write.known.payload
    credits = [credit_json(credit) for credit in state.credits]
    return (
        f"{write.entry_id}\t{number}\t{text(state.name)}"
        f"\t{moment(state.occurred_on)}\t{yes(state.counts)}"
        f"\t{moment(state.reversed_on)}\t{text(state.currency[:3])}"
        f"\t{as_json(state.values)}\t{as_json(credits)}\t{text(incoming.version)}"
        f"\t{as_json(payload)}\t{yes(state.deleted)}"
        f"\t{whole(incoming.mapping_id)}\t{now}\n"
    )


def _credits(rows: Sequence[tuple[Write, int]]) -> Iterator[str]:
    for write, number in rows:
        day = moment(write.state.occurred_on)
        for payee, role, share, _ in write.state.credits:
            yield f"{write.entry_id}\t{payee}\t{role}\t{share}\t{day}\t{number}\n"


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
