"""From a mapped source record to what an entry says; decided on plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from crm_sync.ledger.facts import Value
from crm_sync.ledger.standard import (
    DEAL,
    INVOICE,
    PAYMENT,
    PEOPLE_KEYS,
    is_currency,
    is_stopped,
    people_in,
)
from crm_sync.ledger.values import to_text, trimmed

WHOLE = Decimal(1)
_LONGEST_NAME = 300  # what is kept of it; names that differ behind are the same
_NO_KEYS: frozenset[str] = frozenset()
_NEEDED = {
    DEAL: frozenset(("amount", "won_on")),
    INVOICE: frozenset(("amount", "occurred_on")),
    PAYMENT: frozenset(("amount", "occurred_on")),
}


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A value of the source that could not be read as the field's type."""

    field: str
    code: str
    reason: str


# Made by the million, and made in half the time without being frozen.
@dataclass(slots=True)
class Incoming:
    """One version of a source record, read through a mapping; nobody writes to it."""

    object: str
    external_id: str
    version: str
    values: Mapping[str, Value] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[FieldProblem, ...] = ()
    required: frozenset[str] = frozenset()
    """Fields that must not be empty once the record counts."""
    listed: frozenset[str] = frozenset()
    """Of product and territory, those whose name must be in the catalogue."""
    mapped: frozenset[str] = frozenset()
    no_currency: bool = False
    """It comes by a file that has no column of currencies."""
    deleted: bool = False
    moved_to: str = ""
    """The name of the business that the record belongs to from now on."""
    moved_from: str = ""
    """The name of the business that it has belonged to until now."""
    note: str = ""
    """What became of it beside what its values say."""
    changed_by: str = ""
    changed_at: datetime | None = None
    url: str = ""
    mapping_id: int | None = None
    ours: frozenset[str] = frozenset()
    """Paths of the payload that we write ourselves, and those that move with a write:
    a record that differs in them alone has not changed."""
    ours_in: frozenset[str] = frozenset()
    """Keys of values that are filled from such paths."""


