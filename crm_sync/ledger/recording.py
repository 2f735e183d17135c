"""Many source records at once become entries, revisions, credits and changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection as database
from django.db import transaction

from commissions_saas.lib import clock
from crm_sync.ledger import refusing
from crm_sync.ledger.bookings import booking_of, move_bookings
from crm_sync.ledger.catalogue import ensure_fields
from crm_sync.ledger.changes import ChangeDraft, lock_changes, next_changes
from crm_sync.ledger.models import (
    Credit,
    Entry,
    ExternalId,
    Product,
    Revision,
    Territory,
)
from crm_sync.ledger.reading import (
    EntryState,
    Incoming,
    Person,
    Refusal,
    Surroundings,
    read_state,
    same_effect,
)
from crm_sync.ledger.words import what_changed, who_changed
from tenants.schema import current_business

NOTED = "noted"  # the kind of a change that no calculation can feel


@dataclass(frozen=True, slots=True)
class Origin:
    """Where records come from: for the words of a change, and to know people."""

    connection_id: int
    source: str
    """Such as `Close`, for `edited in Close by Priya Nair`."""
    since: datetime | None = None
    """When the source was read before: a change of unknown author is later."""
    words: str = ""
    """Says the cause instead, where it is not the source: `mapping saved by …`."""
    directory: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    forced: bool = False
    """Read again what is already here in this version, as after a new mapping."""


@dataclass(slots=True)
class Outcome:
    """What became of the records."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    refused: int = 0

    def add(self, other: Outcome) -> None:
        """Count the other's records as well."""
        self.new += other.new
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.deleted += other.deleted
        self.refused += other.refused


@dataclass(slots=True)
class _Known:
    """An entry, and its open revision."""

    entry: Entry
    revision: Revision | None
    state: EntryState | None


@dataclass(slots=True)
class _Write:
    """An entry that is about to get a new revision."""

    incoming: Incoming
    known: _Known | None
    state: EntryState


def record(*, records: Sequence[Incoming], origin: Origin) -> Outcome:
    """Bring the ledger to what the records say; all or nothing, in one transaction.

    Running it again changes nothing: an older version never overwrites a newer one,
    and an equal version with equal content is left alone.
    """
    outcome = Outcome()
    latest = _latest_of_each(records)
    outcome.unchanged += len(records) - len(latest)
    if not latest:
        return outcome
    with transaction.atomic():
        lock_changes()  # before reading, so that nobody writes between
        known = _known(latest, origin)
        around = _surroundings(latest, origin)
        writes: list[_Write] = []
        touched: list[Entry] = []
        refused: list[tuple[Incoming, Refusal]] = []
        accepted: list[Incoming] = []
        for incoming in latest:
            have = known.get((incoming.object, incoming.external_id))
            if have is not None and _is_old(incoming, have.entry, origin):
                outcome.unchanged += 1
                continue
            answer = read_state(incoming, have.state if have else None, around)
            if isinstance(answer, Refusal):
                refused.append((incoming, answer))
                outcome.refused += 1
                continue
            accepted.append(incoming)
            if have is not None and _is_equal(incoming, answer, have):
                outcome.unchanged += 1
                if incoming.version != have.entry.version:
                    have.entry.version = incoming.version
                    touched.append(have.entry)
                continue
            writes.append(_Write(incoming, have, answer))
            _count(outcome, have, answer)
        Entry.objects.bulk_update(touched, ["version"])
        _write(writes, origin)
        refusing.refuse(refused, origin.connection_id)
        refusing.resolve(accepted, origin.connection_id)
    return outcome


def _latest_of_each(records: Iterable[Incoming]) -> list[Incoming]:
    """A page may hold a record twice; only its newest version matters."""
    newest: dict[tuple[str, str], Incoming] = {}
    for incoming in records:
        key = (incoming.object, incoming.external_id)
        have = newest.get(key)
        if have is None or (incoming.version, incoming.deleted) >= (
            have.version,
            have.deleted,
        ):
            newest[key] = incoming
    return list(newest.values())


def _is_old(incoming: Incoming, entry: Entry, origin: Origin) -> bool:
    if origin.forced:
        return False
    if incoming.version != entry.version:
        return incoming.version < entry.version
    # A replay of what came before the delete must not bring the record back.
    return entry.deleted and not incoming.deleted


def _is_equal(incoming: Incoming, state: EntryState, have: _Known) -> bool:
    if have.state is None:
        return state.deleted and not state.values
    if have.state != state:
        return False
    same_payload = have.revision is not None and (
        incoming.deleted or have.revision.payload == dict(incoming.payload)
    )
    return same_payload or incoming.version == have.entry.version


def _count(outcome: Outcome, have: _Known | None, state: EntryState) -> None:
    if state.deleted:
        if have is not None and have.state is not None:
            outcome.deleted += 1
        else:
            outcome.unchanged += 1
    elif have is None or have.state is None:
        outcome.new += 1
    else:
        outcome.changed += 1


