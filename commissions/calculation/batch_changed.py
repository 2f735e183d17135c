"""What a few changed credits do to a payee's statements, without working all of it out.

The lines of a credit follow from the credit, from what holds for the whole statement,
and from the measures as they stand at it. So where nothing but credits has changed, the
lines of the others can only differ if they read a measure that stands elsewhere now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from commissions.calculation.batch import (
    Batch,
    PayeeBatch,
    Prefix,
    Reckoned,
    add_cells,
    between,
)
from commissions.calculation.batch_changed_code import (
    GONE,
    ChangedProgram,
    compile_changes,
    running_keys,
)
from commissions.calculation.batch_code import Doubt, Row, zeros_after
from commissions.calculation.batch_days import shared_values
from commissions.calculation.batch_known import MODES
from commissions.calculation.batch_tiers import Crossings
from commissions.calculation.facts import AssignmentFact, PayeeInputs, measure_key
from commissions.calculation.program import ZERO, PlanProgram
from commissions_saas.lib.money import places

_STORED = Decimal("0.0001")
Value = tuple[Decimal | None, Decimal, str]  # base, amount, what it waits for
Moved = tuple[int, str, Value | None, Value | None]  # component, head, before, after


@dataclass(slots=True)
class ChangedBatch(Batch):
    """The programs of a batch as loops over changes.

    `running` are the fields that are read of credits that did not change; where no
    program has a measure, those credits are not read at all.
    """

    running: frozenset[str] = frozenset()
    reads_all: bool = True

    @classmethod
    def beside(cls, batch: Batch) -> "ChangedBatch":
        """Compile what a batch knows for changes; once for each batch."""
        if id(batch) not in _compiled:
            if len(_compiled) >= MOST_KEPT:
                _compiled.clear()
            _compiled[id(batch)] = batch, cls._of(batch)
        return _compiled[id(batch)][1]

    @classmethod
    def _of(cls, batch: Batch) -> "ChangedBatch":
        own = {key: part.program for key, part in batch.programs.items()}
        return cls(
            batch.object,
            batch.keys,
            {key: compile_changes(one, batch.keys) for key, one in own.items()},
            frozenset[str]().union(*(running_keys(one) for one in own.values())),
            any(one.measures for one in own.values()),
        )


MOST_KEPT = 64
_compiled: dict[int, tuple[Batch, ChangedBatch]] = {}


@dataclass(slots=True)
class MovedLine:
    """A line of a credit that did not change itself, before and after."""

    head: str
    name: str
    currency: str
    before: str  # empty where there is no line
    after: str
    effect: Decimal
    waiting: Decimal
    lines: int


@dataclass(slots=True)
class Changes(Reckoned):
    """What differs on one statement: `texts` come, `gone` go, `moved` are others'.

    Total, waiting and cells are differences as well; what moved is not in the cells,
    since nobody has read yet where it was sold.
    """

    gone: list[str] = field(default_factory=list)
    moved: list[MovedLine] = field(default_factory=list)


class PayeeChanges(PayeeBatch):
    """One payee's credits as they were and as they are, in one order."""

    def __init__(
        self, batch: ChangedBatch, rows: Sequence[Row], prefix: Prefix
    ) -> None:
        super().__init__(batch, [row for row in rows if row[-1] != GONE], prefix)
        self.both = rows
        self.both_days = [row[2] for row in rows]
        self._former: dict[str, Decimal] = {}

    def changes(self, frame: PayeeInputs, starts: Mapping[str, Decimal]) -> Changes:
        """Work out what differs; the lines that stand rest on measures from `starts`."""
        self._former = dict(starts)
        found = Changes()
        self.add_to(found, frame)
        found.total += sum((line.effect for line in found.moved), ZERO)
        return found

    def _lines(
        self,
        frame: PayeeInputs,
        plan_id: int,
        fact: AssignmentFact,
        days: tuple[date, date],
        ends: dict[str, Decimal],
        found: Reckoned,
    ) -> None:
        rows = between(self.both, self.both_days, *days)
        if not rows:
            return
        batch = self.batch.program(fact)
        assert isinstance(batch, ChangedProgram) and isinstance(found, Changes)
        program = batch.program
        names = [measure.name for measure in program.measures]
        keys = [measure_key(plan_id, name) for name in names]
        if not self._former.keys() >= set(keys):
            raise Doubt  # nobody knows on what the lines rest
        shared = shared_values(frame, fact, batch, days[0])
        crossed = Crossings(batch, dict(zip(batch.shared, shared, strict=True)))
        prefixes = [self.prefix(frame, fact, c.key, c.name) for c in program.components]
        come: dict[str, list[Decimal | int]] = {}
        gone: dict[str, list[Decimal | int]] = {}
        moved: list[Moved] = []
        answer = batch.changes(
            rows,
            found.texts,
            found.gone,
            moved,
            come,
            gone,
            crossed,
            prefixes,
            shared,
            tuple(ends[name] for name in names),
            tuple(self._former[key] for key in keys),
        )
        count = len(names)
        ends.update(zip(names, answer[:count], strict=True))
        self._former.update(zip(keys, answer[count : 2 * count], strict=True))
        found.waiting += answer[-2] - answer[-1]
        found.crossings += crossed.as_tiers(plan_id)
        add_cells(found.cells, come, program)
        add_cells(found.cells, _negative(gone), program)
        for one in moved:
            line = _moved_line(program, prefixes, one)
            if line.before != line.after:
                found.moved.append(line)
                found.waiting += line.waiting


def _negative(
    cells: Mapping[str, Sequence[Decimal | int]],
) -> dict[str, list[Decimal | int]]:
    return {place: [-value for value in sums] for place, sums in cells.items()}


def _moved_line(
    program: PlanProgram, prefixes: Sequence[str], moved: Moved
) -> MovedLine:
    at, head, *sides = moved
    component = program.components[at]
    then, now = (_written(program, value) for value in sides)
    start = prefixes[at] + head
    return MovedLine(
        head,
        component.name,
        program.currency,
        start + then.text if then.text else "",
        start + now.text if now.text else "",
        now.amount - then.amount,
        (now.amount if now.waits else ZERO) - (then.amount if then.waits else ZERO),
        bool(now.text) - bool(then.text),
    )


def _written(program: PlanProgram, value: Value | None) -> "_Written":
    """Return what a line says, rounded as the loop over everything rounds it."""
    if value is None:
        return _Written("", ZERO, "")
    base, unrounded, waits = value
    unit = Decimal(1).scaleb(-places(program.currency))
    amount = unrounded.quantize(unit, MODES[program.rounding])
    amount = amount or amount.copy_abs()
    text = r"\N" if base is None else str(base.quantize(_STORED) + ZERO)
    zeros = zeros_after(program.currency)
    return _Written(f"{text}\t{amount!s}{zeros}\t{waits}", amount, waits)


class _Written(NamedTuple):
    text: str
    amount: Decimal
    waits: str
