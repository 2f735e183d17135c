"""Stage two: running totals, taken once through the credits in the plan's order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from commissions.calculation.credits import (
    CannotReckon,
    Credited,
    Scope,
    holds,
    number,
    stands,
)
from commissions.calculation.facts import MeasureDraft, PayeeInputs, measure_key
from commissions.calculation.program import ZERO, MeasureProgram, Window
from commissions_saas.lib.periods import Period, period_of

# The part that one credit adds to a measure; None where it is not part of it.
Contribution = Callable[[MeasureProgram, Credited], Decimal | None]


@dataclass(slots=True)
class Sum:
    """A measure inside one window, as it grows."""

    total: Decimal = ZERO
    at_start: Decimal = ZERO
    failed: str = ""
    kept: tuple[Period, ...] = ()


@dataclass(slots=True)
class Running:
    """A measure of one plan: where it stood at each credit, and each window's total."""

    name: str
    programs: Mapping[int, MeasureProgram]
    befores: list[Decimal] = field(default_factory=list)
    parts: list[Decimal | None] = field(default_factory=list)
    windows: list[str] = field(default_factory=list)
    sums: dict[str, Sum] = field(default_factory=dict)


@dataclass(slots=True)
class Windows:
    """Finds the window of a day, and what is stored of the periods before this one."""

    inputs: PayeeInputs
    plan_id: int
    _found: dict[tuple[Window, date], Period] = field(default_factory=dict)

    def of(self, over: Window, day: date) -> Period:
        """Return the window of this kind that holds `day`."""
        key = over, day
        if key not in self._found:
            kind = self.inputs.period.kind if over == "period" else over
            self._found[key] = period_of(kind, day)
        return self._found[key]

    def opened(self, name: str, window: Period) -> Sum:
        """Start a window with what is stored of its earlier periods."""
        kept = []
        start = ZERO
        earlier = self.inputs.period.previous() if self.inputs.stored else None
        while earlier is not None and earlier.ends_on >= window.starts_on:
            key = measure_key(self.plan_id, name), earlier.slug
            stored = self.inputs.stored.get(key)
            if stored is not None and earlier.ends_on <= window.ends_on:
                start += stored
                kept.append(earlier)
            earlier = earlier.previous()
        return Sum(start, start, kept=tuple(kept))


def add_up(
    name: str,
    programs: Mapping[int, MeasureProgram],
    units: Sequence[Credited],
    windows: Windows,
    contribution: Contribution,
) -> Running:
    """Take the credits once, in order, and note where the measure stood at each.

    A credit whose part cannot be worked out spoils its window from there on: what
    comes after it would rest on a wrong total.
    """
    running = Running(name, programs)
    starts = windows.inputs.period.starts_on
    any_program = next(iter(programs.values()))
    for unit in units:
        program = programs.get(id(unit.assignment.program))
        window = windows.of((program or any_program).over, unit.day)
        total = running.sums.get(window.slug)
        if total is None:
            total = running.sums[window.slug] = windows.opened(name, window)
        running.befores.append(total.total)
        running.windows.append(window.slug)
        _publish(unit, name, "before", total.total, total.failed)
        part = None
        stored = any(period.contains(unit.day) for period in total.kept)
        if program is not None and not stored:
            part = _part(program, unit, total, contribution)
        running.parts.append(part)
        if part:
            total.total += part
            if unit.day < starts:
                total.at_start += part
        _publish(unit, name, "after", total.total, total.failed)
    for unit, slug in zip(units, running.windows, strict=True):
        total = running.sums[slug]
        _publish(unit, name, "total", total.total, total.failed)
    return running


def _part(
    program: MeasureProgram, unit: Credited, total: Sum, contribution: Contribution
) -> Decimal | None:
    try:
        return contribution(program, unit)
    except CannotReckon as problem:
        words = f"“{program.name}” could not be added up. {problem}"
        total.failed = total.failed or words
        return None


def _publish(scope: Scope, name: str, which: str, value: Decimal, failed: str) -> None:
    reading = f"{name}.{which}"
    if failed:
        scope.problems = {**scope.problems, reading: failed}
    else:
        scope.values[reading] = value


def part_of_credit(program: MeasureProgram, unit: Credited) -> Decimal | None:
    """Return what a credit adds to a measure, or None where it is not part of it."""
    if unit.entry.object != program.object or unit.role not in program.roles:
        return None
    if not stands(unit.entry, program.clawback_days) or program.sum is None:
        return None
    if not holds(program.when, unit):
        return None
    return number(program.sum, unit)


def draft_of(
    running: Running,
    program: MeasureProgram,
    windows: Windows,
    of_lines: Decimal = ZERO,
    failed: str = "",
) -> MeasureDraft:
    """Return the measure at the end of the period: what it added, and its total.

    `of_lines` is what lines of the whole period add that belong to no credit.
    """
    window = windows.of(program.over, windows.inputs.period.ends_on)
    total = running.sums.get(window.slug)
    if total is None:
        total = windows.opened(running.name, window)
    whole = total.total + of_lines
    return MeasureDraft(
        key=measure_key(windows.plan_id, running.name),
        plan_id=windows.plan_id,
        name=running.name,
        over=program.over,
        window=window.slug,
        added=whole - total.at_start,
        total=whole,
        failed=failed or total.failed,
    )


def of_team(
    program: MeasureProgram, units: Sequence[Credited], windows: Windows
) -> MeasureDraft:
    """Read a team's measure, which was reckoned from all its payees and stored."""
    window = windows.of(program.over, windows.inputs.period.ends_on)
    before = windows.opened(program.name, window).total
    key = measure_key(windows.plan_id, program.name)
    added = windows.inputs.stored.get((key, windows.inputs.period.slug))
    failed = ""
    if added is None:
        failed = f"“{program.name}” of the team has not been worked out yet."
    total = before + (added or ZERO)
    for unit in units:
        for which in ("before", "after", "total"):
            _publish(unit, program.name, which, total, failed)
    return MeasureDraft(
        key,
        windows.plan_id,
        program.name,
        program.over,
        window.slug,
        added or ZERO,
        total,
        failed,
    )


def publish_totals(scope: Scope, draft: MeasureDraft) -> None:
    """Let a component of the whole period read a measure."""
    start = draft.total - draft.added
    _publish(scope, draft.name, "before", start, draft.failed)
    _publish(scope, draft.name, "after", draft.total, draft.failed)
    _publish(scope, draft.name, "total", draft.total, draft.failed)


def publish_start(scope: Scope, program: MeasureProgram, windows: Windows) -> None:
    """Let a component of the whole period read where a measure stood before it."""
    window = windows.of(program.over, windows.inputs.period.ends_on)
    start = windows.opened(program.name, window).total
    _publish(scope, program.name, "before", start, "")