@dataclass(slots=True)
class EntryState:
    """All that a revision says, but for when; nobody writes to it."""

    name: str
    occurred_on: date | None
    counts: bool
    reversed_on: date | None
    currency: str
    values: Mapping[str, str]
    credits: tuple[tuple[int, str, str, int], ...]
    """(payee, role, share as text, payee before a merge or 0)."""
    deleted: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record cannot become an entry, in words for a person."""

    code: str
    field: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A payee as a source user: whom to credit, and whom before a merge."""

    payee_id: int
    name: str
    was: int = 0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a record is read against."""

    currency: str
    day: date
    """The business day on which it was seen."""
    people: Mapping[str, Person]
    directory: Mapping[str, tuple[str, str]]
    """Source user id to (name, e-mail)."""
    products: frozenset[str]
    territories: frozenset[str]
    source: str = "the source"


def read_state(
    incoming: Incoming, before: EntryState | None, around: Surroundings
) -> EntryState | Refusal:
    """Say what the entry is now, or why the record is refused.

    Only a record that counts is refused: an open or lost deal may still be incomplete,
    and its loss must take effect whatever else it lacks.
    """
    if incoming.deleted:
        return _stopped(before, incoming, around) if before else _nothing(incoming)
    counts, occurred_on = _when(incoming)
    other_currency = _in_another(incoming, before, around)
    if other_currency and before:
        around = replace(around, currency=before.currency)
    if counts or _claims_to_count(incoming):
        refusal = _what_is_missing(incoming, around) or other_currency
        if refusal is not None:
            return refusal
    credits = _credits(incoming, around)
    if isinstance(credits, Refusal):
        if counts:
            return credits
        credits = ()
    state = EntryState(
        name=_name(incoming),
        occurred_on=occurred_on,
        counts=counts,
        reversed_on=None,
        currency=_currency(incoming, around),
        values=_texts(incoming, around),
        credits=credits,
        deleted=False,
    )
    if counts or before is None:
        return state
    return _keeping_the_reversal(state, before, incoming, around)


def _name(incoming: Incoming) -> str:
    name = str(incoming.values.get("name", "")) or incoming.external_id
    return name[:_LONGEST_NAME]


def same_effect(one: EntryState, other: EntryState) -> bool:
    """Say whether two states mean the same to every calculation."""
    return replace(one, deleted=False) == replace(other, deleted=False)


def _when(incoming: Incoming) -> tuple[bool, date | None]:
    """A deal counts while it is won, on the day it was won; others on their day."""
    if incoming.object == DEAL:
        won_on = incoming.values.get("won_on")
        if not isinstance(won_on, date) or not _claims_to_count(incoming):
            return False, None
        return True, won_on
    day = incoming.values.get("occurred_on") or incoming.values.get("held_on")
    if not isinstance(day, date):
        return False, None
    return _claims_to_count(incoming), day


def _claims_to_count(incoming: Incoming) -> bool:
    if incoming.object != DEAL:
        status = str(incoming.values.get("status", ""))
        stopped = is_stopped(incoming.object, status)
        return not stopped and incoming.values.get("counts", True) is not False
    # "Won in October" is the kind of status and the date together: an open deal
    # carries an estimated date in the same field.
    if "status_type" not in incoming.mapped:
        unread = any(problem.field == "won_on" for problem in incoming.problems)
        return unread or "won_on" in incoming.values
    return str(incoming.values.get("status_type", "")).casefold() == "won"


def _what_is_missing(incoming: Incoming, around: Surroundings) -> Refusal | None:
    for problem in incoming.problems:
        return Refusal(problem.code, problem.field, problem.reason)
    needed = _NEEDED.get(incoming.object, _NO_KEYS) | incoming.required
    blank = needed.difference(incoming.values, PEOPLE_KEYS)
    if blank:
        key = min(blank)
        return Refusal(f"no_{key}", key, f"{_label(key)} is blank.")
    if "currency" in incoming.mapped and not incoming.values.get("currency"):
        return Refusal("no_currency", "currency", "Currency is blank.")
    currency = _currency(incoming, around)
    if not is_currency(currency):
        reason = f"“{currency[:30]}” is not a currency like USD."
        return Refusal("unknown_currency", "currency", reason)
    for key, known in (
        ("product", around.products),
        ("territory", around.territories),
    ):
        name = str(incoming.values.get(key, ""))
        if key in incoming.listed and name and name not in known:
            reason = f"{_label(key)} “{name}” is not in the list of this business."
            return Refusal(f"unknown_{key}", key, reason, name)
    return None


def _in_another(
    incoming: Incoming, before: EntryState | None, around: Surroundings
) -> Refusal | None:
    """Refuse what would go from its own currency to that of the business unsaid."""
    if not incoming.no_currency or before is None or incoming.values.get("currency"):
        return None
    if before.currency in ("", around.currency):
        return None
    return Refusal(
        "no_currency",
        "currency",
        f"It is in {before.currency} here, and the file has no column of currencies.",
    )


def _credits(
    incoming: Incoming, around: Surroundings
) -> tuple[tuple[int, str, str, int], ...] | Refusal:
    """Owner 100 %, or owner and split, which must make 100 %; others on top."""
    found: list[tuple[Person, str, Decimal]] = []
    owner = _person(incoming, "owner", around)
    if owner is None and ("owner" in incoming.required or incoming.object == DEAL):
        return Refusal("no_owner", "owner", f"It has no owner in {around.source}.")
    partner = _person(incoming, "split_with", around)
    shares = _shares(incoming, with_partner=partner is not None)
    for answer in (owner, partner, shares):
        if isinstance(answer, Refusal):
            return answer
    if isinstance(owner, Person) and isinstance(shares, tuple):
        found.append((owner, "owner", shares[0]))
        if isinstance(partner, Person):
            found.append((partner, "split", shares[1]))
    for role in ("overlay", "referrer"):
        if role not in incoming.values:
            continue
        share = incoming.values.get(f"{role}_percent", WHOLE)
        several: dict[int, Person] = {}
        for user in people_in(incoming.values.get(role)):
            person = _known(user, role, around)
            if isinstance(person, Refusal):
                return person
            several.setdefault(person.payee_id, person)
        if isinstance(share, Decimal):
            found += [(person, role, share) for person in several.values()]
    return tuple(
        (person.payee_id, role, to_text(share), person.was)
        for person, role, share in found
        if share > 0
    )


def _shares(
    incoming: Incoming, *, with_partner: bool
) -> tuple[Decimal, Decimal] | Refusal:
    own = incoming.values.get("owner_percent")
    other = incoming.values.get("split_percent")
    if not with_partner:
        if isinstance(other, Decimal) and other != 0:
            return _bad_split(f"{trimmed(other * 100)} % goes to nobody")
        if isinstance(own, Decimal) and own != WHOLE:
            return _bad_split(
                f"The owner has {trimmed(own * 100)} %, and nobody the rest"
            )
        return WHOLE, Decimal(0)
    if not isinstance(other, Decimal):
        if not isinstance(own, Decimal):
            return _bad_split("It names a second person, and no share")
        other = WHOLE - own
    own = own if isinstance(own, Decimal) else WHOLE - other
    if own < 0 or other < 0 or own + other != WHOLE:
        return _bad_split(
            f"The shares are {trimmed(own * 100)} % and {trimmed(other * 100)} %"
        )
    return own, other


def _bad_split(what: str) -> Refusal:
    return Refusal("split", "split_percent", f"{what}: shares must make 100 %.")


def _person(
    incoming: Incoming, key: str, around: Surroundings
) -> Person | Refusal | None:
    users = people_in(incoming.values.get(key))
    if len(users) > 1:
        reason = f"{_label(key)} names {len(users)} people, and it can be one only."
        return Refusal("several_people", key, reason)
    return _known(users[0], key, around) if users else None


def _known(user: str, key: str, around: Surroundings) -> Person | Refusal:
    found = around.people.get(user)
    if found is not None:
        return found
    name, email = around.directory.get(user, ("", ""))
    who = email or name or user
    return Refusal(
        "unknown_owner", key, f"No payee for {around.source} user {who}.", who
    )


def _currency(incoming: Incoming, around: Surroundings) -> str:
    return str(incoming.values.get("currency", "") or around.currency).upper()


def _texts(incoming: Incoming, around: Surroundings) -> dict[str, str]:
    """Keep every value as text; a person by the payee's name."""
    texts = {
        key: value if type(value) is str else to_text(value)
        for key, value in incoming.values.items()
        if key not in PEOPLE_KEYS
    }
    for key in PEOPLE_KEYS:
        if key not in incoming.values:
            continue
        names = []
        for user in people_in(incoming.values.get(key)):
            person = around.people.get(user)
            name, email = around.directory.get(user, ("", ""))
            names.append(person.name if person else (name or email or user))
        if names:
            texts[key] = ", ".join(names)
    if "amount" in texts:
        texts["currency"] = _currency(incoming, around)
    return texts


