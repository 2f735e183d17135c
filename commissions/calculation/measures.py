"""Stage two: running totals, taken once through the credits in the plan's order."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple

from commissions.calculation.credits import stands
from commissions.calculation.facts import (
    LineDraft,
    MeasureDraft,
    measure_key,
)
from commissions.calculation.order import reads_stored
from commissions.calculation.program import ZERO, MeasureProgram
from commissions.calculation.scope import (
    CannotReckon,
    Credited,
    Scope,
    evaluate,
    holds,
    number,
    of_entry,
)
from commissions.calculation.windows import Kept, Sum, Windows
from commissions_saas.lib.periods import Period, period_of

# The part that one credit adds to a measure that stands at an amount; None where the
# credit is not part of it. The number is the credit's place in the plan's order.
Contribution = Callable[[MeasureProgram, Credited, int, Decimal], Decimal | None]
_LONGEST_KEY = 60


class Running:
    """A measure of one plan: where it stood at each credit, and each window's total.

    A credit whose part cannot be worked out spoils its window from there on: what
    comes after it would rest on a wrong total.
    """

    def __init__(
        self,
        programs: Mapping[int, MeasureProgram],
        windows: Windows,
        read: frozenset[str],
        contribution: Contribution,
    ) -> None:
        self.programs = programs
        self.latest = list(programs.values())[-1]
        self.name = self.latest.name
        self.windows = windows
        self.contribution = contribution
        self.parts: list[Decimal | None] = []
        self.befores: list[Decimal] = []
        self.at: list[Sum] = []
        self.sums: dict[tuple[str, str], Sum] = {}
        self._by_day: dict[tuple[date, int], Sum] = {}
        self._starts = windows.inputs.period.starts_on
        self._stored_only = reads_stored(self.latest)
        before, after, total = self.latest.names
        self._before = before if before in read else ""
        self._after = after if after in read else ""
        self._total = total if total in read else ""
        self._is_grown = False

    def open(self, unit: Credited) -> None:
        """Let a credit read where the measure stands before it."""
        found = self._by_day.get((unit.day, id(unit.assignment.program)))
        if found is None:
            found = self._of_unit(unit)
        self.at.append(found)
        before = found.total
        if unit.day < self._starts and found.kept:
            before = self._standing(found, unit, 0)
        self.befores.append(before)
        if self._before:
            publish(unit, self._before, before, found.failed)

    def grow(self, unit: Credited, line: LineDraft) -> None:
        """Let the next component of the same credit read what this one paid."""
        before = unit.values.get(self._before)
        if isinstance(before, Decimal):
            self._is_grown = True
            problem = self._spoilt(line.failed) if line.failed else ""
            publish(unit, self._before, before + line.amount, problem)

    def take(self, unit: Credited, at: int) -> None:
        """Add a credit's part, and let the credit read where the measure stands then."""
        total = self.at[at]
        if self._is_grown:
            # Whoever is not part of the measure reads it as before the credit.
            self._is_grown = False
            publish(unit, self._before, self.befores[at], total.failed)
        program = self.programs.get(id(unit.assignment.program))
        part = None
        if program is not None and not self._is_kept(unit, total):
            try:
                part = self.contribution(program, unit, at, total.total)
            except CannotReckon as problem:
                said = of_entry(unit, str(problem))
                total.failed = total.failed or self._spoilt(said)
        self.parts.append(part)
        if part:
            total.total += part
            if unit.day < self._starts:
                total.at_start += part
        if self._after:
            after = total.total
            if unit.day < self._starts and total.kept:
                after = self._standing(total, unit, 1)
            publish(unit, self._after, after, total.failed)

    def _spoilt(self, problem: str) -> str:
        return f"“{self.name}” could not be added up. {problem}"

    def publish_totals(self, units: Iterable[Credited], of_lines: Decimal) -> None:
        """Let every credit read its window's total, lines of the period included."""
        if not self._total:
            return
        now = self.windows.of(self.latest.over, self.windows.inputs.period.ends_on)
        for unit, found in zip(units, self.at, strict=True):
            more = of_lines if found.window == now else ZERO
            publish(unit, self._total, found.total + more, found.failed)

    def now(self) -> Sum:
        """Return the window that holds the period's last day, as it has grown; of a
        measure that runs for each by itself, all of them together."""
        window = self.windows.of(self.latest.over, self.windows.inputs.period.ends_on)
        if self.latest.by is None:
            return self._sum(window, "")
        found = Sum(window)
        for one in self.each_now():
            found.total += one.total
            found.at_start += one.at_start
            found.failed = found.failed or one.failed
        return found

    def each_now(self) -> list[Sum]:
        """Return what runs for each by itself in the window of the last day."""
        window = self.windows.of(self.latest.over, self.windows.inputs.period.ends_on)
        for key in self.windows.keys_of(self.name):
            self._sum(window, key)
        found = [one for one in self.sums.values() if one.window == window]
        return sorted(found, key=lambda one: one.of)

    def added_by_key(self) -> dict[str, Decimal]:
        """Return what the period added to each, where each runs by itself."""
        if self.latest.by is None:
            return {}
        return {
            measure_key(self.windows.plan_id, _keyed(self.name, one.of)): (
                one.total - one.at_start
            )
            for one in self.each_now()
            if one.total != one.at_start and not one.failed
        }

    def _sum(self, window: Period, key: str) -> Sum:
        found = self.sums.get((window.slug, key))
        if found is None:
            found = self.windows.opened(self.name, window)
            if self.latest.by is not None:
                found = self._of_key(window, key, found.kept)
            self.sums[window.slug, key] = found
        return found

    def _of_key(self, window: Period, key: str, whole: Kept) -> Sum:
        """Start what runs by itself; a period that is stored is stored for all of it."""
        found = self.windows.opened(_keyed(self.name, key), window)
        own = dict(found.kept)
        found.kept = tuple((period, own.get(period, ZERO)) for period, _ in whole)
        found.of = key
        return found

    def _of_unit(self, unit: Credited) -> Sum:
        """Return the sum of the window that holds a credit's day, and of its key."""
        program = self.programs.get(id(unit.assignment.program)) or self.latest
        window = self.windows.of(program.over, unit.day)
        if program.by is None:
            found = self._sum(window, "")
            self._by_day[unit.day, id(unit.assignment.program)] = found
            return found
        try:
            return self._sum(window, _key_words(evaluate(program.by, unit)))
        except CannotReckon as problem:
            return Sum(window, failed=self._spoilt(of_entry(unit, str(problem))))

    def _is_kept(self, unit: Credited, total: Sum) -> bool:
        """Say whether a credit is already in what was stored."""
        if unit.day >= self._starts:
            return False
        if self._stored_only:
            return True
        return any(period.contains(unit.day) for period, _ in total.kept)

    def _standing(self, total: Sum, unit: Credited, which: int) -> Decimal:
        """Return where the measure stood in an earlier period that was stored."""
        if not self._is_kept(unit, total):
            return total.total
        period = period_of(self.windows.inputs.period.kind, unit.day)
        return total.standing(period)[which]


