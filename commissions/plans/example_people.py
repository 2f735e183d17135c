"""The payees of an example: what they bring, when they are on the plan, who is above."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from commissions.calculation.facts import (
    AssignmentFact,
    DatedValue,
    PersonFact,
    SellFact,
    ThingKind,
)
from commissions.calculation.program import PlanProgram
from commissions.plans.document import PlanDocument, Raw
from commissions.plans.example_dated import Stretch, dated_values, stretches
from commissions.plans.example_values import (
    day,
    listed,
    mapping,
    read_value,
    refuse_unknown,
    text,
)
from commissions.plans.hints import suggestion
from commissions_saas.lib.errors import ProductError
from crm_sync.ledger.facts import Value, ValueType

PAYEE_KEYS = [
    "name",
    "variables",
    "attributes",
    "facts",
    "from",
    "to",
    "assignments",
    "manager",
    "managers",
    "leave",
    "may_sell",
    "opening",
    "given",
    "stored",
]
_ASSIGNMENT_KEYS = ["from", "to", "variables"]
_SELLS: Mapping[str, ThingKind] = {
    "product": "product",
    "products": "product",
    "service": "service",
    "services": "service",
    "territory": "territory",
    "territories": "territory",
    "customer": "customer",
    "customers": "customer",
}
ALWAYS_FROM = date(1900, 1, 1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Person:
    """One payee of an example, ready to be put into inputs."""

    number: int
    name: str
    assignments: tuple[AssignmentFact, ...]
    attributes: Mapping[str, Value]
    facts: tuple[DatedValue, ...]
    managers: tuple[tuple[str, Stretch], ...] = ()
    leave: tuple[tuple[date, date], ...] = ()
    may_sell: tuple[SellFact, ...] = ()
    raw: Mapping[str, Raw] = field(default_factory=dict)

    @property
    def fact(self) -> PersonFact:
        """Return the payee as others' formulas read it."""
        return PersonFact(self.name, self.attributes, self.facts)

    def on_plan(self, first: date, last: date) -> bool:
        """Say whether the payee is on the plan on any of these days."""
        return any(
            fact.starts_on <= last and (fact.ends_on is None or fact.ends_on >= first)
            for fact in self.assignments
        )

    def manager_on(self, on: date) -> str:
        """Return who stands above the payee on a day, or nothing."""
        for name, (first, last) in reversed(self.managers):
            if first <= on and (last is None or on <= last):
                return name
        return ""


def read_people(
    raw: Mapping[str, Raw],
    document: PlanDocument,
    program: PlanProgram,
    attributes: Mapping[str, ValueType],
) -> tuple[Person, ...]:
    """Read `payee` or `payees`; a name alone is enough for one."""
    shared = mapping(raw.get("variables", {}), "variables")
    found: list[Person] = []
    for number, given in enumerate(_payees(raw), start=1):
        reader = _Reader(document, program, attributes, shared, given)
        found.append(reader.person(number))
    names = [person.name for person in found]
    for name in names:
        if names.count(name) > 1:
            raise ProductError(f"Two payees of this example have the name “{name}”.")
    for person in found:
        for name, _ in person.managers:
            _refuse_typo(name, names)
            if name == person.name:
                raise ProductError(f"{name} cannot be the manager of {name}.")
    return tuple(found)


def _payees(raw: Mapping[str, Raw]) -> Iterable[Mapping[str, Raw]]:
    if "payee" in raw and "payees" in raw:
        raise ProductError("An example has a payee or payees, not both.")
    given = raw.get("payees", raw.get("payee", "The payee"))
    items = given if isinstance(given, list) else [given]
    for item in items:
        if isinstance(item, str):
            yield {"name": item}
        else:
            yield {"name": "The payee", **mapping(item, "payee")}


def _refuse_typo(name: str, names: Sequence[str]) -> None:
    hint = "" if name in names else suggestion(name, names)
    if hint:
        raise ProductError(f"There is no payee “{name}” in this example.", hint=hint)


