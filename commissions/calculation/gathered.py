"""Measures that are taken from many payees: totals, ranks, parts of a pool."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from commissions.calculation.facts import MemberFact, PayeeInputs
from commissions.calculation.names import HELD_AS
from commissions.calculation.program import (
    ONE,
    ZERO,
    MeasureProgram,
    PlanProgram,
)
from commissions.calculation.scope import CannotReckon, Readable, Scope, number
from commissions.formula import EvaluationError
from commissions_saas.lib.money import round_money, split


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a gathered measure came to, and from whom; `parts` go with `members`.

    `amount` is what was shared out, where each takes a part of it.
    """

    value: Decimal
    members: tuple[MemberFact, ...] = ()
    parts: tuple[Decimal, ...] = ()
    amount: Decimal | None = None
    given: bool = False


def gather(
    inputs: PayeeInputs, measure: MeasureProgram, key: str, scope: Scope
) -> Gathered:
    """Bring together what the members of a set have; the order given changes nothing."""
    if key in inputs.given:
        return Gathered(inputs.given[key], given=True)
    program, payee_id = scope.assignment.program, inputs.payee_id
    try:
        members = inputs.members[key]
    except KeyError:
        words = f"What “{measure.gathers}” is for others is not known here."
        raise CannotReckon(words) from None
    ordered = sorted(members, key=lambda member: (member.order, member.payee_id))
    for member in ordered:
        if member.failed:
            words = f"“{measure.gathers}” of {member.who} is not known."
            raise CannotReckon(f"{words} {member.failed}")
    counted = [one for one in ordered if _counts(program, measure, one)]
    me = next((one for one in counted if one.payee_id == payee_id), None)
    if measure.take == "part":
        return _part(program, measure, counted, me, scope)
    if measure.take in ("rank", "dense_rank", "tied"):
        value = _place(measure, counted, me) if me is not None else ZERO
    else:
        value = _together(measure, [member.value for member in counted])
    return Gathered(value, tuple(counted))


def _counts(program: PlanProgram, measure: MeasureProgram, member: MemberFact) -> bool:
    """Say whether the plan's condition holds for a member of the set."""
    if measure.where is None:
        return True
    types = {read.name: read.type for read in program.payee_fields}
    values: dict[str, Readable] = {"value": member.value}
    for name in sorted(measure.where.names):
        owner, _, key = name.partition(".")
        held = member.who if key == "name" else member.attributes.get(key)
        if owner != "payee" or held is None or held == "":
            continue
        if name in types and type(held) is not HELD_AS[types[name]]:
            words = f"{name} of {member.who} is “{held}”"
            raise CannotReckon(f"{words}, which is not what the plan expects.")
        values[name] = held
    try:
        return measure.where.evaluate(values) is True
    except EvaluationError as problem:
        raise CannotReckon(f"{member.who}: {problem}") from problem


def _place(
    measure: MeasureProgram, counted: Sequence[MemberFact], me: MemberFact
) -> Decimal:
    """Return the payee's place; those who have the same share one."""
    if measure.take == "tied":
        return Decimal(sum(one.value == me.value for one in counted))
    highest = measure.order == "highest"
    ahead = [
        one.value
        for one in counted
        if (one.value > me.value if highest else one.value < me.value)
    ]
    return ONE + (len(ahead) if measure.take == "rank" else len(set(ahead)))


def _together(measure: MeasureProgram, values: Sequence[Decimal]) -> Decimal:
    if measure.take == "sum":
        return sum(values, ZERO)
    if measure.take == "count":
        return Decimal(len(values))
    if not values:
        raise CannotReckon(f"There is nobody to take the {measure.take} of.")
    if measure.take == "average":
        return sum(values, ZERO) / len(values)
    return max(values) if measure.take == "highest" else min(values)


def _part(
    program: PlanProgram,
    measure: MeasureProgram,
    counted: Sequence[MemberFact],
    me: MemberFact | None,
    scope: Scope,
) -> Gathered:
    """Share an amount by weight, to the currency's places, so that it adds up."""
    if measure.amount is None:
        raise CannotReckon("There is no amount to share.")
    for member in counted:
        if member.value < 0:
            raise CannotReckon(f"The weight of {member.who} is below zero.")
    if not counted:
        raise CannotReckon("There is nobody to share the amount.")
    weights = [member.value for member in counted]
    if not any(weights):
        raise CannotReckon("All weights are zero, so the amount cannot be shared.")
    exact = number(measure.amount, scope)
    amount = round_money(exact, program.currency, program.rounding)
    parts = split(amount, weights, program.currency)
    mine = parts[counted.index(me)] if me is not None else ZERO
    return Gathered(mine, tuple(counted), tuple(parts), amount)
