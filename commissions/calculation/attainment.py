"""Tiers that a payee has passed, each with the entry that reached it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from commissions.calculation.facts import PayeeInputs
from commissions.calculation.pipeline import reckonings
from commissions.calculation.program import ComponentProgram
from commissions.calculation.reckoning import Observer, PlanReckoning
from commissions.calculation.scope import Credited
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


def tiers_passed(inputs: PayeeInputs) -> tuple[TierPassed, ...]:
    """Return the tiers that the payee's entries of this period reached, in order."""
    found: list[TierPassed] = []
    with arithmetic():
        for plan in reckonings(inputs, Observer()):
            plan.all_measures()
            for at, unit in enumerate(plan.units):
                if unit.day >= inputs.period.starts_on and not unit.nth:
                    found += _passed_with(plan, at, unit)
    return tuple(found)


def _passed_with(plan: PlanReckoning, at: int, unit: Credited) -> Iterable[TierPassed]:
    for component in unit.assignment.program.components:
        for running in plan.runnings.values():
            before, part = running.befores[at], running.parts[at]
            names = running.latest.names
            for bound, rate in _bounds(component, names, unit):
                if part is not None and before < bound <= before + part:
                    yield TierPassed(
                        plan.plan_id,
                        component.key,
                        running.name,
                        bound,
                        rate,
                        unit.day,
                        unit.entry.id,
                        unit.entry.name,
                    )


def _bounds(
    component: ComponentProgram, measure: tuple[str, ...], unit: Credited
) -> Iterable[tuple[Decimal, Decimal]]:
    """Return the tiers above the first that a component reads by this measure."""
    names = component.amount.names
    if component.per != "deal" or not names & set(measure):
        return
    for name in sorted(names):
        table = unit.values.get(name)
        if isinstance(table, TierTable):
            yield from table.rows[1:]
