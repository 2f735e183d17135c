"""Stages three to five: what a component pays, its limits, its gate, one rounding."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from commissions.calculation.credits import Standing, standing
from commissions.calculation.facts import LineDraft, LineKey
from commissions.calculation.names import EARNED
from commissions.calculation.program import (
    ONE,
    ZERO,
    ComponentProgram,
    PlanProgram,
)
from commissions.calculation.scope import (
    CannotReckon,
    Credited,
    Readable,
    Scope,
    as_number,
    holds,
    number,
    uncut,
)
from commissions.formula import Quotient, plain
from commissions_saas.lib.money import LARGEST, round_money
from commissions_saas.lib.periods import Period

_BASE_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Amounts:
    """How a line came to its amount, for the receipt.

    `earned` is what the amount was before the entry was lost, where only a part of it
    is kept. `rounded` is not rounded yet where the plan rounds on the total.
    """

    base: Decimal | None
    exact: Decimal
    cap: Decimal | None
    floor: Decimal | None
    limited: Decimal
    rounded: Decimal
    limited_by: Literal["", "cap", "floor"]
    waiting_for: str
    steps: tuple[tuple[str, object], ...] = ()
    earned: Decimal | None = None


def applies(
    component: ComponentProgram, program: PlanProgram, unit: Credited, period: Period
) -> Standing:
    """Say whether a component pays for a credit, as a whole or what is kept of it:
    object, role, standing, condition, and nothing more specific that replaces it."""
    if unit.entry.object != component.object or unit.role not in component.roles:
        return ""
    found: Standing = "whole"
    if not unit.entry.counts:
        found = standing(
            unit.entry,
            component.clawback_days,
            component.keeps is not None,
            period.ends_on if component.repeat else None,
        )
    if not found:
        return ""
    if unit.problem:
        raise CannotReckon(unit.problem)
    if component.when is not None and not holds(component.when, unit):
        return ""
    if component.repeat and not _goes_on(component, unit):
        return ""
    return "" if replaced(component, program, unit) else found


def _goes_on(component: ComponentProgram, unit: Credited) -> bool:
    """Say whether a repeated payment is still made in this period."""
    if component.times is not None and unit.nth > number(component.times, unit):
        return False
    return holds(component.going, unit)


def replaced(
    component: ComponentProgram, program: PlanProgram, scope: Scope
) -> ComponentProgram | None:
    """Return the component that applies instead of this one, if there is any."""
    for other in _instead(program).get(component.key, ()):
        if other.per != component.per:
            continue
        if isinstance(scope, Credited):
            same_object = scope.entry.object == other.object
            if not same_object or scope.role not in other.roles:
                continue
        if holds(other.when, scope):
            return other
    return None


@lru_cache(maxsize=512)
def _instead(program: PlanProgram) -> Mapping[str, Sequence[ComponentProgram]]:
    """Return, for each component, those that replace it where they apply."""
    found: dict[str, list[ComponentProgram]] = defaultdict(list)
    for component in program.components:
        for key in component.replaces:
            found[key].append(component)
    return dict(found)


def reckon(
    component: ComponentProgram, scope: Scope, found: Standing = "whole"
) -> Amounts:
    """Work out steps, base, amount, cap and floor, what is kept, gate; round once."""
    program = scope.assignment.program
    steps = _steps(component, scope) if component.steps else ()
    base = None
    scope.values.pop("base", None)
    if component.base is not None:
        kept = uncut(component.base, scope)
        base, scope.values["base"] = as_number(component.base, kept), _readable(kept)
    exact = number(component.amount, scope)
    limited, by = exact, ""
    cap = number(component.cap, scope) if component.cap is not None else None
    if cap is not None and limited > cap:
        limited, by = cap, "cap"
    floor = number(component.floor, scope) if component.floor is not None else None
    if floor is not None and limited < floor:
        limited, by = floor, "floor"
    earned = None
    if found == "kept" and component.keeps is not None:
        earned = scope.values[EARNED] = limited
        limited = number(component.keeps, scope)
    _require_bounded(limited)
    rounded = limited
    if program.round_on == "line":
        rounded = round_money(limited, program.currency, program.rounding)
    gate_open = holds(component.payable_when, scope)
    return Amounts(
        base=base,
        exact=exact,
        cap=cap,
        floor=floor,
        limited=limited,
        rounded=rounded,
        limited_by="cap" if by == "cap" else "floor" if by == "floor" else "",
        waiting_for="" if gate_open else component.waiting_for or "release",
        steps=steps,
        earned=earned,
    )


def _steps(component: ComponentProgram, scope: Scope) -> tuple[tuple[str, object], ...]:
    """Work out the named values of a component, each of which may read the earlier."""
    found: list[tuple[str, object]] = []
    for name, formula in component.steps:
        try:
            value = uncut(formula, scope)
        except CannotReckon as problem:
            raise CannotReckon(f"“{name}”: {problem}") from problem
        scope.values[name] = _readable(value)
        found.append((name, plain(value)))
    return tuple(found)


def _readable(value: object) -> Readable:
    if value is None or isinstance(value, Decimal | Quotient | str | bool | date):
        return value
    raise CannotReckon("A step gives an amount, a number, a text, a date or yes or no.")


def _require_bounded(amount: Decimal) -> None:
    if abs(amount) > LARGEST:
        raise CannotReckon("The amount is too large to be paid.")


def line_of(
    component: ComponentProgram, scope: Scope, key: LineKey, amounts: Amounts
) -> LineDraft:
    """Return the line that pays these amounts."""
    base = amounts.base
    if base is not None:
        _require_bounded(base)
        base = base.quantize(_BASE_PLACES)
    return _draft(component, scope, key, base, amounts.rounded, amounts.waiting_for, "")


def failed_line(
    component: ComponentProgram, scope: Scope, key: LineKey, message: str
) -> LineDraft:
    """Return the line that says why there is no amount; it blocks the review."""
    return _draft(component, scope, key, None, ZERO, "", message)


def _draft(
    component: ComponentProgram,
    scope: Scope,
    key: LineKey,
    base: Decimal | None,
    amount: Decimal,
    waiting_for: str,
    failed: str,
) -> LineDraft:
    return LineDraft(
        key=key,
        kind=component.kind,
        version_id=scope.assignment.version_id,
        component=component.key,
        component_name=component.name,
        entry_id=key.entry_id,
        role=key.role,
        share=scope.share if isinstance(scope, Credited) else ONE,
        base=base,
        amount=amount,
        currency=scope.assignment.program.currency,
        waiting_for=waiting_for,
        earned_on=scope.day,
        failed=failed,
    )
