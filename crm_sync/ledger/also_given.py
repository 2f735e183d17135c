"""What other sources say of a record that one of them counts for."""

from __future__ import annotations

from dataclasses import dataclass, field

from crm_sync.ledger.catalogue import catalogue
from crm_sync.ledger.claiming import rules_of, states_of
from crm_sync.ledger.models import Claim, Entry
from crm_sync.ledger.precedence import Given, leader_of
from crm_sync.ledger.reading import EntryState
from crm_sync.ledger.values import for_people, to_value


@dataclass(frozen=True, slots=True)
class Differs:
    """A field of which two sources say different things."""

    label: str
    here: str
    there: str


@dataclass(slots=True)
class AlsoGiven:
    """Another source's record of the same thing."""

    source: str
    entry_id: int
    counts: bool
    """It is the one that counts; the record at hand stands back for it."""
    deleted: bool = False
    differs: list[Differs] = field(default_factory=list)


def also_given(entry: Entry) -> list[AlsoGiven]:
    """Return the same record as other sources give it, with where they differ."""
    own = Claim.objects.filter(entry_id=entry.pk).exclude(key="").first()
    rule = rules_of([entry.object]).get(entry.object) if own else None
    if own is None or rule is None:
        return []
    rows = list(Claim.objects.filter(object=entry.object, key=own.key))
    rows = [row for row in rows if row.connection_id in rule.keys]
    states = states_of(rows)
    pairs = list(zip(rows, states, strict=True))
    given = [Given(row.connection_id, state) for row, state in pairs]
    leader = leader_of(rule, given)
    here = next(state for row, state in pairs if row.entry_id == entry.pk)
    return [
        AlsoGiven(
            source=rule.names.get(row.connection_id, "another source"),
            entry_id=row.entry_id,
            counts=row.connection_id == leader,
            deleted=state.deleted,
            differs=_differences(entry.object, here, state),
        )
        for row, state in pairs
        if row.connection_id != entry.connection_id
    ]


def _differences(object_: str, here: EntryState, there: EntryState) -> list[Differs]:
    """Of fields that both fill; what one alone has is no difference."""
    types = catalogue()
    found = []
    for key in sorted(here.values.keys() & there.values.keys()):
        if here.values[key] != there.values[key]:
            fact = types.get((object_, key))
            type_ = fact.type if fact else "text"
            found.append(
                Differs(
                    label=fact.label if fact else key.replace("_", " "),
                    here=for_people(to_value(here.values[key], type_), type_),
                    there=for_people(to_value(there.values[key], type_), type_),
                )
            )
    return found
