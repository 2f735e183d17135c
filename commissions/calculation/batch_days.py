"""What is the same for all credits of a stretch of days: plan, variables, rate tables."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from commissions.calculation.batch_code import LONGEST_TEXT, BatchProgram, Doubt
from commissions.calculation.facts import AssignmentFact, PayeeInputs, TableFact
from commissions.calculation.program import PlanProgram
from commissions.formula import Table
from commissions.formula.inlined import AMOUNTS, LEAST, MOST, PYTHON_TYPES, Type
from commissions_saas.lib.periods import Period

_DAY = timedelta(days=1)


def stretches(
    frame: PayeeInputs, facts: Sequence[AssignmentFact], period: Period
) -> Iterable[tuple[date, date, AssignmentFact]]:
    """Cut a period where another assignment or rate table comes into force."""
    cuts = {period.starts_on, period.ends_on + _DAY}
    held: tuple[AssignmentFact | TableFact, ...] = (*facts, *frame.tables)
    for dated in held:
        cuts.add(dated.starts_on)
        if dated.ends_on is not None:
            cuts.add(dated.ends_on + _DAY)
    inside = sorted(cut for cut in cuts if period.contains(cut))
    latest = sorted(facts, key=lambda fact: fact.starts_on, reverse=True)
    for first, following in zip(
        inside, [*inside[1:], period.ends_on + _DAY], strict=True
    ):
        fact = next((one for one in latest if one.covers(first)), None)
        if fact is not None:
            yield first, following - _DAY, fact


def shared_values(
    frame: PayeeInputs, fact: AssignmentFact, batch: BatchProgram, day: date
) -> tuple[object, ...]:
    """Read what is the same for all credits of a stretch of days."""
    program = batch.program
    values: dict[str, object] = {}
    defaults: Mapping[str, object] = getattr(program, "defaults", {})
    for name in program.variables:
        values[name] = fact.values.get(name, defaults.get(name))
    dated = {fact.key for fact in getattr(frame, "facts", ())}
    for read in program.payee_fields:
        if read.key in dated:
            raise Doubt
        is_name = read.key == "name"
        own = frame.payee_name if is_name else frame.attributes.get(read.key)
        values[read.name] = own
    for reading in program.table_names:
        name = reading.partition(".")[2]
        values[reading] = _table(frame, program, name, day)
    return tuple(_checked(values[name], batch.kinds.get(name)) for name in batch.shared)


def _checked(value: object, kind: Type | None) -> object:
    """Return a value as formulas read it; doubt one of another kind."""
    if value is None or value == "" or kind is None:
        return None
    wanted = PYTHON_TYPES[kind]
    fits = isinstance(value, Table) if wanted is Table else type(value) is wanted
    if not fits:
        raise Doubt
    if kind in AMOUNTS and not LEAST <= value <= MOST:  # type: ignore[operator]
        raise Doubt
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise Doubt
    return value


def _table(
    frame: PayeeInputs, program: PlanProgram, name: str, day: date
) -> Table | None:
    holding = [
        fact
        for fact in frame.tables
        if fact.name == name
        and fact.starts_on <= day
        and (fact.ends_on is None or day <= fact.ends_on)
    ]
    if holding:
        return max(holding, key=lambda fact: fact.starts_on).table
    if name not in program.tables:
        raise Doubt
    return program.tables[name]
