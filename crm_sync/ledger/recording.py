"""Many source records at once become entries, revisions, credits and changes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db import transaction

from commissions_saas.lib import clock
from crm_sync.ledger import following, refusing
from crm_sync.ledger.bookings import booking_of
from crm_sync.ledger.changes import lock_changes
from crm_sync.ledger.claiming import Answer, Claims
from crm_sync.ledger.copying import json_text
from crm_sync.ledger.models import ExternalId, Product, Territory
from crm_sync.ledger.ours import same_payload_but, without_values
from crm_sync.ledger.reading import (
    EntryState,
    Incoming,
    Person,
    Refusal,
    Surroundings,
    read_state,
)
from crm_sync.ledger.standard import PEOPLE_KEYS, people_in
from crm_sync.ledger.writing import Known, Write, credits_of, note_versions, write
from tenants.schema import current_business


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
        kept = following.kept_of(origin.connection_id, latest)
        claims = Claims(origin.connection_id, [one.object for one in latest])
        claims.look_at(known.values())
        around = _surroundings(latest, origin)
        accepted, refused = _read_all(
            latest, known, claims, kept, around, origin, outcome
        )
        others = claims.settle(accepted, known_by_id)
        writes, touched = _what_is_new(accepted, outcome)
        note_versions(touched)
        write(
            [*writes, *others],
            connection_id=origin.connection_id,
            source=origin.source,
            since=origin.since,
            words=origin.words,
        )
        claims.keep(writes)
        written = [one.incoming for one in writes]
        following.follow(origin.connection_id, written, kept, origin.source)
        beside = [one.entry_id for one in others]
        following.follow_entries(beside, f"read in {origin.source}")
        refusing.refuse(refused, origin.connection_id)
        refusing.resolve([one.incoming for one in accepted], origin.connection_id)
    return outcome


def _read_all(
    latest: Sequence[Incoming],
    known: Mapping[tuple[str, str], Known],
    claims: Claims,
    kept: dict[tuple[str, str], following.Kept],
    around: Surroundings,
    origin: Origin,
    outcome: Outcome,
) -> tuple[list[Answer], list[tuple[Incoming, Refusal]]]:
    """Return what each record says, and those that cannot become entries."""
    refused: list[tuple[Incoming, Refusal]] = []
    accepted: list[Answer] = []
    for incoming in latest:
        have = known.get((incoming.object, incoming.external_id))
        if have is not None and _is_old(incoming, have, origin):
            outcome.unchanged += 1
            continue
        answer = read_state(incoming, claims.own(have), around)
        if isinstance(answer, Refusal):
            refused.append((incoming, answer))
            outcome.refused += 1
            continue
        before = have.state if have else None
        answer = following.keep(answer, incoming, before, kept)
        accepted.append(Answer(incoming, have, answer))
    return accepted, refused


def _what_is_new(
    accepted: Iterable[Answer], outcome: Outcome
) -> tuple[list[Write], list[tuple[int, str]]]:
    """Return what must be written, and newer versions of what says the same."""
    writes: list[Write] = []
    touched: list[tuple[int, str]] = []
    for one in accepted:
        if one.have is not None and _is_equal(one.incoming, one.state, one.have):
            outcome.unchanged += 1
            if one.incoming.version != one.have.version:
                touched.append((one.have.entry_id, one.incoming.version))
            continue
        writes.append(Write(one.incoming, one.have, one.state))
        _count(outcome, one.have, one.state)
    return writes, touched


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


def _is_old(incoming: Incoming, have: Known, origin: Origin) -> bool:
    if origin.forced:
        return False
    if incoming.version != have.version:
        return incoming.version < have.version
    # A replay of what came before the delete must not bring the record back.
    return have.deleted and not incoming.deleted


def _is_equal(incoming: Incoming, state: EntryState, have: Known) -> bool:
    if have.state is None:
        return state.deleted and not state.values
    if not _says_the_same(incoming, state, have.state):
        return False
    same_payload = incoming.deleted or same_payload_but(
        incoming.ours, have.payload, incoming.payload
    )
    return same_payload or incoming.version == have.version


def _says_the_same(incoming: Incoming, now: EntryState, before: EntryState) -> bool:
    """Say whether a record means what it meant; what we write ourselves means nothing."""
    if now == before or not incoming.ours_in:
        return now == before
    return without_values(now, incoming.ours_in) == without_values(
        before, incoming.ours_in
    )


def _count(outcome: Outcome, have: Known | None, state: EntryState) -> None:
    if state.deleted:
        if have is not None and have.state is not None:
            outcome.deleted += 1
        else:
            outcome.unchanged += 1
    elif have is None or have.state is None:
        outcome.new += 1
    else:
        outcome.changed += 1


def _known(records: Sequence[Incoming], origin: Origin) -> dict[tuple[str, str], Known]:
    """Return what is here of these records, by object and id."""
    asked = json_text(
        [{"object": one.object, "id": one.external_id} for one in records]
    )
    with database.cursor() as cursor:
        cursor.execute(_KNOWN + _OF_RECORDS, [asked, origin.connection_id])
        return {(row[0], row[1]): _known_of(row) for row in cursor.fetchall()}


_KNOWN = """
SELECT entry.object, entry.external_id, entry.id, entry.version, entry.deleted,
    entry.source_url, entry.counts, entry.occurred_on, entry.product, entry.territory,
    entry.currency, entry.amount, revision.id, revision.name, revision.occurred_on,
    revision.counts, revision.reversed_on, revision.currency, revision.values,
    revision.credits, revision.deleted, revision.payload
