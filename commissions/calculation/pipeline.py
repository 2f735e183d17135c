"""The calculation: one payee, one period, from frozen facts to a statement's draft.

The stages are credits, measures, amounts with caps and floors, gates, adjustments, and
at last what concerns the whole statement: one rounding of the total, settlement.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from commissions.calculation.credits import usable_rate
from commissions.calculation.facts import (
    AdjustmentFact,
    AssignmentFact,
    Failure,
    LeftOut,
    LineDraft,
    LineKey,
    MeasureDraft,
    PayeeInputs,
    Settled,
    StatementDraft,
)
from commissions.calculation.holes import holes_of, lines_of_holes
from commissions.calculation.program import ONE, ZERO, PlanProgram
from commissions.calculation.reckoning import Observer, PlanReckoning
from commissions.calculation.scope import CannotReckon
from commissions.formula import arithmetic
from commissions_saas.lib.money import round_money, round_together

_NOBODY = Observer()


def calculate(inputs: PayeeInputs) -> StatementDraft:
    """Work out a payee's statement; the order of the inputs changes nothing."""
    return observed(inputs, _NOBODY)


def observed(inputs: PayeeInputs, observer: Observer) -> StatementDraft:
    """Work out a payee's statement while an observer listens."""
    with arithmetic():
        return draft_of_plans(inputs, reckonings(inputs, observer))


def reckonings(inputs: PayeeInputs, observer: Observer) -> list[PlanReckoning]:
    """Return the work on each plan of a payee, none of it done yet."""
    by_plan: dict[int, list[AssignmentFact]] = defaultdict(list)
    for assignment in inputs.assignments:
        by_plan[assignment.plan_id].append(assignment)
    return [
        PlanReckoning(inputs, plan_id, by_plan[plan_id], observer)
        for plan_id in sorted(by_plan)
    ]


def draft_of_plans(
    inputs: PayeeInputs, plans: Sequence[PlanReckoning]
) -> StatementDraft:
    """Do the work on all plans and bring it together in a statement."""
    lines: list[LineDraft] = []
    measures: list[MeasureDraft] = []
    left_out: dict[tuple[int, str], LeftOut] = {}
    each: dict[str, Decimal] = {}
    for plan in plans:
        own, totals = plan.all_lines(), plan.all_measures()
        lines += _rounded(plan.programs[-1], own)
        lines += lines_of_holes(plan, totals, own)
        measures += totals
        each |= holes_of(plan, totals)
        for running in plan.runnings.values():
            each |= running.added_by_key()
        left_out |= {(one.entry_id, one.role): one for one in plan.left_out}
    for adjustment in sorted(inputs.adjustments, key=lambda fact: fact.id):
        lines.append(adjustment_line(adjustment))
    failures = [Failure(line.key, line.failed) for line in lines if line.failed]
    settled = _settled(inputs, plans, lines)
    if settled is not None and settled.failed:
        key = LineKey(plans[-1].plan_id, "settle_in", 0, "", 0)
        failures.append(Failure(key, settled.failed))
    return StatementDraft(
        lines=tuple(lines),
        measures={
            **{draft.key: draft.added for draft in measures if not draft.failed},
            **each,
        },
        failures=tuple(failures),
        totals=tuple(measures),
        left_out=tuple(left_out.values()),
        settled=settled,
    )


def adjustment_line(fact: AdjustmentFact) -> LineDraft:
    """Return the line of an adjustment, which no calculation changes."""
    return LineDraft(
        key=LineKey(fact.plan_id, fact.component, fact.entry_id, fact.role, fact.id),
        kind=fact.kind,
        version_id=fact.version_id,
        component=fact.component,
        component_name=fact.component_name,
        entry_id=fact.entry_id,
        role=fact.role,
        share=ONE,
        base=None,
        amount=fact.amount,
        currency=fact.currency,
        waiting_for=fact.waiting_for,
        earned_on=fact.earned_on,
    )


def _rounded(program: PlanProgram, lines: list[LineDraft]) -> list[LineDraft]:
    """Round the sum of a plan's lines, where the plan rounds on the total."""
    if program.round_on == "line":
        return lines
    amounts = [line.amount for line in lines]
    rounded = round_together(amounts, program.currency, program.rounding)
    return [
        replace(line, amount=amount)
        for line, amount in zip(lines, rounded, strict=True)
    ]


def _settled(
    inputs: PayeeInputs, plans: Sequence[PlanReckoning], lines: Sequence[LineDraft]
) -> Settled | None:
    """Turn the total into the currency in which the plans settle, at the last day."""
    programs = [plan.programs[-1] for plan in plans]
    wanted = sorted({part.settle_in for part in programs if part.settle_in})
    if not wanted:
        return None
    currency, day = wanted[0], inputs.period.ends_on
    try:
        if len(wanted) > 1:
            raise CannotReckon(
                f"The plans settle in {' and '.join(wanted)}; a statement settles in one"
                " currency."
            )
        total = sum((line.amount for line in lines), ZERO)
        if currency == inputs.currency:
            return Settled(total, currency, None)
        rate = usable_rate(
            inputs.settle_rates.get((currency, day)),
            f"The statement settles in {currency}",
            (inputs.currency, currency),
            day,
        )
    except CannotReckon as problem:
        return Settled(Decimal(0), currency, None, str(problem))
    program = next(part for part in programs if part.settle_in)
    amount = round_money(total * rate.rate, currency, program.rounding)
    return Settled(amount, currency, rate)
