"""A payee's statements as they are and as they would be, through one compiled loop.

It gives what the pipeline gives for both sides: totals, how many lines there are and
differ, measures, and where it is asked for, the lines that differ. What it is not sure
of raises `Doubt`.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from commissions.calculation.batch import (
    FAULTS,
    Batch,
    PayeeBatch,
    between,
    measures_of,
    require_known,
)
from commissions.calculation.batch_code import BatchProgram, Doubt, Row
from commissions.calculation.batch_days import shared_values, stretches
from commissions.calculation.batch_sides_code import (
    FIGURES,
    Sides,
    compile_sides,
    empty_of,
    same_names,
)
from commissions.calculation.facts import AssignmentFact, PayeeInputs, measure_key
from commissions.calculation.program import ZERO
from commissions.formula import arithmetic

_DAY = timedelta(days=1)
NOW, AFTER = 0, 1
Side = tuple[Decimal, str | None]  # amount, what it waits for; None: there is no line
# Where a part of the days begins, and the assignments that hold on both sides.
Held = tuple[date, AssignmentFact | None]


@dataclass(slots=True)
class Part:
    """What one component comes to: now and after, lines of both, how many differ."""

    names: tuple[str, str]
    sums: list[Decimal] = field(default_factory=lambda: [ZERO, ZERO])
    lines: list[int] = field(default_factory=lambda: [0, 0])
    differ: int = 0


@dataclass(frozen=True, slots=True)
class Differing:
    """A line that differs, with what it begins with: entry, role, share, day."""

    component: str
    head: str
    now: Side
    after: Side


@dataclass(slots=True)
class Both:
    """One statement on both sides, adjustments apart."""

    parts: dict[str, Part] = field(default_factory=dict)
    measures: tuple[dict[str, Decimal], dict[str, Decimal]] = field(
        default_factory=lambda: ({}, {})
    )
    differing: list[Differing] | None = None

    def total(self, side: int) -> Decimal:
        """Return what the lines of one side come to."""
        return sum((part.sums[side] for part in self.parts.values()), ZERO)

    def lines(self, side: int) -> int:
        """Return how many lines one side has."""
        return sum(part.lines[side] for part in self.parts.values())

    @property
    def differ(self) -> int:
        """Return how many lines differ."""
        return sum(part.differ for part in self.parts.values())


class PayeeSides:
    """One payee's rows, read once for both sides."""

    def __init__(self, batch: Batch, rows: Sequence[Row]) -> None:
        self.batch = batch
        self.sides = (
            PayeeBatch(batch, rows, _no_prefix),
            PayeeBatch(batch, rows, _no_prefix),
        )

    def compare(
        self, now: PayeeInputs, after: PayeeInputs, *, with_lines: bool
    ) -> Both:
        """Work out one statement on both sides; the inputs are without their entries."""
        require_known(now)
        require_known(after)
        found = Both(differing=[] if with_lines else None)
        plans = [_by_plan(frame) for frame in (now, after)]
        with arithmetic():
            try:
                for plan_id in sorted({*plans[NOW], *plans[AFTER]}):
                    facts = plans[NOW].get(plan_id, ()), plans[AFTER].get(plan_id, ())
                    _Plan(self, (now, after), plan_id, facts, found).work_out()
            except FAULTS as fault:
                raise Doubt from fault
        return found


