"""How far back a period reads entries, and how far ahead a day is read."""

from collections.abc import Iterable
from datetime import date

from commissions.calculation.facts import AssignmentFact
from commissions.calculation.order import reads_stored
from commissions.calculation.program import PlanProgram, Window
from commissions.statements.periods import pay_period_of
from commissions_saas.lib.periods import Period, period_of, window_of_year


def first_day(programs: Iterable[AssignmentFact], period: Period) -> date:
    """Return the first day whose entries decide the period's statement.

    What is read as stored needs no entries of earlier periods; what is paid again in
    each period needs them all. Only what was in force this year is asked, so that the
    answer does not depend on what else was loaded.
    """
    starts = [
        _entries_from(fact.program, period.ends_on)
        for fact in programs
        if fact.starts_on <= period.ends_on
        and (fact.ends_on is None or fact.ends_on >= _year_of(fact.program, period))
    ]
    return min([period.starts_on, *starts])


def _year_of(program: PlanProgram, period: Period) -> date:
    year = period_of(window_of_year("year", program.year_starts), period.ends_on)
    return min(year.starts_on, period.starts_on)


def last_day(fact: AssignmentFact, day: date) -> date:
    """Return the last day of a period that a change on `day` may alter."""
    if _repeats(fact.program):
        return date.max
    overs = {part.over for part in fact.program.measures}
    overs |= {part.over for part in fact.program.components}
    windows = [_window(over, day) for over in overs]
    return max([pay_period_of(day).ends_on, *(window.ends_on for window in windows)])


def kept_measures(fact: AssignmentFact) -> frozenset[str]:
    """Return the measures whose earlier periods are read as stored, open ones too."""
    measures = fact.program.measures
    return frozenset(part.name for part in measures if reads_stored(part))


def _entries_from(program: PlanProgram, day: date) -> date:
    if _repeats(program):
        return date.min
    overs = {part.over for part in program.measures if not reads_stored(part)}
    overs |= {part.over for part in program.components}
    windows = [_window(over, day) for over in overs]
    return min((window.starts_on for window in windows), default=day)


def _repeats(program: PlanProgram) -> bool:
    return any(part.repeat for part in program.components)


def _window(over: Window | str, day: date) -> Period:
    if over == "period":
        return pay_period_of(day)
    return period_of(over, day)  # type: ignore[arg-type]
