"""The work on one group of statements under its locks: lines out, by COPY."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Protocol

from commissions.calculation.batch import Batch, PayeeBatch, Reckoned
from commissions.calculation.batch_code import FIXED, Doubt
from commissions.calculation.facts import AssignmentFact, PayeeInputs
from commissions.calculation.pipeline import adjustment_line
from commissions.statements import batch_writing, writing
from commissions.statements.batch_choosing import SIGNS
from commissions.statements.batch_reading import Found
from commissions.statements.batch_work import Worked
from commissions.statements.differences import ZERO, money
from commissions.statements.inputs import Key, Loaded
from commissions.statements.models import PayPeriod, Statement

PLACE, END = FIXED.index("place"), "\x1f"


class Working(Protocol):
    """Whose work it is: the run that it writes, and the statements that it leaves."""

    fence: int
    run: writing.RunWriter
    left: set[Key]
    has_territories: bool


class GroupWork:
    """The work on one group under its locks."""

    def __init__(
        self,
        run: Working,
        loaded: Loaded,
        batch: Batch,
        found: Found,
        periods: Mapping[str, PayPeriod],
    ) -> None:
        self.run = run
        self.loaded = loaded
        self.found = found
        self.periods = periods
        self.batch = batch
        self.again: set[Key] = set()  # those that are to be worked out as a whole
        self._payee: tuple[int, PayeeBatch] | None = None
        # Not a method of ours: a cycle would keep every group's rows in memory.
        self._prefix = partial(_prefix, {slug: row.pk for slug, row in periods.items()})

    def write_all(self, todo: Sequence[tuple[Key, Statement]]) -> list[Worked]:
        """Write every line of statements that have none, as it is worked out."""
        if not todo:
            return []
        worked = []
        frames = [self.loaded.inputs(*key) for key, _ in todo]  # before the COPY
        with batch_writing.copying(self.run.run.id()) as put:
            for frame, (key, row) in zip(frames, todo, strict=True):
                done = self._reckon(frame, key, row)
                if done is not None:
                    put(done.reckoned.texts)
                    done.count = len(done.reckoned.texts)
                    done.reckoned.texts = []
                    worked.append(done)
        self._compare_measures(worked)
        return worked

    def write_differences(self, todo: Sequence[tuple[Key, Statement]]) -> list[Worked]:
        """Write what differs from the lines that stand."""
        worked = []
        for key, row in todo:
            done = self._reckon(self.loaded.inputs(*key), key, row)
            if done is not None:
                worked.append(done)
        worked = self._compare(worked)
        self._compare_measures(worked)
        return self._write_kept(worked)

    def _write_kept(self, worked: Sequence[Worked]) -> list[Worked]:
        """Write the lines that differ; return the statements that differ in anything."""
        kept, same = [], []
        for done in worked:
            differs = bool(done.closed or done.opened or done.measures or done.stale)
            differs = differs or not writing.says_the_same(done.row, done.draft)
            if differs or done.row.calculated_at is None:
                kept.append(done)
            else:
                same.append(done)
        moved = [done for done in same if not done.is_on_its_basis]
        batch_writing.write_bases(moved, self.run.fence)
        if kept:
            ids = [id_ for done in kept for _, id_ in done.closed]
            writing.close_lines(ids, self.run.run.id())
            with batch_writing.copying(self.run.run.id()) as put:
                for done in kept:
                    put(done.opened)
        return kept

    def _compare_measures(self, worked: Sequence[Worked]) -> None:
        stored = writing.live_measures(
            {done.row.payee_id for done in worked},
            {done.frame.period.slug for done in worked},
        )
        for done in worked:
            done.before = stored.get((done.row.payee_id, done.frame.period.slug), {})
            after = done.reckoned.measures
            done.measures = writing.changed_measures(done.before, after)

    def _compare(self, worked: Sequence[Worked]) -> list[Worked]:
        """Find which stored lines are not worked out again, and the other way round.

        Returned are the statements that can be compared so; the others are left.
        """
        for done in worked:
            pair = done.row.payee_id, done.row.period_id
            block, ids = self.found.stored.get(pair, ("", ""))
            lines = block.split("\n") if block else []
            texts, standing = done.reckoned.texts, set(lines)
            if len(texts) != len(standing) or not standing.issuperset(texts):
                done.opened = [text for text in texts if text not in standing]
                self._close(done, lines, ids, standing.difference(texts))
            done.count = len(done.opened)
            done.reckoned.texts = []
        return [done for done in worked if done.key not in self.run.left]

    def _close(
        self, done: Worked, lines: Sequence[str], ids: str, gone: Collection[str]
    ) -> None:
        numbers = [int(number) for number in ids.split(",")] if ids else []
        if len(numbers) != len(lines) or not all(map(batch_writing.is_readable, gone)):
            self.run.left.add(done.key)  # a sign in one of them took it apart
            return
        done.closed = [
            (text, number)
            for text, number in zip(lines, numbers, strict=True)
            if text in gone
        ]

    def _reckon(self, frame: PayeeInputs, key: Key, row: Statement) -> Worked | None:
        try:
            reckoned = self._of(frame.payee_id).reckon(frame)
            _add_adjustments(reckoned, frame, row)
        except Doubt:
            self.run.left.add(key)
            return None
        return Worked(row, frame, reckoned)

    def _of(self, payee_id: int) -> PayeeBatch:
        if self._payee is None or self._payee[0] != payee_id:
            rows = self.found.rows.get(payee_id, [])
            if self.run.has_territories and any(
                row[PLACE].endswith(END) for row in rows
            ):
                raise Doubt  # it was sold where its owner was placed on the day
            self._payee = payee_id, PayeeBatch(self.batch, rows, self._prefix)
        return self._payee[1]


def _prefix(
    periods: Mapping[str, int],
    frame: PayeeInputs,
    fact: AssignmentFact,
    key: str,
    name: str,
) -> str:
    """Return what every line of a component begins with."""
    period = periods[frame.period.slug]
    words = (frame.payee_id, period, fact.version_id, key, name, "earning")
    start = "\t".join(str(word) for word in words)
    return f"{start}\t{fact.program.currency}\t0\t\t"


def _add_adjustments(reckoned: Reckoned, frame: PayeeInputs, row: Statement) -> None:
    for fact in sorted(frame.adjustments, key=lambda fact: fact.id):
        line = adjustment_line(fact)
        words = (line.component, line.component_name, line.waiting_for)
        if any(SIGNS & set(word) for word in words) or fact.entry_id:
            raise Doubt  # the pipeline knows where the entry was sold
        reckoned.texts.append(batch_writing.text_of(line, row))
        amount = money(line.amount)
        reckoned.total += amount
        if line.waiting_for:
            reckoned.waiting += amount
        cell = "\x1f", line.component_name, line.currency
        earned, lines = reckoned.cells.get(cell, (ZERO, 0))
        reckoned.cells[cell] = earned + amount, lines + 1