class _Plan:
    """The work on one plan of a statement, on both sides."""

    def __init__(
        self,
        payee: PayeeSides,
        frames: tuple[PayeeInputs, PayeeInputs],
        plan_id: int,
        facts: tuple[Sequence[AssignmentFact], Sequence[AssignmentFact]],
        found: Both,
    ) -> None:
        self.payee = payee
        self.frames = frames
        self.plan_id = plan_id
        self.facts = facts
        self.found = found
        self.taken = frozenset(found.parts)  # by other plans of the payee
        self.ends: tuple[dict[str, Decimal], dict[str, Decimal]] = ({}, {})

    def work_out(self) -> None:
        batch = self.payee.batch
        starts = []
        for side, frame, facts, ends in self._each():
            measures = measures_of(batch.program(fact).program for fact in facts)
            rows = self.payee.sides[side]
            begin = rows.starts(frame, self.plan_id, facts, measures) if facts else {}
            ends.update(begin)
            starts.append((measures, begin))
        for first, last, held in self._days():
            self._stretch(first, last, held)
        for (side, frame, _, ends), (measures, begin) in zip(
            self._each(), starts, strict=True
        ):
            self.payee.sides[side].end(frame, self.plan_id, measures, ends)
            for name in measures:
                key = measure_key(self.plan_id, name)
                self.found.measures[side][key] = ends[name] - begin[name]

    def _each(
        self,
    ) -> Iterable[
        tuple[int, PayeeInputs, Sequence[AssignmentFact], dict[str, Decimal]]
    ]:
        return zip((NOW, AFTER), self.frames, self.facts, self.ends, strict=True)

    def _days(self) -> Iterable[tuple[date, date, tuple[Held, Held]]]:
        """Cut the period where either side begins to be under something else."""
        period = self.frames[NOW].period
        sides = [
            list(stretches(frame, facts, period)) if facts else []
            for _, frame, facts, _ in self._each()
        ]
        cuts = {period.starts_on, period.ends_on + _DAY}
        for first, last, _ in (one for side in sides for one in side):
            cuts |= {first, last + _DAY}
        for first, following in pairwise(sorted(cuts)):
            now, after = (_held(side, first) for side in sides)
            if now[1] is not None or after[1] is not None:
                yield first, following - _DAY, (now, after)

    def _stretch(self, first: date, last: date, held: tuple[Held, Held]) -> None:
        side = self.payee.sides[NOW]
        rows = between(side.rows, side.days, first, last)
        if not rows:
            return
        batch = self.payee.batch
        known = [batch.program(fact) if fact is not None else None for _, fact in held]
        shared = [
            {}
            if fact is None or program is None
            else dict(
                zip(
                    program.shared,
                    shared_values(frame, fact, program, day),
                    strict=True,
                )
            )
            for frame, program, (day, fact) in zip(
                self.frames, known, held, strict=True
            )
        ]
        loop = _loop(batch, known[NOW], known[AFTER], self._equal(shared))
        moved: list[tuple[int, str, Decimal, str | None, Decimal, str | None]] = []
        own, former = loop.measures
        answer = loop.run(
            rows,
            None if self.found.differing is None else moved,
            tuple(shared[AFTER].values()),
            tuple(shared[NOW].values()),
            tuple(self.ends[AFTER][name] for name in own),
            tuple(self.ends[NOW][name] for name in former),
        )
        self.ends[AFTER].update(zip(own, answer, strict=False))
        self.ends[NOW].update(zip(former, answer[len(own) :], strict=False))
        self._add(loop, known, answer[len(own) + len(former) :])
        if self.found.differing is not None:
            self.found.differing += [
                Differing(loop.components[at], head, (y, waited), (x, waits))
                for at, head, y, waited, x, waits in moved
            ]

    def _equal(self, shared: Sequence[dict[str, object]]) -> frozenset[str]:
        """Return what has one value on both sides: variables, tables, measures."""
        found = {
            name
            for name, value in shared[NOW].items()
            if name in shared[AFTER] and _is_one(value, shared[AFTER][name])
        }
        return frozenset(found) | {
            name
            for name, value in self.ends[NOW].items()
            if self.ends[AFTER].get(name) == value
        }

    def _add(
        self,
        loop: Sides,
        known: Sequence[BatchProgram | None],
        figures: Sequence[object],
    ) -> None:
        names = [
            {part.key: part.name for part in one.program.components} if one else {}
            for one in known
        ]
        for at, key in enumerate(loop.components):
            own = figures[FIGURES * at : FIGURES * (at + 1)]
            if key in self.taken:
                raise Doubt  # two plans pay under one key: their lines are one
            told = names[NOW].get(key, ""), names[AFTER].get(key, "")
            part = self.found.parts.setdefault(key, Part(told))
            part.names = told[0] or part.names[0], told[1] or part.names[1]
            for side in (NOW, AFTER):
                part.sums[side] += own[side]  # type: ignore[operator]
                part.lines[side] += own[2 + side]  # type: ignore[operator]
            part.differ += own[4]  # type: ignore[operator]


_loops: dict[object, tuple[Batch, Sides]] = {}
MOST_KEPT = 256


def _loop(
    batch: Batch,
    now: BatchProgram | None,
    after: BatchProgram | None,
    equal: frozenset[str],
) -> Sides:
    """Return the loop over two programs, compiled once for what is the same of them."""
    one = after or now
    assert one is not None
    ours = after.program if after else empty_of(one.program)
    theirs = now.program if now else empty_of(one.program)
    place = id(batch), id(now), id(after), equal
    if place not in _loops:
        if len(_loops) >= MOST_KEPT:
            _loops.clear()
        same = same_names(theirs, ours, batch.object, equal)
        # The batch is kept as well: nothing else can come by its identity.
        loop = compile_sides(theirs, ours, same, batch.object, batch.keys)
        _loops[place] = batch, loop
    return _loops[place][1]


def _by_plan(frame: PayeeInputs) -> dict[int, list[AssignmentFact]]:
    found: dict[int, list[AssignmentFact]] = {}
    for fact in sorted(frame.assignments, key=lambda fact: fact.starts_on):
        found.setdefault(fact.plan_id, []).append(fact)
    return found


def _held(
    side: Collection[tuple[date, date, AssignmentFact]], day: date
) -> tuple[date, AssignmentFact | None]:
    for first, last, fact in side:
        if first <= day <= last:
            return first, fact
    return day, None


def _is_one(value: object, other: object) -> bool:
    return value is other or (type(value) is type(other) and value == other)


def _no_prefix(*_: object) -> str:
    return ""
