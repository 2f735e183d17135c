"""What is the same for all entries of a day, and what an entry only points at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from commissions.calculation.facts import (
    AssignmentFact,
    DatedValue,
    PayeeInputs,
    TableFact,
    ThingFact,
)
from commissions.calculation.names import NTH, THINGS
from commissions.calculation.program import ONE, FieldRead, PlanProgram
from commissions.calculation.scope import CannotReckon, Credited, Readable, checked
from commissions.calculation.words import day_words
from commissions.formula import Table
from commissions_saas.lib.periods import Period, period_of
from crm_sync.ledger.facts import Value

_DAY = timedelta(days=1)
Read = tuple[dict[str, Readable], dict[str, str]]


@dataclass(slots=True)
class DayReader:
    """Reads what is the same for all entries of a day: tables, variables, the payee."""

    inputs: PayeeInputs
    _seen: dict[tuple[int, date], Read] = field(default_factory=dict)
    _stays: dict[int, "Stay"] = field(default_factory=dict)

    def read(self, assignment: AssignmentFact, day: date) -> Read:
        """Return the names that can be read on `day`, and those that cannot."""
        key = id(assignment), day
        if key not in self._seen:
            self._seen[key] = self._fresh(assignment, day)
        return self._seen[key]

    def _fresh(self, assignment: AssignmentFact, day: date) -> Read:
        values: dict[str, Readable] = {}
        problems: dict[str, str] = {}
        program = assignment.program
        for reading in sorted(program.table_names):
            name = reading.partition(".")[2]
            table = table_on(self.inputs.tables, name, day) or program.table_on(
                name, day
            )
            if table is None:
                words = f"There is no rate table “{name}” for {day_words(day)}."
                problems[reading] = words
            else:
                values[reading] = table
        if program.dates:
            period = period_of(self.inputs.period.kind, day)
            values.update(self.window(assignment, period))
            values.update(self._dates(assignment))
        if any(part.repeat for part in program.components):
            values[NTH] = ONE
        owner = f"the assignment of {self.inputs.payee_name}"
        for name, kind in program.variables.items():
            given = assignment.values.get(name, program.defaults.get(name))
            take(FieldRead(name, name, kind), given, owner, values, problems)
        payee, facts = self.inputs.payee_name, self.inputs.facts
        for read in program.payee_fields:
            given = dated(read.key, facts, self.inputs.attributes, day)
            if read.key == "name":
                given = payee
            take(read, given, payee, values, problems)
        for read in program.thing_fields.get("business", ()):
            fact = self.inputs.things.get(("business", ""), ThingFact())
            given = dated(read.key, fact.facts, fact.attributes, day)
            take(read, given, "the business", values, problems)
        return values, problems

    def window(self, assignment: AssignmentFact, window: Period) -> dict[str, Readable]:
        """Return the days of a window: all of them, and those of active service."""
        if "window.active_days" not in assignment.program.dates:
            active = None
        else:
            active = self._stay(assignment.plan_id).active_days(window)
        return {
            "window.starts_on": window.starts_on,
            "window.ends_on": window.ends_on,
            "window.days": _days(window.starts_on, window.ends_on),
            "window.active_days": active,
        }

    def _stay(self, plan_id: int) -> "Stay":
        if plan_id not in self._stays:
            self._stays[plan_id] = stay_of(self.inputs, plan_id)
        return self._stays[plan_id]

    def _dates(self, assignment: AssignmentFact) -> dict[str, Readable]:
        """Return the days that proration needs: the period's, and those on the plan."""
        period = self.inputs.period
        first, last = self._stay(assignment.plan_id).around(assignment)
        return {
            "period.starts_on": period.starts_on,
            "period.ends_on": period.ends_on,
            "period.days": _days(period.starts_on, period.ends_on),
            "assignment.starts_on": first,
            "assignment.ends_on": last,
        }


@dataclass(frozen=True, slots=True)
class Stay:
    """The days that a payee has on a plan, and those of leave."""

    facts: tuple[AssignmentFact, ...]
    leave: tuple[tuple[date, date], ...]

    def around(self, assignment: AssignmentFact) -> tuple[date, date | None]:
        """Return the first and last day of facts that follow each other without gap."""
        first, last = assignment.starts_on, assignment.ends_on
        for fact in reversed(self.facts):
            if fact.ends_on is not None and fact.ends_on + _DAY == first:
                first = fact.starts_on
        for fact in self.facts:
            if last is not None and fact.starts_on == last + _DAY:
                last = fact.ends_on
        return first, last

    def active_days(self, window: Period) -> Decimal:
        """Count the days of a window on the plan and not on leave."""
        active = 0
        day = window.starts_on
        while day <= window.ends_on:
            on_leave = any(first <= day <= last for first, last in self.leave)
            if not on_leave and any(fact.covers(day) for fact in self.facts):
                active += 1
            day += _DAY
        return Decimal(active)