def _keyed(name: str, key: str) -> str:
    return f"{name}[{key}]"


def _key_words(value: object) -> str:
    """Return what a measure runs for as a text that is the same for the same thing."""
    if isinstance(value, Decimal):
        value = f"{value.normalize():f}"
    words = "" if value is None else str(value)
    if len(words) > _LONGEST_KEY:
        words = f"{words[:24]}…{sha256(words.encode()).hexdigest()[:24]}"
    return words


def publish(scope: Scope, reading: str, value: Decimal, failed: str) -> None:
    """Let a formula read where a measure stands, or why that is not known."""
    if failed:
        scope.problems = {**scope.problems, reading: failed}
        return
    scope.values[reading] = value
    if reading in scope.problems:
        known = scope.problems.items()
        scope.problems = {name: words for name, words in known if name != reading}


def part_of_credit(
    program: MeasureProgram, unit: Credited, at: int, total: Decimal
) -> Decimal | None:
    """Return what a credit adds to a measure, or None where it is not part of it.

    A measure that has a `value` becomes it, so that the part is the difference.
    """
    if unit.nth or unit.role not in program.roles:
        return None
    if unit.entry.object != program.object:
        return None
    formula = program.value or program.sum
    # What counts stands; asking that first spares a call for each credit.
    if formula is None or not (
        unit.entry.counts or stands(unit.entry, program.clawback_days)
    ):
        return None
    if unit.problem:
        raise CannotReckon(unit.problem)
    if program.when is not None and not holds(program.when, unit):
        return None
    if program.value is not None:
        return number(formula, unit) - total
    return number(formula, unit)