def _keeping_the_reversal(
    state: EntryState, before: EntryState, incoming: Incoming, around: Surroundings
) -> EntryState:
    """What has counted once stays in its period, with the day it stopped to count."""
    reversed_on = before.reversed_on
    if before.counts:
        day = incoming.values.get("lost_on")
        reversed_on = day if isinstance(day, date) else around.day
    if reversed_on is None:
        return state
    return replace(
        state,
        occurred_on=before.occurred_on,
        reversed_on=reversed_on,
        credits=before.credits,
    )


def _stopped(
    before: EntryState, incoming: Incoming, around: Surroundings
) -> EntryState:
    """A deleted or moved record keeps what it said, and no longer counts.

    What was deleted was lost that day. What has moved never belonged here: whatever a
    plan says of losses, the other business pays it now, and this one must not as well.
    """
    reversed_on = around.day if before.counts else before.reversed_on
    if incoming.moved_to:
        reversed_on = None
    return replace(before, counts=False, deleted=True, reversed_on=reversed_on)


def _nothing(incoming: Incoming) -> EntryState:
    """A record that was deleted before it was ever seen: only its id is kept."""
    return EntryState(incoming.external_id, None, False, None, "", {}, (), True)


def _label(key: str) -> str:
    return key.replace("_", " ").capitalize()