def stay_of(inputs: PayeeInputs, plan_id: int) -> Stay:
    """Return a payee's days on a plan, the earliest first."""
    own = [fact for fact in inputs.assignments if fact.plan_id == plan_id]
    return Stay(tuple(sorted(own, key=lambda fact: fact.starts_on)), inputs.leave)


@lru_cache(maxsize=512)
def points_elsewhere(program: PlanProgram) -> bool:
    """Say whether a plan reads what an entry only points at."""
    things = (program.thing_fields.get(kind) for kind in THINGS[:-1])
    return any(things) or any(program.person_fields.values())


def read_around(
    inputs: PayeeInputs,
    unit: Credited,
    values: dict[str, Readable],
    problems: dict[str, str],
) -> None:
    """Read what an entry points at: its product, customer and so on, and its people."""
    program = unit.assignment.program
    for kind in THINGS[:-1]:
        reads = program.thing_fields.get(kind, ())
        name = unit.entry.values.get(kind) if reads else None
        thing = inputs.things.get((kind, name)) if isinstance(name, str) else None
        thing = thing or ThingFact()
        for read in reads:
            given = dated(read.key, thing.facts, thing.attributes, unit.day)
            take(read, given, f"{kind} “{name}”", values, problems)
    for which, reads in program.person_fields.items():
        for read in reads:
            try:
                values[read.name] = _of_people(inputs, unit, which, read)
            except CannotReckon as problem:
                problems[read.name] = str(problem)


def _of_people(
    inputs: PayeeInputs, unit: Credited, which: str, read: FieldRead
) -> Value | None:
    """Read a field of the owner, of who is below, or the highest of all below."""
    if which == "owner":
        people = [owner_of(unit)]
    else:
        people = chain_below(unit)[: 1 if which == "below" else None]
    found = [_of_person(inputs, payee_id, read, unit) for payee_id in people]
    if not found:
        raise CannotReckon(f"Nobody stands below the payee for {unit.entry.name}.")
    if which != "highest_below":
        return found[0]
    known = [value for value in found if value is not None]
    numbers = [value for value in known if isinstance(value, Decimal)]
    if len(numbers) < len(known):
        raise CannotReckon(f"{read.name} can be read of numbers only.")
    return max(numbers, default=None)


def _of_person(
    inputs: PayeeInputs, payee_id: int, read: FieldRead, unit: Credited
) -> Value | None:
    person = inputs.people.get(payee_id)
    if person is None:
        who = inputs.names.get(payee_id) or "somebody who is credited"
        raise CannotReckon(f"Nothing is known of {who} for {unit.entry.name}.")
    given = dated(read.key, person.facts, person.attributes, unit.day)
    return checked(read, person.name if read.key == "name" else given, person.name)


def chain_below(unit: Credited) -> list[int]:
    """Return who stands below a payee in the chain over an entry, the nearest first."""
    found: list[int] = []
    through, level = unit.through, unit.level
    while through:
        found.append(through)
        level -= 1
        ways = [
            credit.through
            for credit in unit.entry.credits
            if credit.payee_id == through and credit.level == level and level > 0
        ]
        # Where several ways lead to one person, the first by number is taken.
        through = min((way for way in ways if way), default=0)
    return found


def owner_of(unit: Credited) -> int:
    """Return the payee who owns an entry; the first by number where several do."""
    owners = [part.payee_id for part in unit.entry.credits if part.role == "owner"]
    if not owners:
        raise CannotReckon(f"Nobody is known as the owner of {unit.entry.name}.")
    return min(owners)


def dated(
    key: str, facts: Iterable[DatedValue], standing: Mapping[str, Value], day: date
) -> Value | None:
    """Return a fact as it was on a day, the latest started; else what always holds."""
    holding = [
        fact
        for fact in facts
        if fact.key == key
        and fact.starts_on <= day
        and (fact.ends_on is None or day <= fact.ends_on)
    ]
    if not holding:
        return standing.get(key)
    return max(holding, key=lambda fact: (fact.starts_on, str(fact.value))).value


def take(
    read: FieldRead,
    given: Value | None,
    owner: str,
    values: dict[str, Readable],
    problems: dict[str, str],
) -> None:
    """Let formulas read a value, or keep the reason why they cannot."""
    try:
        values[read.name] = checked(read, given, owner)
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


def _days(first: date, last: date) -> Decimal:
    return Decimal((last - first).days + 1)
