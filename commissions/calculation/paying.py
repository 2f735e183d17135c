"""One line: what a component pays for a credit, or once for a period."""

from commissions.calculation.amounts import (
    Amounts,
    applies,
    failed_line,
    line_of,
    reckon,
    replaced,
)
from commissions.calculation.facts import LineDraft, LineKey
from commissions.calculation.program import ComponentProgram
from commissions.calculation.scope import (
    CannotReckon,
    Credited,
    Scope,
    holds,
    of_entry,
)
from commissions_saas.lib.periods import Period

Line = tuple[LineDraft, Amounts | None]


def pay_credit(
    plan_id: int, component: ComponentProgram, unit: Credited, period: Period
) -> Line | None:
    """Return the line for a credit, failed where it cannot be worked out; or none."""
    key = LineKey(plan_id, component.key, unit.entry.id, unit.line_role, 0)
    try:
        standing = applies(component, unit.assignment.program, unit, period)
        if not standing:
            return None
        amounts = reckon(component, unit, standing)
        return line_of(component, unit, key, amounts), amounts
    except CannotReckon as problem:
        words = of_entry(unit, str(problem))
        return failed_line(component, unit, key, words), None


def pay_period(
    plan_id: int, component: ComponentProgram, scope: Scope, problem: str = ""
) -> Line | None:
    """Return the line for the whole period, failed or not; or none.

    With a `problem` it cannot be paid.
    """
    key = LineKey(plan_id, component.key, 0, "", 0)
    try:
        if problem:
            raise CannotReckon(problem)
        if not holds(component.when, scope):
            return None
        if replaced(component, scope.assignment.program, scope):
            return None
        amounts = reckon(component, scope)
        return line_of(component, scope, key, amounts), amounts
    except CannotReckon as reason:
        return failed_line(component, scope, key, str(reason)), None


def unpayable(
    plan_id: int, component: ComponentProgram, scope: Scope, words: str
) -> Line:
    """Return the line that says why a component as a whole cannot be worked out."""
    key = LineKey(plan_id, component.key, 0, "", 0)
    return failed_line(component, scope, key, words), None
