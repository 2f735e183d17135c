"""The deals and other entries of an example, as they were known on a day."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from commissions.plans.document import ROLES, PlanDocument, Raw
from commissions.plans.example_values import (
    day,
    listed,
    mapping,
    number,
    read_value,
    refuse_unknown,
    text,
)
from commissions.plans.hints import suggestion
from commissions.plans.names import ALWAYS
from commissions_saas.lib.errors import ProductError
from crm_sync.ledger.chains import credits_above
from crm_sync.ledger.facts import CreditFact, EntryFact, Value, ValueType

ENTRY_KEYS = [
    "id",
    "object",
    "name",
    "on",
    "won_on",
    "lost_on",
    "known_on",
    "counts",
    "currency",
    "payee",
    "role",
    "share",
    "credits",
    "changes",
]
_LARGEST_SHARE = 10  # whoever means 60 % may have written 60
_CREDIT_KEYS = ("payee", "role", "share", "level", "through")
_DAYS = ("date", "day", "closed_on", "close_date", "paid_on", "held_on")
_ABOVE = ("manager", "upline")
_ELSEWHERE = 1_000_000
_MOST = 2_000

Types = Mapping[str, Mapping[str, ValueType]]
Above = Callable[[int, date], int | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an example: its number, its id, and everything said about it."""

    number: int
    external_id: str
    raw: Mapping[str, Raw]
    changes: tuple[tuple[date, Mapping[str, Raw]], ...]
    known_on: date | None

    def as_of(self, on: date | None) -> Mapping[str, Raw] | None:
        """Return what was written of it by a day; None where it was not known yet."""
        if on is None:
            on = date.max
        if self.known_on is not None and self.known_on > on:
            return None
        raw = dict(self.raw)
        for changed, change in self.changes:
            if changed <= on:
                raw |= change
        return raw


@dataclass(frozen=True, slots=True)
class EntryReader:
    """Turns what is written into entries, as if a source had sent them."""

    document: PlanDocument
    types: Types
    payees: Mapping[str, int]
    above: Above

    def known(self, entries: Iterable[Entry], on: date | None) -> tuple[EntryFact, ...]:
        """Return the entries as they were known on a day; None is the end of time."""
        found = []
        for entry in entries:
            raw = entry.as_of(on)
            if raw is not None:
                found.append(self.fact(entry, raw, on))
        return tuple(found)

    def fact(self, entry: Entry, raw: Mapping[str, Raw], on: date | None) -> EntryFact:
        what = f"Entry {entry.external_id}"
        kind = text(raw, "object", what) or "deal"
        occurred = day(text(raw, "on", what) or text(raw, "won_on", what), what)
        lost = day(text(raw, "lost_on", what), what)
        if lost is not None and on is not None and lost > on:
            lost = None
        counts = lost is None and read_value(
            text(raw, "counts", what) or "yes", "yesno", f"{what}, counts"
        )
        values: dict[str, Value] = {"status": "Won" if counts else "Lost"}
        values |= self.values(raw, kind, what)
        return EntryFact(
            id=entry.number,
            object=kind,
            external_id=entry.external_id,
            name=text(raw, "name", what) or entry.external_id,
            occurred_on=occurred,
            counts=bool(counts),
            currency=text(raw, "currency", what) or self.document.currency,
            values=values,
            credits=tuple(self.credits(raw, occurred, what)),
            reversed_on=lost,
        )

    def values(
        self, raw: Mapping[str, Raw], kind: str, what: str
    ) -> Iterable[tuple[str, Value]]:
        of_object = self.types.get(kind, ALWAYS)
        for key in raw:
            if key in ENTRY_KEYS:
                continue
            if key not in of_object:
                hint = f"Declare it: fields: {{{kind}.{key}: money}}."
                meant = suggestion(key, [*of_object, *ENTRY_KEYS])
                hint = f"{meant} Or declare it: {hint[12:]}" if meant else hint
                if key.isdigit():
                    hint = "A comma ends a value: write 1000, not 1,000."
                words = f"{what}: there is no field “{key[:80]}”."
                raise ProductError(words, hint=hint)
            shown = text(raw, key, what)
            if not shown:
                continue  # a change emptied it
            yield key, read_value(shown, of_object[key], f"{what}, {key}")

    def credits(
        self, raw: Mapping[str, Raw], occurred: date | None, what: str
    ) -> Iterable[CreditFact]:
        """Read who is credited; managers and uplines follow from the payees."""
        own = tuple(self.written(raw, what))
        yield from own
        if occurred is None or any(credit.role in _ABOVE for credit in own):
            return
        day_of = occurred
        yield from credits_above(own, lambda payee: self.above(payee, day_of))

    def written(self, raw: Mapping[str, Raw], what: str) -> Iterable[CreditFact]:
        for at, item in enumerate(_credits(raw)):
            credit = mapping(item, "credit")
            refuse_unknown(credit, _CREDIT_KEYS, "a credit")
            role = text(credit, "role", what) or "owner"
            if role not in ROLES:
                hint = suggestion(role, ROLES) or f"Roles are {', '.join(ROLES)}."
                raise ProductError(f"{what}: there is no role “{role}”.", hint=hint)
            share = _share(text(credit, "share", what) or "100%", f"{what}, share")
            level = int(number(text(credit, "level", what) or "0", f"{what}, level"))
            if role == "upline" and not level:
                level = 1
            through = text(credit, "through", what)
            payee = self.payee(text(credit, "payee", what), at, what)
            below = self.payee(through, 500 + at, what) if through else 0
            yield CreditFact(payee, role, share, level, below)

    def payee(self, name: str, at: int, what: str) -> int:
        """Return the number of a payee; who is named nowhere is on another plan."""
        if not name and len(self.payees) > 1:
            hint = "Write payee: Maya, or credits: [{payee: Maya, role: owner}]."
            raise ProductError(f"{what}: say whose it is.", hint=hint)
        if not name:
            return next(iter(self.payees.values()))
        if name not in self.payees:
            hint = suggestion(name, self.payees)
            if hint:
                words = f"{what}: there is no payee “{name}” in this example."
                raise ProductError(words, hint=hint)
        return self.payees.get(name, _ELSEWHERE + at)


