"""One payee's statements, period after period, through a plan's compiled loop.

Rows in, text out that is ready to be copied into the lines table. What it does not know
or cannot be sure of raises `Doubt`; the pipeline gives the same answer, only later.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from commissions.calculation.batch_code import (
    BatchProgram,
    Doubt,
    Row,
    compile_program,
)
from commissions.calculation.batch_days import shared_values, stretches
from commissions.calculation.batch_known import keys_read
from commissions.calculation.batch_tiers import Crossing, Crossings
from commissions.calculation.facts import (
    AssignmentFact,
    MeasureDraft,
    PayeeInputs,
    measure_key,
)
from commissions.calculation.program import ZERO, MeasureProgram, PlanProgram
from commissions.calculation.windows import HOLE, is_day
from commissions.formula import arithmetic
from commissions.formula.inlined import ValueFault
from commissions_saas.lib.periods import Period, period_of

_DAY = timedelta(days=1)
# What must be empty, because nobody here has thought about it.
_KNOWN_INPUTS = frozenset(
    [
        "payee_id",
        "payee_name",
        "period",
        "currency",
        "assignments",
        "entries",
        "tables",
        "adjustments",
        "stored",
        "attributes",
        "rates",
        "names",
        "facts",
        "people",
        "things",
        "members",
        "given",
        "settle_rates",
    ]
)
# What generated code can raise: a value that is missing, a division by zero, …
FAULTS = (ArithmeticError, ValueError, TypeError, AttributeError, ValueFault)
Cells = dict[tuple[str, str, str], tuple[Decimal, int]]
Prefix = Callable[[PayeeInputs, AssignmentFact, str, str], str]


@dataclass(slots=True)
class Reckoned:
    """One statement: lines as text, and everything that is recorded beside them.

    `cells` adds up by where it was sold, component name and currency; `starts` is
    where each measure stood before the period.
    """

    texts: list[str] = field(default_factory=list)
    total: Decimal = ZERO
    waiting: Decimal = ZERO
    totals: list[MeasureDraft] = field(default_factory=list)
    starts: dict[str, Decimal] = field(default_factory=dict)
    cells: Cells = field(default_factory=dict)
    crossings: list[Crossing] = field(default_factory=list)

    @property
    def measures(self) -> dict[str, Decimal]:
        """Return what the period added to each measure."""
        return {total.key: total.added for total in self.totals}


@dataclass(slots=True)
class Batch:
    """The compiled programs of some plans, over rows with the same columns."""

    object: str
    keys: tuple[str, ...]
    programs: Mapping[int, BatchProgram]

    @classmethod
    def of(cls, programs: Iterable[PlanProgram]) -> "Batch | None":
        """Compile what the batch path knows; None where it knows nothing of it."""
        wanted = {id(program): program for program in programs}
        known = tuple(sorted(wanted))
        if known not in _compiled:
            if len(_compiled) >= MOST_KEPT:
                _compiled.clear()
            # The programs are kept as well: nothing else can come by their identity.
            _compiled[known] = tuple(wanted.values()), cls._compile(wanted)
        return _compiled[known][1]

    @classmethod
    def _compile(cls, wanted: Mapping[int, PlanProgram]) -> "Batch | None":
        found = {key: keys_read(program) for key, program in wanted.items()}
        reads = [read for read in found.values() if read is not None]
        if not reads:
            return None
        object_ = reads[0][0]
        keys = tuple(sorted({key for name, own in reads for key in own}))
        return cls(
            object_,
            keys,
            {
                key: compile_program(wanted[key], keys)
                for key, read in found.items()
                if read is not None and read[0] == object_
            },
        )

    def program(self, fact: AssignmentFact) -> BatchProgram:
        """Return the loops of an assignment's program."""
        found = self.programs.get(id(fact.program))
        if found is None:
            raise Doubt
        return found


MOST_KEPT = 64
_compiled: dict[tuple[int, ...], tuple[tuple[PlanProgram, ...], Batch | None]] = {}