def added_once(
    measure: MeasureProgram | None, before: Sum, scope: Scope | None
) -> Decimal:
    """Return by how much a period moves a measure that moves once in it.

    What becomes a value does not need where it stood before; what grows or stays does.
    """
    grows = None
    if measure is not None and scope is not None and holds(measure.when, scope):
        if measure.value is not None:
            return number(measure.value, scope) - before.total
        grows = measure.sum
    if before.failed:
        raise CannotReckon(before.failed)
    return number(grows, scope) if grows is not None and scope is not None else ZERO


def draft_of(
    plan_id: int, measure: MeasureProgram, total: Sum, added: Decimal, failed: str
) -> MeasureDraft:
    """Return a measure at the end of the period: what it added, and its total."""
    return MeasureDraft(
        key=measure_key(plan_id, measure.name),
        plan_id=plan_id,
        name=measure.name,
        over=measure.over,
        window=total.window.slug,
        added=added,
        total=total.at_start + added,
        failed=failed,
        unknown=total.failed,
    )


def publish_draft(scope: Scope, draft: MeasureDraft) -> None:
    """Let a component of the whole period read a measure."""
    start = draft.total - draft.added
    for which, value, failed in (
        ("before", start, draft.failed or draft.unknown),
        ("after", draft.total, draft.failed),
        ("total", draft.total, draft.failed),
    ):
        publish(scope, f"{draft.name}.{which}", value, failed)


def publish_to_credits(
    units: Sequence[Credited],
    measure: MeasureProgram,
    windows: Windows,
    draft: MeasureDraft | None,
) -> None:
    """Let credits read a measure that moves once a period.

    Without a draft only `.before`; a credit of an earlier period reads what was stored
    then.
    """
    seen: dict[date, _Standing] = {}
    before_name, after_name, total_name = measure.names
    for unit in units:
        found = seen.get(unit.day)
        if found is None:
            found = seen[unit.day] = _standing_on(unit.day, measure, windows, draft)
        publish(unit, before_name, found.before, found.before_failed)
        if draft is not None:
            publish(unit, after_name, found.after, found.after_failed)
            publish(unit, total_name, found.total, found.total_failed)


class _Standing(NamedTuple):
    before: Decimal
    after: Decimal
    total: Decimal
    before_failed: str
    after_failed: str
    total_failed: str


def _standing_on(
    day: date, measure: MeasureProgram, windows: Windows, draft: MeasureDraft | None
) -> _Standing:
    period = windows.inputs.period
    if draft is not None and day >= period.starts_on:
        before, total, failed = draft.total - draft.added, draft.total, draft.failed
        return _Standing(before, total, total, draft.unknown, failed, failed)
    window, then = windows.of(measure.over, day), period_of(period.kind, day)
    stored = windows.opened(measure.name, window)
    before, after = stored.standing(then)
    holes = stored.before(measure.name, then), stored.hole(measure.name, then.ends_on)
    if draft is not None and draft.window == window.slug:
        return _Standing(before, after, draft.total, *holes, draft.failed)
    return _Standing(before, after, stored.total, *holes, stored.failed)
