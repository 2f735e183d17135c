"""Team measures: what a payee's reports sold, reckoned from the manager's own credits.

The ledger credits every entry to the manager of its day as well, so a team's total is
the same measure over those credits, and needs no other payee's statement first.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from commissions.calculation.facts import AssignmentFact, PayeeInputs
from commissions.calculation.pipeline import calculate
from commissions.calculation.program import PlanProgram
from commissions_saas.lib.periods import Period, period_of
from crm_sync.ledger.as_of import MANAGER


def with_team_measures(inputs: PayeeInputs) -> PayeeInputs:
    """Return the inputs with every team measure that their plans name."""
    concerned = [fact for fact in inputs.assignments if _has_team(fact.program)]
    if not concerned:
        return inputs
    stored = dict(inputs.stored)
    first = min(_window_start(fact, inputs.period) for fact in concerned)
    period: Period = inputs.period
    while period.ends_on >= first.starts_on:
        for key, value in _added(inputs, concerned, period).items():
            # What was kept of a frozen period stands.
            stored.setdefault((key, period.slug), value)
        period = period.previous()
    return replace(inputs, stored=stored)


def _added(
    inputs: PayeeInputs, concerned: list[AssignmentFact], period: Period
) -> Mapping[str, Decimal]:
    draft = calculate(
        replace(
            inputs,
            period=period,
            assignments=tuple(
                replace(fact, program=_team_alone(fact.program)) for fact in concerned
            ),
            adjustments=(),
            stored={},
        )
    )
    return draft.measures


def _window_start(fact: AssignmentFact, period: Period) -> Period:
    overs = {part.over for part in fact.program.measures if part.of_team} - {"period"}
    windows = [period_of(over, period.ends_on) for over in overs if over != "period"]
    return min([period, *windows], key=lambda window: window.starts_on)


def _has_team(program: PlanProgram) -> bool:
    return any(part.of_team for part in program.measures)


def _team_alone(program: PlanProgram) -> PlanProgram:
    """Return a program of the team measures alone, over credits as the manager."""
    return replace(
        program,
        measures=tuple(
            replace(part, of_team=False, roles=frozenset({MANAGER}))
            for part in program.measures
            if part.of_team
        ),
        components=(),
    )
