"""Stages three to five: what a component pays, its limits, its gate, one rounding."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from commissions.calculation.credits import (
    CannotReckon,
    Credited,
    Scope,
    holds,
    number,
    stands,
)
from commissions.calculation.facts import LineDraft, LineKey
from commissions.calculation.program import ONE, ZERO, ComponentProgram
from commissions_saas.lib.money import LARGEST, round_money

_BASE_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Amounts:
    """How a line came to its amount, for the receipt."""

    base: Decimal | None
    exact: Decimal
    cap: Decimal | None
    floor: Decimal | None
    limited: Decimal
    rounded: Decimal
    limited_by: Literal["", "cap", "floor"]
    waiting_for: str


def applies(component: ComponentProgram, unit: Credited) -> bool:
    """Say whether a component pays for a credit: object, role, standing, condition."""
    return (
        unit.entry.object == component.object
        and unit.role in component.roles
        and stands(unit.entry, component.clawback_days)
        and holds(component.when, unit)
    )


def reckon(component: ComponentProgram, scope: Scope) -> Amounts:
    """Work out base, amount, cap and floor, gate; round once, at the end."""
    program = scope.assignment.program
    base = None
    scope.values.pop("base", None)
    if component.base is not None:
        base = number(component.base, scope)
        scope.values["base"] = base
    exact = number(component.amount, scope)
    limited, by = exact, ""
    cap = number(component.cap, scope) if component.cap is not None else None
    if cap is not None and limited > cap:
        limited, by = cap, "cap"
    floor = number(component.floor, scope) if component.floor is not None else None
    if floor is not None and limited < floor:
        limited, by = floor, "floor"
    rounded = round_money(_bounded(limited), program.currency, program.half)
    gate_open = holds(component.payable_when, scope)
    waiting_for = "" if gate_open else component.waiting_for or "release"
    return Amounts(
        base,
        exact,
        cap,
        floor,
        limited,
        rounded,
        "cap" if by == "cap" else "floor" if by == "floor" else "",
        waiting_for,
    )


def _bounded(amount: Decimal) -> Decimal:
    if abs(amount) > LARGEST:
        raise CannotReckon("The amount is too large to be paid.")
    return amount


def line_of(
    component: ComponentProgram, scope: Scope, key: LineKey, amounts: Amounts
) -> LineDraft:
    """Return the line that pays these amounts."""
    base = amounts.base
    if base is not None:
        base = _bounded(base).quantize(_BASE_PLACES)
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
        kind="earning",
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
