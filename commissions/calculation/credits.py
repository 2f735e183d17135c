"""Stage one: which entries count for a payee, and what a formula reads from each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from commissions.calculation.facts import (
    AssignmentFact,
    PayeeInputs,
    RateFact,
    TableFact,
)
from commissions.calculation.program import FieldRead, PlanProgram
from commissions.calculation.words import day_words
from commissions.formula import EvaluationError, Formula, Table
from commissions_saas.lib.money import round_money
from crm_sync.ledger.facts import EntryFact, Value, ValueType

Readable = Value | Table | None

# Fields that the calculation answers itself, whatever a source may send under them.
OWN_FIELDS: Mapping[str, ValueType] = {
    "id": "text",
    "name": "text",
    "role": "text",
    "share": "percent",
    "occurred_on": "date",
}
_HELD_AS: Mapping[ValueType, type] = {
    "money": Decimal,
    "number": Decimal,
    "percent": Decimal,
    "text": str,
    "date": date,
    "yesno": bool,
}
_WORDS: Mapping[ValueType, str] = {
    "money": "an amount",
    "number": "a number",
    "percent": "a percentage",
    "text": "text",
    "date": "a date",
    "yesno": "yes or no",
}


_DAY = timedelta(days=1)
# Days that every formula may read beside the fields of the entry.
DATES = (
    "period.starts_on",
    "period.ends_on",
    "assignment.starts_on",
    "assignment.ends_on",
)


class CannotReckon(Exception):
    """A line or a measure cannot be worked out; the text says why, for a person."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """An amount of an entry that was turned into the plan's currency."""

    name: str
    original: Decimal
    currency: str
    rate: RateFact
    converted: Decimal


@dataclass(slots=True)
class Scope:
    """The names that a formula may read, and why some of them cannot be read."""

    values: dict[str, Readable]
    problems: dict[str, str]
    assignment: AssignmentFact
    day: date


@dataclass(slots=True)
class Credited(Scope):
    """One entry that is credited to the payee in one role, in the plan's order."""

    entry: EntryFact
    role: str
    share: Decimal
    conversions: tuple[Conversion, ...] = ()


def evaluate(formula: Formula, scope: Scope) -> object:
    """Evaluate a formula, or say which of its names cannot be read."""
    if scope.problems:
        for name in sorted(formula.names):
            if name in scope.problems:
                raise CannotReckon(scope.problems[name])
    try:
        return formula.evaluate(scope.values)
    except EvaluationError as problem:
        raise CannotReckon(str(problem)) from problem


def number(formula: Formula, scope: Scope) -> Decimal:
    """Evaluate a formula that was checked to give an amount or a number."""
    answer = evaluate(formula, scope)
    if not isinstance(answer, Decimal):
        raise CannotReckon(f"“{formula.text}” does not give a number.")
    return answer


def holds(formula: Formula | None, scope: Scope) -> bool:
    """Say whether a condition holds; one that is not written always does."""
    return formula is None or evaluate(formula, scope) is True


def stands(entry: EntryFact, clawback_days: int | None) -> bool:
    """Say whether an entry earns: it counts, or it was lost after the clawback days."""
    if entry.occurred_on is None:
        return False
    if entry.counts:
        return True
    if clawback_days is None or entry.reversed_on is None:
        return False
    return entry.reversed_on > entry.occurred_on + timedelta(days=clawback_days)


def credited_in_order(
    inputs: PayeeInputs, assignments: Iterable[AssignmentFact]
) -> list[Credited]:
    """Return the payee's credits under one plan, oldest first, ties bytewise by id."""
    in_force = sorted(assignments, key=lambda fact: fact.starts_on, reverse=True)
    days = DayReader(inputs)
    found = []
    for entry in sorted(_dated(inputs), key=_plan_order):
        day = entry.occurred_on
        if day is None:
            continue
        assignment = next((fact for fact in in_force if fact.covers(day)), None)
        if assignment is None:
            continue
        for role, share in _shares(entry, inputs.payee_id).items():
            found.append(_credited(inputs, days, assignment, entry, day, role, share))
    return found


def _dated(inputs: PayeeInputs) -> Iterable[EntryFact]:
    last = inputs.period.ends_on
    for entry in inputs.entries:
        if entry.occurred_on is not None and entry.occurred_on <= last:
            yield entry


def _plan_order(entry: EntryFact) -> tuple[date, bytes, int]:
    return entry.occurred_on or date.min, entry.external_id.encode(), entry.id


def _shares(entry: EntryFact, payee_id: int) -> dict[str, Decimal]:
    """Add up what the payee holds in each role; two shares in one role are one."""
    shares: dict[str, Decimal] = {}
    for credit in entry.credits:
        if credit.payee_id == payee_id:
            shares[credit.role] = shares.get(credit.role, Decimal(0)) + credit.share
    return dict(sorted(shares.items()))


def _credited(
    inputs: PayeeInputs,
    days: "DayReader",
    assignment: AssignmentFact,
    entry: EntryFact,
    day: date,
    role: str,
    share: Decimal,
) -> Credited:
    of_day, problems = days.read(assignment, day)
    unit = Credited(
        dict(of_day), problems, assignment, day, entry, role=role, share=share
    )
    conversions: list[Conversion] = []
    for read in assignment.program.fields.get(entry.object, ()):
        try:
            value = _field(read, unit)
            if read.type == "money" and isinstance(value, Decimal):
                value = _in_plan_currency(inputs, unit, read, value, conversions)
            unit.values[read.name] = value
        except CannotReckon as problem:
            # The problems of a day are shared by its entries until one has its own.
            unit.problems = {**unit.problems, read.name: str(problem)}
    unit.conversions = tuple(conversions)
    return unit