FROM ledger_entry AS entry
LEFT JOIN ledger_revision AS revision ON revision.entry_id = entry.id
    AND revision.closed IS NULL
"""
# Each is looked for by itself: a table without statistics, as during a first reading,
# would be read whole for each page. OFFSET keeps the planner from making it a join.
_OF_RECORDS = """WHERE entry.id = ANY(ARRAY(
    SELECT here.id FROM jsonb_to_recordset(%s::jsonb) AS given (object text, id text),
    LATERAL (SELECT id FROM ledger_entry WHERE connection_id = %s
        AND object = given.object AND external_id = given.id OFFSET 0) AS here))
"""


def known_by_id(entry_ids: Collection[int]) -> dict[int, tuple[str, Known]]:
    """Return what is here of these entries, each with its id in the source."""
    if not entry_ids:
        return {}
    with database.cursor() as cursor:
        cursor.execute(_KNOWN + "WHERE entry.id = ANY(%s)", [list(entry_ids)])
        return {row[2]: (row[1], _known_of(row)) for row in cursor.fetchall()}


def _known_of(row: Sequence[Any]) -> Known:
    known = Known(
        entry_id=row[2],
        version=row[3],
        deleted=row[4],
        source_url=row[5],
        booking=booking_of(
            object_=row[0],
            counts=row[6],
            occurred_on=row[7],
            product=row[8],
            territory=row[9],
            currency=row[10],
            amount=row[11],
        ),
    )
    if row[12] is not None:
        known.state = EntryState(
            name=row[13],
            occurred_on=row[14],
            counts=row[15],
            reversed_on=row[16],
            currency=row[17],
            values=json.loads(row[18]),
            credits=credits_of(json.loads(row[19])),
            deleted=row[20],
        )
        known.payload = json.loads(row[21])
    return known


def _surroundings(records: Sequence[Incoming], origin: Origin) -> Surroundings:
    business = current_business()
    return Surroundings(
        currency=business.currency,
        day=clock.today(business.time_zone),
        people=_people(records, origin),
        directory=origin.directory,
        products=_names(Product, records, "product"),
        territories=_names(Territory, records, "territory"),
        source=origin.source,
    )


def _people(records: Sequence[Incoming], origin: Origin) -> dict[str, Person]:
    """Return the payees that these records name."""
    users = {
        user
        for incoming in records
        for key in PEOPLE_KEYS
        for user in people_in(incoming.values.get(key))
    }
    rows = ExternalId.objects.filter(
        connection_id=origin.connection_id, external_id__in=sorted(users)
    ).values_list("external_id", "payee_id", "payee__name", "was_id")
    return {
        external_id: Person(payee_id, name, was_id or 0)
        for external_id, payee_id, name, was_id in rows
    }


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
    for name in added:
        model.objects.get_or_create(name=name[:200])
    return frozenset(listed | set(added))
