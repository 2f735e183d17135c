"""How far a payee has come: quotas reached in part, and tiers that were passed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from commissions.calculation.credits import Credited
from commissions.calculation.facts import AssignmentFact, MeasureDraft, PayeeInputs
from commissions.calculation.pipeline import Observer, PlanReckoning
from commissions.calculation.program import ComponentProgram, MeasureProgram
from commissions.formula import TierTable, arithmetic


@dataclass(frozen=True, slots=True)
class TierPassed:
    """The entry with which a measure reached the next tier of a rate table."""

    plan_id: int
    component: str
    measure: str
    bound: Decimal
    rate: Decimal
    on: date
    entry_id: int
    entry_name: str


@dataclass(frozen=True, slots=True)
class Attainment:
    """A measure against the quota of the assignment; `share` is None without a quota."""

    measure: MeasureDraft
    quota: Decimal
    share: Decimal | None


def attainments(
    inputs: PayeeInputs, totals: Iterable[MeasureDraft], variable: str = "quota"
) -> tuple[Attainment, ...]:
    """Hold each money measure of a plan with a quota against that quota."""
    quotas = {
        fact.plan_id: value
        for fact in sorted(inputs.assignments, key=lambda fact: fact.starts_on)
        if isinstance(value := fact.values.get(variable), Decimal)
        and fact.starts_on <= inputs.period.ends_on
    }
    found = []
    for total in totals:
        quota = quotas.get(total.plan_id)
        if quota is not None and not total.failed:
            with arithmetic():
                share = total.total / quota if quota else None
            found.append(Attainment(total, quota, share))
    return tuple(found)


def tiers_passed(inputs: PayeeInputs) -> tuple[TierPassed, ...]:
    """Return the tiers that the payee's entries of this period reached, in order."""
    by_plan: dict[int, list[AssignmentFact]] = {}
    for fact in inputs.assignments:
        by_plan.setdefault(fact.plan_id, []).append(fact)
    found: list[TierPassed] = []
    with arithmetic():
        for plan_id in sorted(by_plan):
            reckoning = PlanReckoning(inputs, plan_id, by_plan[plan_id], Observer())
            reckoning.all_lines()
            for unit in reckoning.units:
                if unit.day >= inputs.period.starts_on:
                    found += _passed_with(plan_id, unit)
    return tuple(found)


def _passed_with(plan_id: int, unit: Credited) -> Iterable[TierPassed]:
    program = unit.assignment.program
    for component in program.components:
        for measure in program.measures:
            for bound, rate in _bounds(component, measure, unit):
                before = unit.values.get(f"{measure.name}.before")
                after = unit.values.get(f"{measure.name}.after")
                if not isinstance(before, Decimal) or not isinstance(after, Decimal):
                    continue
                if before < bound <= after:
                    yield TierPassed(
                        plan_id,
                        component.key,
                        measure.name,
                        bound,
                        rate,
                        unit.day,
                        unit.entry.id,
                        unit.entry.name,
                    )


def _bounds(
    component: ComponentProgram, measure: MeasureProgram, unit: Credited
) -> Iterable[tuple[Decimal, Decimal]]:
    """Return the tiers above the first that a component reads by this measure."""
    names = component.amount.names
    if component.per != "deal" or not names & set(measure.names):
        return
    for name in sorted(names):
        table = unit.values.get(name)
        if isinstance(table, TierTable):
            yield from table.rows[1:]