def _known(
    records: Sequence[Incoming], origin: Origin
) -> dict[tuple[str, str], _Known]:
    entries = Entry.objects.filter(
        connection_id=origin.connection_id,
        object__in={incoming.object for incoming in records},
        external_id__in=[incoming.external_id for incoming in records],
    )
    by_id = {entry.pk: entry for entry in entries}
    revisions = {
        revision.entry_id: revision
        for revision in Revision.objects.filter(
            entry_id__in=list(by_id), closed__isnull=True
        )
    }
    return {
        (entry.object, entry.external_id): _Known(
            entry,
            revisions.get(entry.pk),
            state_of(revisions[entry.pk]) if entry.pk in revisions else None,
        )
        for entry in by_id.values()
    }


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


def _surroundings(records: Sequence[Incoming], origin: Origin) -> Surroundings:
    business = current_business()
    people = {
        row.external_id: Person(row.payee_id, row.payee.name, row.was_id or 0)
        for row in ExternalId.objects.filter(
            connection_id=origin.connection_id
        ).select_related("payee")
    }
    return Surroundings(
        currency=business.currency,
        day=clock.today(business.time_zone),
        people=people,
        directory=origin.directory,
        products=_names(Product, records, "product"),
        territories=_names(Territory, records, "territory"),
        source=origin.source,
    )


def _names(
    model: type[Product] | type[Territory], records: Sequence[Incoming], key: str
) -> frozenset[str]:
    """Return the names that are listed; a name that need not be is added."""
    wanted = {
        str(incoming.values[key]): key in incoming.listed
        for incoming in records
        if incoming.values.get(key) and not incoming.deleted
    }
    listed = set(
        model.objects.filter(name__in=list(wanted)).values_list("name", flat=True)
    )
    added = [name for name in sorted(wanted) if not wanted[name] and name not in listed]
    if added:
        model.objects.bulk_create(
            (model(name=name[:200]) for name in added), ignore_conflicts=True
        )
    return frozenset(listed | set(added))


def _write(writes: Sequence[_Write], origin: Origin) -> None:
    """Write entries, close their revisions and credits, and open the new ones."""
    if not writes:
        return
    business = current_business()
    zone = ZoneInfo(business.time_zone)
    types = ensure_fields(write.incoming for write in writes)
    before = [booking_of(write.known.entry) for write in writes if write.known]
    entries = [_entry(write, origin) for write in writes]
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
                source=who_changed(write.incoming, origin.source, origin.since, zone)
                if not origin.words
                else origin.words,
                source_at=write.incoming.changed_at,
                entry_id=entry.pk,
            )
            for write, entry in real
        ]
    )
    for (_, entry), number in zip(real, numbers, strict=True):
        entry.changed = number
    Entry.objects.bulk_update(entries, _ENTRY_FIELDS, batch_size=200)
    _close([(entry.pk, n) for (_, entry), n in zip(real, numbers, strict=True)])
    _open([(w, e, n) for (w, e), n in zip(real, numbers, strict=True)])
    move_bookings(before, [booking_of(entry) for entry in entries])


_ENTRY_FIELDS = [
    "name",
    "occurred_on",
    "counts",
    "status",
    "amount",
    "currency",
    "product",
    "territory",
    "owner",
    "version",
    "deleted",
    "changed",
    "source_url",
]


def _kind(write: _Write) -> str:
    before = write.known.state if write.known else None
    if before is not None and same_effect(before, write.state):
        return NOTED
    return write.incoming.object


def _entry(write: _Write, origin: Origin) -> Entry:
    """Return the entry as its new state has it; nothing is written yet."""
    incoming, state = write.incoming, write.state
    entry = write.known.entry if write.known else None
    if entry is None:
        entry = Entry(
            connection_id=origin.connection_id,
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


def _close(numbers: Sequence[tuple[int, int]]) -> None:
    """Close the open revision and the open credits of each entry at its number."""
    ids = [entry_id for entry_id, _ in numbers]
    at = [number for _, number in numbers]
    with database.cursor() as cursor:
        for model, key in ((Revision, "entry_id"), (Credit, "entry_id")):
            cursor.execute(
                f"UPDATE {model._meta.db_table} AS row SET closed = now_at.number"
                " FROM unnest(%s::bigint[], %s::bigint[]) AS now_at (id, number)"
                f" WHERE row.{key} = now_at.id AND row.closed IS NULL",
                [ids, at],
            )


def _open(rows: Sequence[tuple[_Write, Entry, int]]) -> None:
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
    _close([(entry.pk, number) for entry in entries])
    Entry.objects.bulk_update(entries, ["owner", "changed"], batch_size=200)
    Revision.objects.bulk_create(opened)
    Credit.objects.bulk_create(credits)
    return len(entries)