@dataclass(slots=True)
class _Reader:
    """Reads one payee; keys that are variables or attributes may stand by themselves."""

    document: PlanDocument
    program: PlanProgram
    types: Mapping[str, ValueType]
    shared: Mapping[str, Raw]
    raw: Mapping[str, Raw]

    def person(self, number: int) -> Person:
        name = text(self.raw, "name")
        known = [*PAYEE_KEYS, *self.document.variables, *self.types]
        for key in self.raw:
            if key not in known:
                hint = suggestion(key, known)
                hint = hint or f"Declare it: fields: {{payee.{key}: text}}."
                words = f"“{key[:80]}” is not known in the payee {name}."
                raise ProductError(words, hint=hint)
        for key in self.raw:
            if key in self.document.variables and key in self.types:
                words = f"{name}: “{key}” is a variable and a field of the payee."
                raise ProductError(words, hint="Write it under variables or facts.")
        attributes, facts = self.facts(name)
        return Person(
            number=number,
            name=name,
            assignments=tuple(self.assignments(name)),
            attributes=attributes,
            facts=tuple(facts),
            managers=tuple(self.managers(name)),
            leave=tuple(self.leave(name)),
            may_sell=tuple(self.may_sell(name)),
            raw=self.raw,
        )

    def facts(self, name: str) -> tuple[dict[str, Value], list[DatedValue]]:
        standing: dict[str, Value] = {}
        dated: list[DatedValue] = []
        given: dict[str, Raw] = {
            key: self.raw[key]
            for key in self.raw
            if key in self.types and key not in PAYEE_KEYS
        }
        for part in ("attributes", "facts"):
            given |= mapping(self.raw.get(part, {}), part)
        for key, value in given.items():
            if key not in self.types:
                hint = suggestion(key, self.types)
                hint = hint or f"Declare it: fields: {{payee.{key}: money}}."
                words = f"{name}: there is no field “payee.{key}”."
                raise ProductError(words, hint=hint)
            kind = self.types[key]
            if isinstance(value, str):
                standing[key] = read_value(value, kind, f"{name}, {key}")
            else:
                dated += dated_values(key, value, kind, f"{name}, {key}")
        return standing, dated

    def assignments(self, name: str) -> Iterable[AssignmentFact]:
        own: dict[str, Raw] = dict(self.shared)
        own |= mapping(self.raw.get("variables", {}), "variables")
        own |= self.bare(self.raw)
        parts = listed(self.raw, "assignments") or [
            {key: self.raw[key] for key in ("from", "to") if key in self.raw}
        ]
        for item in parts:
            part = mapping(item, "assignments")
            refuse_unknown(
                part, [*_ASSIGNMENT_KEYS, *self.document.variables], "an assignment"
            )
            values = {
                **own,
                **mapping(part.get("variables", {}), "variables"),
                **self.bare(part),
            }
            first = day(text(part, "from"), name) or ALWAYS_FROM
            last = day(text(part, "to"), name)
            if last is not None and last < first:
                raise ProductError(f"{name}: an assignment ends before it begins.")
            yield from self.cut(name, values, first, last)

    def bare(self, raw: Mapping[str, Raw]) -> dict[str, Raw]:
        """Return variables that stand beside the name instead of under `variables`."""
        skip = (*PAYEE_KEYS, *self.types)
        return {
            key: raw[key]
            for key in raw
            if key in self.document.variables and key not in skip
        }

    def cut(
        self, name: str, given: Mapping[str, Raw], first: date, last: date | None
    ) -> Iterable[AssignmentFact]:
        """Cut an assignment where one of its values changes."""
        standing: dict[str, Value] = {}
        dated: list[DatedValue] = []
        for key, value in given.items():
            kind = self.document.variables.get(key)
            if kind is None:
                hint = suggestion(key, self.document.variables)
                hint = hint or f"Declare it: variables: {{{key}: money}}."
                words = f"“{key}” is not one of the plan's variables."
                raise ProductError(words, hint=hint)
            if isinstance(value, str):
                standing[key] = read_value(value, kind, f"{name}, {key}")
            else:
                dated += dated_values(key, value, kind, f"{name}, {key}")
        starts = {first}
        for fact in dated:
            starts.add(fact.starts_on)
            if fact.ends_on is not None:
                starts.add(fact.ends_on + _DAY)
        inside = [on for on in sorted(starts) if on >= first and _within(on, last)]
        for at, start in enumerate(inside):
            ends = inside[at + 1] - _DAY if at + 1 < len(inside) else last
            values = dict(standing)
            for fact in sorted(dated, key=lambda fact: fact.starts_on):
                if fact.starts_on <= start and _within(start, fact.ends_on):
                    values[fact.key] = fact.value
            yield AssignmentFact(1, 1, 1, self.program, start, ends, values)

    def managers(self, name: str) -> Iterable[tuple[str, Stretch]]:
        given = self.raw.get("managers", self.raw.get("manager", ""))
        if isinstance(given, str):
            if given:
                yield given, (ALWAYS_FROM, None)
            return
        yield from stretches(given, "manager", f"{name}, manager")

    def leave(self, name: str) -> Iterable[tuple[date, date]]:
        for item in listed(self.raw, "leave"):
            part = mapping(item, "leave")
            refuse_unknown(part, ["from", "to"], "leave")
            first = day(text(part, "from"), name)
            last = day(text(part, "to"), name)
            if first is None or last is None or last < first:
                hint = "Like {from: 2026-03-02, to: 2026-03-13}."
                words = f"{name}: leave has a first and a last day."
                raise ProductError(words, hint=hint)
            yield first, last

    def may_sell(self, name: str) -> Iterable[SellFact]:
        for key, given in mapping(self.raw.get("may_sell", {}), "may_sell").items():
            if key not in _SELLS:
                hint = "Like may_sell: {product: [Heat pump]}."
                raise ProductError(f"{name}: nobody sells “{key}”.", hint=hint)
            if isinstance(given, str):
                given = [part.strip() for part in given.split(",")]
            for item in given if isinstance(given, list) else [given]:
                part = {"name": item} if isinstance(item, str) else item
                part = mapping(part, "may_sell")
                refuse_unknown(part, ["name", "from", "to"], "may_sell")
                first = day(text(part, "from"), name) or ALWAYS_FROM
                last = day(text(part, "to"), name)
                yield SellFact(_SELLS[key], text(part, "name"), first, last)


def _within(on: date, last: date | None) -> bool:
    return last is None or on <= last