class PayeeBatch:
    """One payee's rows, and where their measures stood after each period."""

    def __init__(self, batch: Batch, rows: Sequence[Row], prefix: Prefix) -> None:
        self.batch = batch
        self.rows = rows
        self.days = [row[2] for row in rows]
        self.prefix = prefix
        self._ends: dict[tuple[int, str], tuple[str, date, Decimal]] = {}

    def reckon(self, frame: PayeeInputs) -> Reckoned:
        """Work out a statement; `frame` is its inputs without their entries."""
        found = Reckoned()
        self.add_to(found, frame)
        return found

    def add_to(self, found: Reckoned, frame: PayeeInputs) -> None:
        """Work out a statement's lines, totals and measures, plan after plan."""
        require_known(frame)
        by_plan: dict[int, list[AssignmentFact]] = {}
        for fact in sorted(frame.assignments, key=lambda fact: fact.starts_on):
            by_plan.setdefault(fact.plan_id, []).append(fact)
        with arithmetic():
            try:
                for plan_id in sorted(by_plan):
                    self._plan(frame, plan_id, by_plan[plan_id], found)
            except FAULTS as fault:
                raise Doubt from fault
        found.total = sum((amount for amount, _ in found.cells.values()), ZERO)

    def _plan(
        self,
        frame: PayeeInputs,
        plan_id: int,
        facts: Sequence[AssignmentFact],
        found: Reckoned,
    ) -> None:
        measures = measures_of(self.batch.program(fact).program for fact in facts)
        starts = self.starts(frame, plan_id, facts, measures)
        ends = dict(starts)
        period = frame.period
        for first, last, fact in stretches(frame, facts, period):
            self._lines(frame, plan_id, fact, (first, last), ends, found)
        self.end(frame, plan_id, measures, ends)
        for name, measure in measures.items():
            window = _window(measure, period)
            key = measure_key(plan_id, name)
            found.starts[key] = starts[name]
            found.totals.append(
                MeasureDraft(
                    key=key,
                    plan_id=plan_id,
                    name=name,
                    over=measure.over,
                    window=window.slug,
                    added=ends[name] - starts[name],
                    total=ends[name],
                )
            )

    def starts(
        self,
        frame: PayeeInputs,
        plan_id: int,
        facts: Sequence[AssignmentFact],
        measures: Mapping[str, MeasureProgram],
    ) -> dict[str, Decimal]:
        """Return where each measure stands at the start of the period."""
        return {
            name: self._start(frame, plan_id, facts, measure)
            for name, measure in measures.items()
        }

    def end(
        self,
        frame: PayeeInputs,
        plan_id: int,
        measures: Mapping[str, MeasureProgram],
        ends: Mapping[str, Decimal],
    ) -> None:
        """Remember where each measure stands at the end, for the period after it."""
        for name, measure in measures.items():
            window = _window(measure, frame.period).slug
            self._ends[plan_id, name] = window, frame.period.ends_on, ends[name]

    def _lines(
        self,
        frame: PayeeInputs,
        plan_id: int,
        fact: AssignmentFact,
        days: tuple[date, date],
        ends: dict[str, Decimal],
        found: Reckoned,
    ) -> None:
        rows = between(self.rows, self.days, *days)
        if not rows:
            return
        batch = self.batch.program(fact)
        program = batch.program
        names = [measure.name for measure in program.measures]
        shared = shared_values(frame, fact, batch, days[0])
        crossed = Crossings(batch, dict(zip(batch.shared, shared, strict=True)))
        cells: dict[str, list[Decimal | int]] = {}
        answer = batch.lines(
            rows,
            found.texts,
            cells,
            crossed,
            [self.prefix(frame, fact, c.key, c.name) for c in program.components],
            shared,
            tuple(ends[name] for name in names),
        )
        *totals, waiting = answer
        ends.update(zip(names, totals, strict=True))
        found.waiting += waiting
        found.crossings += crossed.as_tiers(plan_id)
        add_cells(found.cells, cells, program)

    def _start(
        self,
        frame: PayeeInputs,
        plan_id: int,
        facts: Sequence[AssignmentFact],
        measure: MeasureProgram,
    ) -> Decimal:
        """Return where a measure stands at the start of the period.

        Earlier periods of its window come from what was stored of them, else from
        their rows; the period before may just have been worked out.
        """
        period = frame.period
        window = _window(measure, period)
        key = measure_key(plan_id, measure.name)
        before = period.previous()
        if window.starts_on > before.ends_on:
            return ZERO
        known = self._ends.get((plan_id, measure.name))
        if (key, before.slug) not in frame.stored and known is not None:
            slug, upto, total = known
            if slug == window.slug and upto == before.ends_on:
                return total
        total = ZERO
        open_periods = []
        while before.ends_on >= window.starts_on:
            stored = frame.stored.get((key, before.slug))
            if stored is None:
                open_periods.append(before)
            else:
                total += stored
            before = before.previous()
        for earlier in reversed(open_periods):
            for first, last, fact in stretches(frame, facts, earlier):
                total = self._added(frame, fact, measure.name, (first, last), total)
        return total

    def _added(
        self,
        frame: PayeeInputs,
        fact: AssignmentFact,
        name: str,
        days: tuple[date, date],
        total: Decimal,
    ) -> Decimal:
        rows = between(self.rows, self.days, *days)
        batch = self.batch.program(fact)
        names = [measure.name for measure in batch.program.measures]
        if not rows or name not in names:
            return total
        shared = shared_values(frame, fact, batch, days[0])
        return batch.adds[names.index(name)](rows, shared, total)


def between(
    rows: Sequence[Row], days: Sequence[str], first: date, last: date
) -> Sequence[Row]:
    """Return the rows of a stretch of days, both included."""
    begin = bisect_left(days, first.isoformat())
    return rows[begin : bisect_right(days, last.isoformat())]


def measures_of(programs: Iterable[PlanProgram]) -> dict[str, MeasureProgram]:
    found: dict[str, MeasureProgram] = {}
    for program in programs:
        for measure in program.measures:
            other = found.get(measure.name)
            if other is not None and other.over != measure.over:
                raise Doubt
            found[measure.name] = measure
    return found


def _window(measure: MeasureProgram, period: Period) -> Period:
    """Return the one window that holds the whole period."""
    if measure.over == "period":
        return period
    if measure.over == "always":
        raise Doubt
    window = period_of(measure.over, period.ends_on)
    if not window.contains(period.starts_on):
        raise Doubt
    return window


def require_known(frame: PayeeInputs) -> None:
    for name in frame.__slots__:
        if name not in _KNOWN_INPUTS and getattr(frame, name):
            raise Doubt
    if any(is_day(slug) or key.endswith(HOLE) for key, slug in frame.stored):
        raise Doubt
    if any(fact.program.currency != frame.currency for fact in frame.assignments):
        raise Doubt  # its lines fail by name


def add_cells(
    cells: Cells, own: Mapping[str, Sequence[Decimal | int]], program: PlanProgram
) -> None:
    for place, sums in own.items():
        for at, component in enumerate(program.components):
            amount, count = sums[2 * at], sums[2 * at + 1]
            if not count:
                continue
            key = place, component.name, program.currency
            before, lines = cells.get(key, (ZERO, 0))
            cells[key] = before + amount, lines + int(count)
