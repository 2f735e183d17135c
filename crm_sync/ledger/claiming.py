"""While records are written: which of them count, where several sources give them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from crm_sync.ledger import following
from crm_sync.ledger.models import Claim, Payee, Precedence, Revision
from crm_sync.ledger.precedence import (
    Given,
    Rule,
    as_json,
    from_json,
    is_withheld,
    leader_of,
    settled,
)
from crm_sync.ledger.reading import EntryState, Incoming
from crm_sync.ledger.writing import Known, Write

Load = Callable[[Collection[int]], Mapping[int, tuple[str, Known]]]
Credit = tuple[int, str, str, int]


@dataclass(slots=True)
class Answer:
    """A record that was read, what is here of it, and what it says."""

    incoming: Incoming
    have: Known | None
    state: EntryState


def rules_of(objects: Iterable[str]) -> dict[str, Rule]:
    """Return the rules in force, by object; objects without one are not in it."""
    rows = Precedence.objects.filter(object__in=sorted(set(objects)))
    newest = rows.order_by("object", "-version").distinct("object")
    return {row.object: rule_of(row) for row in newest if row.sources}


def rule_of(row: Precedence) -> Rule:
    """Return a stored rule as values."""
    return Rule(
        object=row.object,
        keys={one["connection"]: one["key"] for one in row.sources},
        names={one["connection"]: one["name"] for one in row.sources},
        fields=dict(row.fields),
    )


class Claims:
    """What sources claim of the records of one reading; empty where no rule is."""

    def __init__(self, connection_id: int, objects: Iterable[str]) -> None:
        self._connection_id = connection_id
        rules = rules_of(objects)
        self._rules = {
            name: rule for name, rule in rules.items() if connection_id in rule.keys
        }
        self._own: dict[int, tuple[str, EntryState]] = {}
        self._said: list[tuple[Answer, str]] = []

    def look_at(self, known: Iterable[Known]) -> None:
        """Read what this source has claimed until now."""
        if not self._rules:
            return
        rows = Claim.objects.filter(entry_id__in=[one.entry_id for one in known])
        self._own = {
            row.entry_id: (row.key, state)
            for row, state in zip(rows, states_of(rows), strict=True)
        }

    def own(self, have: Known | None) -> EntryState | None:
        """Return what the source itself has said, whether that counts or not."""
        if have is not None and have.entry_id in self._own:
            return self._own[have.entry_id][1]
        return have.state if have else None

    def settle(self, answers: list[Answer], load: Load) -> list[Write]:
        """Let answers count or stand back; return what of other sources changes."""
        if not self._rules:
            return []
        self._said = [(replace(one), self._key_of(one)) for one in answers]
        groups = self._groups(answers)
        others = _others(groups, {one.have.entry_id for one in answers if one.have})
        known = load([row.entry_id for rows in others.values() for row, _ in rows])
        drafts: list[Draft] = []
        for at, mine in groups.items():
            rule, theirs = self._rules[at[0]], others.get(at, [])
            now = [one for one in mine if self._key_of(one) == at[1]]
            given = [Given(self._connection_id, one.state) for one in now]
            given += [Given(row.connection_id, state) for row, state in theirs]
            winner = rule.names.get(leader_of(rule, given) or 0, "")
            states = settled(rule, given)
            for one, state in zip(now, states, strict=False):
                self._decide(one, state, winner)
            for (row, own), state in zip(theirs, states[len(now) :], strict=True):
                if row.entry_id in known:
                    external_id, have = known[row.entry_id]
                    drafts.append(Draft(row, external_id, have, own, state, winner))
        return differences(drafts)

    def _decide(self, one: Answer, state: EntryState, winner: str) -> None:
        had = self.own(one.have)
        before = one.have.state if one.have else None
        was = had is not None and before is not None and is_withheld(had, before)
        note = (
            "" if state.deleted else _note(was, is_withheld(one.state, state), winner)
        )
        one.incoming = replace(one.incoming, note=note) if note else one.incoming
        one.state = state

    def keep(self, writes: Iterable[Write]) -> None:
        """Remember what this source has said, once its new entries have their ids."""
        if not self._said:
            return
        new = {
            (one.incoming.object, one.incoming.external_id): one.entry_id
            for one in writes
            if one.known is None
        }
        rows = []
        for one, key in self._said:
            at = one.incoming.object, one.incoming.external_id
            entry_id = one.have.entry_id if one.have else new.get(at)
            if entry_id and one.incoming.object in self._rules:
                rows.append(
                    Claim(
                        entry_id=entry_id,
                        connection_id=self._connection_id,
                        object=one.incoming.object,
                        key=key,
                        state=as_json(one.state),
                    )
                )
        save_claims(rows)

    def _key_of(self, answer: Answer) -> str:
        rule = self._rules.get(answer.incoming.object)
        if rule is None:
            return ""
        return rule.key_of(
            self._connection_id, answer.incoming.external_id, answer.state.values
        )

    def _groups(self, answers: Iterable[Answer]) -> dict[tuple[str, str], list[Answer]]:
        """Group by the key that a record has now, and by the one that it had."""
        groups: dict[tuple[str, str], list[Answer]] = defaultdict(list)
        for one in answers:
            if one.incoming.object not in self._rules:
                continue
            had = self._own.get(one.have.entry_id if one.have else 0)
            for key in {self._key_of(one), had[0] if had else ""} - {""}:
                groups[one.incoming.object, key].append(one)
        return groups


def save_claims(rows: Sequence[Claim]) -> None:
    """Write what sources say of records, in place of what they said."""
    Claim.objects.bulk_create(
        rows,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["entry_id"],
        update_fields=["connection_id", "object", "key", "state"],
    )


def states_of(rows: Iterable[Claim]) -> list[EntryState]:
    """Return what claims say, each person as the payee that they are today."""
    states = [from_json(row.state) for row in rows]
    ids = {n for state in states for c in state.credits for n in (c[0], c[3]) if n}
    merged = dict(
        Payee.objects.filter(pk__in=ids, merged_into__isnull=False).values_list(
            "pk", "merged_into_id"
        )
    )

    def today(credit: Credit) -> Credit:
        payee, role, share, was = credit
        own = was or payee
        now = merged.get(own)
        return (now, role, share, own) if now else (own, role, share, 0)

    return [
        replace(state, credits=tuple(today(credit) for credit in state.credits))
        for state in states
    ]


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry of another source, what it itself says, and what it shall say."""

    claim: Claim
    external_id: str
    known: Known
    own: EntryState
    state: EntryState
    winner: str

    @property
    def incoming(self) -> Incoming:
        """Return the entry as if it had been read again, as it is stored."""
        before = self.known.state
        was = before is not None and is_withheld(self.own, before)
        now = is_withheld(self.own, self.state)
        return Incoming(
            object=self.claim.object,
            external_id=self.external_id,
            version=self.known.version,
            payload=self.known.payload or {},
            deleted=self.state.deleted,
            note="" if self.state.deleted else _note(was, now, self.winner),
        )


