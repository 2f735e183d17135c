"""Measures that could not be worked out: told to later periods, never read as nothing.

Beside the amounts that are stored stands a mark for each measure that has none, under
its key with a “!”: who reads the window later finds the hole and fails by name.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from commissions.calculation.facts import (
    LineDraft,
    LineKey,
    MeasureDraft,
    measure_key,
)
from commissions.calculation.order import reads_stored
from commissions.calculation.program import ONE, ZERO
from commissions.calculation.reckoning import PlanReckoning
from commissions.calculation.windows import HOLE
from commissions.calculation.words import name_words

_LONGEST_KEY = 60


def holes_of(plan: PlanReckoning, drafts: Iterable[MeasureDraft]) -> dict[str, Decimal]:
    """Return the marks of a plan's measures that later periods would read as stored."""
    found = {}
    for draft in drafts:
        measure = list(plan.measures_named(draft.name).values())[-1]
        if not draft.failed or not reads_stored(measure):
            continue
        found[f"{draft.key}{HOLE}"] = ONE
        running = plan.runnings.get(draft.name)
        if running is not None and measure.by is not None:
            for one in running.each_now():
                if one.failed:
                    key = f"{draft.name}[{one.of}]{HOLE}"
                    found[measure_key(plan.plan_id, key)] = ONE
    return found


def lines_of_holes(
    plan: PlanReckoning, drafts: Iterable[MeasureDraft], lines: Sequence[LineDraft]
) -> Iterator[LineDraft]:
    """Yield a failed line for each hole that a later period falls into.

    Where no line fails, nothing else says so, and the statement would be frozen with
    it. What is gathered is gathered anew later.
    """
    end, period = plan.at_end, plan.inputs.period
    if end is None or any(line.failed for line in lines):
        return
    for draft in drafts:
        measure = list(plan.measures_named(draft.name).values())[-1]
        if not draft.failed or measure.gathers or not reads_stored(measure):
            continue
        if plan.windows.of(measure.over, period.ends_on).ends_on <= period.ends_on:
            continue
        key = f"measures.{draft.name}"[:_LONGEST_KEY]
        yield LineDraft(
            key=LineKey(plan.plan_id, key, 0, "", 0),
            kind="earning",
            version_id=end.assignment.version_id,
            component=key,
            component_name=name_words(draft.name).capitalize(),
            entry_id=0,
            role="",
            share=ONE,
            base=None,
            amount=ZERO,
            currency=end.assignment.program.currency,
            waiting_for="",
            earned_on=end.day,
            failed=draft.failed,
        )