def read_entries(raw: Mapping[str, Raw], fields: Collection[str]) -> tuple[Entry, ...]:
    """Read `deals` and `entries`; an id that is not written is the place in the list."""
    found: list[Entry] = []
    parts = [*listed(raw, "deals"), *listed(raw, "entries")]
    if len(parts) > _MOST:
        raise ProductError(f"An example has at most {_MOST:,} entries.")
    for at, item in enumerate(parts, start=1):
        part = _tidy(mapping(item, "deals"), fields)
        external_id = text(part, "id") or str(at)
        what = f"Entry {external_id}"
        changes = sorted(_changes(part, what), key=lambda change: change[0])
        known_on = day(text(part, "known_on", what), what)
        found.append(Entry(at, external_id, part, tuple(changes), known_on))
    ids = [entry.external_id for entry in found]
    for external_id in ids:
        if ids.count(external_id) > 1:
            words = f"Two entries of this example have the id “{external_id}”."
            raise ProductError(words)
    return tuple(found)


def _tidy(raw: Mapping[str, Raw], fields: Collection[str]) -> Mapping[str, Raw]:
    """Take `owner: Maya` as the payee who owns it, and `date` as the day."""
    part = dict(raw)
    if "owner" in part and "payee" not in part and "role" not in part:
        part["payee"] = part.pop("owner")
    kind = part.get("object", "deal")
    for key in _DAYS:
        dated = "on" in part or "won_on" in part
        if key in part and not dated and f"{kind}.{key}" not in fields:
            part["on"] = part.pop(key)
    return part


def _changes(
    raw: Mapping[str, Raw], what: str
) -> Iterable[tuple[date, Mapping[str, Raw]]]:
    for item in listed(raw, "changes"):
        change = dict(mapping(item, "changes"))
        changed = day(text(change, "on", what), what)
        if changed is None:
            hint = "Like changes: [{on: 2026-03-05, amount: 900}]."
            raise ProductError(f"{what}: a change has its day.", hint=hint)
        del change["on"]
        for key in ("id", "object", "changes", "known_on"):
            if key in change:
                raise ProductError(f"{what}: a change cannot set “{key}”.")
        yield changed, change


def _share(written: str, what: str) -> Decimal:
    share = number(written, what)
    if abs(share) > _LARGEST_SHARE:
        words = f"{what}: {written} is {share * 100:f} %."
        raise ProductError(words, hint=f"Write {written}% or a number up to 1.")
    return share


def _credits(raw: Mapping[str, Raw]) -> Sequence[Raw]:
    given = raw.get("credits")
    if isinstance(given, Mapping) and not set(given) & set(_CREDIT_KEYS):
        # Like {Ann: 60%, Ben: 40%}, as a change may write it.
        return [{"payee": name, "share": share} for name, share in given.items()]
    return listed(raw, "credits") or [
        {key: raw[key] for key in _CREDIT_KEYS if key in raw}
    ]