def differences(drafts: Sequence[Draft]) -> list[Write]:
    """Return what must be written of entries, and nothing of those that say so already.

    What others have put on an entry, such as what was paid of a deal, stays on it.
    """
    by_source: dict[int, list[tuple[Draft, Incoming]]] = defaultdict(list)
    for draft in drafts:
        by_source[draft.claim.connection_id].append((draft, draft.incoming))
    writes = []
    for connection_id, rows in by_source.items():
        kept = following.kept_of(connection_id, [incoming for _, incoming in rows])
        for draft, incoming in rows:
            state = following.keep(draft.state, incoming, draft.known.state, kept)
            if draft.known.state != state:
                writes.append(Write(incoming, draft.known, state))
    return _by_their_mappings(writes)


def _others(
    groups: Mapping[tuple[str, str], object], mine: Collection[int]
) -> dict[tuple[str, str], list[tuple[Claim, EntryState]]]:
    rows = Claim.objects.filter(
        object__in={object_ for object_, _ in groups}, key__in={k for _, k in groups}
    ).exclude(entry_id__in=mine)
    found: dict[tuple[str, str], list[tuple[Claim, EntryState]]] = defaultdict(list)
    ordered = list(rows.order_by("entry_id"))
    for row, state in zip(ordered, states_of(ordered), strict=True):
        found[row.object, row.key].append((row, state))
    return found


def _note(was: bool, now: bool, winner: str) -> str:
    """Say in the history when a record begins to stand back, or counts again."""
    if was == now:
        return ""
    return (
        f"does not count: {winner} gives it, too, and goes first" if now else "counts"
    )


def _by_their_mappings(writes: list[Write]) -> list[Write]:
    """An entry that is written again was still read by the mapping that it was."""
    ids = [one.known.entry_id for one in writes if one.known]
    mappings = dict(
        Revision.objects.filter(entry_id__in=ids, closed__isnull=True).values_list(
            "entry_id", "mapping_id"
        )
    )
    for one in writes:
        if one.known:
            mapping_id = mappings.get(one.known.entry_id)
            one.incoming = replace(one.incoming, mapping_id=mapping_id)
    return writes
