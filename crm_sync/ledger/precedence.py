"""Of several sources that give the same record one counts: decided on plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from crm_sync.ledger.reading import EntryState
from crm_sync.ledger.standard import PEOPLE_KEYS, SHARE_KEYS

ID = "id"
# Whose record it is, and whether and when it counts, is never put together of several.
WHOLE = frozenset(
    (
        *(*PEOPLE_KEYS, *SHARE_KEYS),
        *("status_type", "won_on", "lost_on", "occurred_on", "held_on", "counts", ID),
    )
)


@dataclass(frozen=True, slots=True)
class Rule:
    """The sources of an object in their order, and the field that each is known by."""

    object: str
    keys: Mapping[int, str] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    fields: Mapping[str, int] = field(default_factory=dict)

    def key_of(
        self, connection_id: int, external_id: str, values: Mapping[str, str]
    ) -> str:
        """Return the text by which a record is the same; "" where it is nobody's."""
        name = self.keys.get(connection_id, "")
        if not name:
            return ""
        text = external_id if name == ID else values.get(name, "")
        return " ".join(text.casefold().split())[:200]


@dataclass(slots=True)
class Given:
    """A record as one source gives it."""

    connection_id: int
    state: EntryState


def settled(rule: Rule, given: Sequence[Given]) -> list[EntryState]:
    """Return what each of the records under one key counts for.

    All records of the first source that has one count; those of the others stand back.
    """
    leader = leader_of(rule, given)
    if leader is None:
        return [one.state for one in given]
    live = [
        one for one in given if one.connection_id == leader and not one.state.deleted
    ]
    found = []
    for one in given:
        if one.connection_id != leader:
            found.append(standing_back(one.state))
        elif len(live) == 1 and one is live[0]:
            found.append(_completed(rule, one, given))
        else:
            found.append(one.state)
    return found


def standing_back(state: EntryState) -> EntryState:
    """Return a record that says what it says, and counts for nobody."""
    return replace(state, counts=False, occurred_on=None, reversed_on=None, credits=())


def is_withheld(own: EntryState, shown: EntryState) -> bool:
    """Tell whether a record that would count for somebody counts for nobody."""
    return bool(own.counts or own.credits) and not (shown.counts or shown.credits)


def leader_of(rule: Rule, given: Sequence[Given]) -> int | None:
    """Return the first source that still has the record; where none has, the last that
    had; None where only one gives it."""
    if len({one.connection_id for one in given}) < 2:
        return None
    order = list(rule.keys)
    live = [one.connection_id for one in given if not one.state.deleted]
    if live:
        return min(live, key=order.index)
    last = max(
        given,
        key=lambda one: (
            one.state.reversed_on or date.min,
            -order.index(one.connection_id),
        ),
    )
    return last.connection_id


def _completed(rule: Rule, one: Given, given: Sequence[Given]) -> EntryState:
    """Put in the fields for which another source is asked first."""
    values, currency = dict(one.state.values), one.state.currency
    for name, connection_id in rule.fields.items():
        others = [
            other.state
            for other in given
            if other.connection_id == connection_id and not other.state.deleted
        ]
        if connection_id == one.connection_id or len(others) != 1:
            continue
        if name in WHOLE or name not in others[0].values:
            continue
        values[name] = others[0].values[name]
        if name == "amount":
            currency = others[0].currency
            values["currency"] = currency
    name = values.get("name", "") or one.state.name
    return replace(one.state, values=values, currency=currency, name=name)


def as_json(state: EntryState) -> dict[str, Any]:
    """Return a state as it is stored."""
    return {
        "name": state.name,
        "occurred_on": _text(state.occurred_on),
        "counts": state.counts,
        "reversed_on": _text(state.reversed_on),
        "currency": state.currency,
        "values": dict(state.values),
        "credits": [list(credit) for credit in state.credits],
        "deleted": state.deleted,
    }


def from_json(stored: Mapping[str, Any]) -> EntryState:
    """Return a state that was stored."""
    return EntryState(
        name=stored["name"],
        occurred_on=_day(stored["occurred_on"]),
        counts=stored["counts"],
        reversed_on=_day(stored["reversed_on"]),
        currency=stored["currency"],
        values=stored["values"],
        credits=tuple((c[0], c[1], c[2], c[3]) for c in stored["credits"]),
        deleted=stored["deleted"],
    )


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