def _field(read: FieldRead, unit: Credited) -> Value | None:
    if read.key in OWN_FIELDS or read.key == "won_on":
        return _own_field(read.key, unit)
    return _checked(read, unit.entry.values.get(read.key), unit.entry.name)


def _own_field(key: str, unit: Credited) -> Value:
    if key == "share":
        return unit.share
    if key == "role":
        return unit.role
    if key == "id":
        return unit.entry.external_id
    if key == "name":
        return unit.entry.name
    return unit.day


def _checked(read: FieldRead, value: Value | None, owner: str) -> Value | None:
    if value is None or value == "":
        # The language knows empty fields: text reads as empty, a yes/no as no, and an
        # amount fails the line unless the formula says what counts instead.
        return None
    if type(value) is not _HELD_AS[read.type]:
        raise CannotReckon(
            f"{read.name} should be {_WORDS[read.type]}, but {owner} has “{value}”."
        )
    return value


def _in_plan_currency(
    inputs: PayeeInputs,
    unit: Credited,
    read: FieldRead,
    value: Decimal,
    conversions: list[Conversion],
) -> Decimal:
    program: PlanProgram = unit.assignment.program
    currency = unit.entry.currency
    if currency in ("", program.currency):
        return value
    rate = inputs.rates.get((currency, unit.day))
    if rate is None:
        raise CannotReckon(
            f"{unit.entry.name} is in {currency}, and there is no rate from"
            f" {currency} to {program.currency} for {day_words(unit.day)}."
        )
    converted = round_money(value * rate.rate, program.currency, program.half)
    conversions.append(Conversion(read.name, value, currency, rate, converted))
    return converted


@dataclass(slots=True)
class DayReader:
    """Reads what is the same for all entries of a day: tables, variables, the payee."""

    inputs: PayeeInputs
    _seen: dict[tuple[int, date], tuple[dict[str, Readable], dict[str, str]]] = field(
        default_factory=dict
    )

    def read(
        self, assignment: AssignmentFact, day: date
    ) -> tuple[dict[str, Readable], dict[str, str]]:
        """Return the names that can be read on `day`, and those that cannot."""
        key = id(assignment), day
        if key not in self._seen:
            self._seen[key] = self._fresh(assignment, day)
        return self._seen[key]

    def _fresh(
        self, assignment: AssignmentFact, day: date
    ) -> tuple[dict[str, Readable], dict[str, str]]:
        values: dict[str, Readable] = {}
        problems: dict[str, str] = {}
        program = assignment.program
        for reading in sorted(program.table_names):
            name = reading.partition(".")[2]
            table = table_on(self.inputs.tables, name, day) or program.tables.get(name)
            if table is None:
                words = f"There is no rate table “{name}” for {day_words(day)}."
                problems[reading] = words
            else:
                values[reading] = table
        if program.dates:
            values.update(self._dates(assignment))
        for name, kind in program.variables.items():
            given = assignment.values.get(name)
            owner = f"the assignment of {self.inputs.payee_name}"
            self._take(FieldRead(name, name, kind), given, owner, values, problems)
        for read in program.payee_fields:
            given = self.inputs.attributes.get(read.key)
            if read.key == "name":
                given = self.inputs.payee_name
            self._take(read, given, self.inputs.payee_name, values, problems)
        return values, problems

    def _dates(self, assignment: AssignmentFact) -> dict[str, Readable]:
        """Return the days that proration needs: the period's, and those on the plan."""
        first, last = assignment.starts_on, assignment.ends_on
        own = [
            fact
            for fact in self.inputs.assignments
            if fact.plan_id == assignment.plan_id
        ]
        # Facts that follow each other without a gap are one stay on the plan.
        for fact in sorted(own, key=lambda fact: fact.starts_on, reverse=True):
            if fact.ends_on is not None and fact.ends_on + _DAY == first:
                first = fact.starts_on
        for fact in sorted(own, key=lambda fact: fact.starts_on):
            if last is not None and fact.starts_on == last + _DAY:
                last = fact.ends_on
        return {
            "period.starts_on": self.inputs.period.starts_on,
            "period.ends_on": self.inputs.period.ends_on,
            "assignment.starts_on": first,
            "assignment.ends_on": last,
        }

    def _take(
        self,
        read: FieldRead,
        given: Value | None,
        owner: str,
        values: dict[str, Readable],
        problems: dict[str, str],
    ) -> None:
        try:
            values[read.name] = _checked(read, given, owner)
        except CannotReckon as problem:
            problems[read.name] = str(problem)


def table_on(tables: Iterable[TableFact], name: str, day: date) -> Table | None:
    """Return the rate table of this name that holds on `day`, the latest started."""
    holding = [
        fact
        for fact in tables
        if fact.name == name
        and fact.starts_on <= day
        and (fact.ends_on is None or day <= fact.ends_on)
    ]
    if not holding:
        return None
    return max(holding, key=lambda fact: fact.starts_on).table
