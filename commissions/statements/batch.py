"""Recalculates many statements at once: rows in by one connection, lines out by COPY.

It gives what the ordinary way gives, and leaves to it whatever it does not know: the
keys that it returns. Lock order and the second look under the locks are the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial

from django.conf import settings
from django.db import connection

from commissions.calculation.batch import Batch, PayeeBatch, Reckoned
from commissions.calculation.batch_code import FIXED, Doubt
from commissions.calculation.facts import (
    AssignmentFact,
    PayeeInputs,
)
from commissions.calculation.pipeline import adjustment_line
from commissions.statements import batch_writing, first_load, writing
from commissions.statements.batch_choosing import (
    SIGNS,
    groups_of,
    is_known,
    usable_programs,
    wanted_of,
)
from commissions.statements.batch_reading import Found, Wanted, ahead, credits_of
from commissions.statements.batch_writing import Worked
from commissions.statements.differences import ZERO, Trigger, money
from commissions.statements.inputs import Key, Loaded, load
from commissions.statements.models import PayPeriod, Statement
from commissions.statements.periods import rows_of
from commissions_saas.lib.periods import Period
from crm_sync.ledger.models import Manager
from tenants.schema import current_business

FEWEST_CREDITS = 400  # fewer are as quick in the ordinary way
FIRST_LOAD = 100_000  # from here on indexes are built after the lines
PLACE, END = FIXED.index("place"), "\x1f"

Transaction = Callable[[], AbstractContextManager[object]]
Told = Callable[[str, int, int], None]
Triggered = Mapping[Key, Trigger | None]
# Who has groups written by several workers, and returns what is left over.
Share = Callable[[Sequence[Sequence[Key]], Triggered, writing.RunWriter, str], set[Key]]


class BatchRecalculation:
    """The batch path up to one fence, for payees whose plans it knows."""

    def __init__(
        self,
        fence: int,
        reason: str,
        run: writing.RunWriter,
        within: Transaction,
        tell: Told,
        share: Share | None = None,
    ) -> None:
        self.share = share
        self.fence = fence
        self.reason = reason
        self.run = run
        self.within = within
        self.tell = tell
        self.left: set[Key] = set()
        placed = Manager.objects.filter(territory__isnull=False)
        self.has_territories = placed.exists()

    def write(self, wanted: Triggered) -> set[Key]:
        """Bring these statements up to date; return those that it leaves."""
        keys = sorted(wanted, key=lambda key: (key[0], key[1].starts_on))
        if not keys:
            return set()
        last = max(period.ends_on for _, period in keys)
        first = min(period.starts_on for _, period in keys)
        counts = credits_of({payee_id for payee_id, _ in keys}, first, last)
        if not is_worthwhile(sum(counts.values())):
            return set(keys)
        loaded = load(keys, self.fence, with_entries=False)
        batch = Batch.of(usable_programs(loaded))
        if batch is None:
            return set(keys)
        self.left = {key for key in keys if not is_known(loaded, batch, key)}
        known = [key for key in keys if key not in self.left]
        groups = list(groups_of(known, counts))
        periods = rows_of({period for _, period in known})
        reads = [
            wanted_of(group, loaded, batch, periods, self.fence) for group in groups
        ]
        is_first = (
            sum(counts.values()) >= FIRST_LOAD
            and not connection.in_atomic_block
            and first_load.is_possible()
        )
        if is_first and self._load_first(groups, reads, loaded, batch, wanted):
            return self.left
        if self.share is not None and sum(counts.values()) >= settings.PARTS_FROM:
            self.left |= self.share(groups, wanted, self.run, self.reason)
        else:
            with ahead(reads) as readings:
                self._write_groups(groups, readings, loaded, batch, wanted)
        return self.left

    def _load_first(
        self,
        groups: Sequence[Sequence[Key]],
        reads: Sequence[Wanted],
        loaded: Loaded,
        batch: Batch,
        wanted: Triggered,
    ) -> bool:
        # The reader must not wait for the lines, which this transaction keeps locked.
        without_lines = [replace(one, period_ids=()) for one in reads]
        with (
            ahead(without_lines) as readings,
            self.within(),
            first_load.indexes_built_afterwards() as is_alone,
        ):
            if is_alone:
                self._write_groups(groups, readings, loaded, batch, wanted)
                self.tell("Building the indexes", len(wanted), len(wanted))
        return is_alone

    def _write_groups(
        self,
        groups: Sequence[Sequence[Key]],
        readings: Iterator[Found],
        loaded: Loaded,
        batch: Batch,
        wanted: Triggered,
    ) -> None:
        done, total = 0, sum(len(group) for group in groups)
        for group, found in zip(groups, readings, strict=False):
            self.tell("Recalculating", done, total)
            with self.within():
                self._write_group(group, loaded, batch, found, wanted)
            done += len(group)

    def _write_group(
        self,
        group: Sequence[Key],
        loaded: Loaded,
        batch: Batch,
        found: Found,
        wanted: Triggered,
    ) -> None:
        periods = self._lock_periods(group)
        statements = self._lock_statements(group, periods, loaded)
        changed = _changed_since(statements.values(), found.seen)
        work = _Work(self, loaded, batch, found, periods)
        todo = []
        for key in group:
            row = statements.get((key[0], periods[key[1].slug].pk))
            if (
                row is None
                or row.pk in changed
                or not writing.is_open(row, periods[key[1].slug])
            ):
                self.left.add(key)
            elif row.change <= self.fence:
                todo.append((key, row))
        if not found.stored:
            worked = work.write_all(todo)
        else:
            worked = work.write_differences(todo)
        if not worked:
            return
        batch_writing.write_beside(worked, self.run, self.fence, self.reason, wanted)

    def _lock_periods(self, group: Sequence[Key]) -> dict[str, PayPeriod]:
        rows = rows_of(period for _, period in group)
        writing.lock_periods_to_write([row.pk for row in rows.values()])
        return {row.slug: row for row in PayPeriod.objects.filter(slug__in=rows)}

    def _lock_statements(
        self, group: Sequence[Key], periods: Mapping[str, PayPeriod], loaded: Loaded
    ) -> dict[writing.Pair, Statement]:
        pairs = [(payee_id, periods[period.slug].pk) for payee_id, period in group]
        on_a_plan = [
            pair
            for pair, (payee_id, period) in zip(pairs, group, strict=True)
            if _is_on_a_plan(loaded, payee_id, period)
        ]
        writing.make_statements(on_a_plan, current_business().currency)
        return writing.lock_statements_of(pairs)


def is_worthwhile(credits: int) -> bool:
    """Say whether there is enough to do."""
    return credits >= FEWEST_CREDITS


class _Work:
    """The work on one group under its locks."""

    def __init__(
        self,
        run: BatchRecalculation,
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
        kept = []
        for done in worked:
            same = not (done.closed or done.opened or done.measures)
            same = same and writing.says_the_same(done.row, done.draft)
            if not same or done.row.calculated_at is None:
                kept.append(done)
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
        stored = dict(self.found.stored)
        for done in worked:
            take = stored.pop
            done.opened = [t for t in done.reckoned.texts if take(t, None) is None]
            done.count = len(done.opened)
            done.reckoned.texts = []
        by_pair = {
            f"{done.row.payee_id}\t{done.row.period_id}": done for done in worked
        }
        for text, id_ in stored.items():
            payee, period, _ = text.split("\t", 2)
            owner = by_pair.get(f"{payee}\t{period}")
            if owner is None:
                continue
            if batch_writing.is_readable(text):
                owner.closed.append((text, id_))
            else:
                self.run.left.add(owner.key)
        return [done for done in worked if done.key not in self.run.left]

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


def _is_on_a_plan(loaded: Loaded, payee_id: int, period: Period) -> bool:
    return any(
        fact.starts_on <= period.ends_on
        and (fact.ends_on is None or fact.ends_on >= period.starts_on)
        for fact in loaded.programs.get(payee_id, ())
    )


def _changed_since(rows: Iterable[Statement], seen: Mapping[int, str]) -> set[int]:
    """Return the statements that somebody wrote after their lines had been read."""
    ids = [row.pk for row in rows if row.calculated_at is not None]
    if not ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, xmin::text FROM statements_statement WHERE id = ANY(%s)", [ids]
        )
        return {id_ for id_, mark in cursor.fetchall() if seen.get(id_) != mark}


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
