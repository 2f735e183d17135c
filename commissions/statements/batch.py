"""Recalculates many statements at once: rows in by one connection, lines out by COPY.

It gives what the ordinary way gives, and leaves to it whatever it does not know: the
keys that it returns. Lock order and the second look under the locks are the same.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import connection

from commissions.calculation.batch import Batch
from commissions.calculation.batch_changed import ChangedBatch
from commissions.statements import batch_writing, first_load, writing
from commissions.statements.batch_changes import ONE_IN, ChangedWork
from commissions.statements.batch_choosing import (
    groups_of,
    is_known,
    usable_programs,
    wanted_of,
)
from commissions.statements.batch_group import GroupWork
from commissions.statements.batch_reading import Found, Wanted, ahead, credits_of
from commissions.statements.batch_work import Worked
from commissions.statements.differences import Trigger
from commissions.statements.inputs import Key, Loaded, load
from commissions.statements.models import PayPeriod, Statement
from commissions.statements.periods import rows_of
from commissions_saas.lib.periods import Period
from crm_sync.ledger.catalogue import account_zeros, catalogue
from crm_sync.ledger.models import Manager
from crm_sync.ledger.standard import DEAL
from tenants.schema import current_business

FEWEST_CREDITS = 400  # fewer are as quick in the ordinary way
TURN = 0.0005  # seconds
FIRST_LOAD = 100_000  # from here on indexes are built after the lines

Transaction = Callable[[], AbstractContextManager[object]]
Told = Callable[[str, int, int], None]
Triggered = Mapping[Key, Trigger | None]
# Who has groups written by several workers, and returns what is left over.
Share = Callable[
    [Sequence[Sequence[Key]], Triggered, writing.RunWriter, str, int], set[Key]
]


@dataclass(frozen=True, slots=True)
class _Task:
    """What the work on a group needs beside the group's own rows."""

    loaded: Loaded
    batch: Batch
    wanted: Triggered
    counts: Mapping[int, int]
    zeros: tuple[str, ...]


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
        since: int = 0,
    ) -> None:
        self.share = share
        # Up to where all was worked out, if nothing but entries has changed after it.
        self.since = since
        self.changes = fence - since
        self.fence = fence
        self.reason = reason
        self.run = run
        self.within = within
        self.tell = tell
        self.left: set[Key] = set()
        self.again: set[Key] = set()
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
        types = catalogue(self.fence)
        batch = Batch.of(usable_programs(loaded, types))
        if batch is None:
            return set(keys)
        self.left = {key for key in keys if not is_known(loaded, batch, key)}
        known = [key for key in keys if key not in self.left]
        zeros = account_zeros(types) if batch.object == DEAL else ()
        task = _Task(loaded, batch, wanted, counts, zeros)
        total = sum(counts.values())
        may_be_first = total >= FIRST_LOAD and not connection.in_atomic_block
        if may_be_first and first_load.is_possible() and self._load_first(task, known):
            return self.left
        if self.share is not None and total >= settings.PARTS_FROM:
            groups = list(groups_of(known, counts))
            given = self.run, self.reason, self.since if self._is_few(total) else 0
            self.left |= self.share(groups, wanted, *given)
            return self.left
        if self._is_few(total):
            known = self._write_changes(task, known)
        with ahead(self._reads(task, known)) as readings:
            self._write_groups(task, known, readings)
        return self.left

    def _is_few(self, credits: int) -> bool:
        """Say whether it pays to look at what changed alone."""
        return self.since > 0 and self.changes * ONE_IN <= credits

    def _write_changes(self, task: _Task, known: Sequence[Key]) -> list[Key]:
        """Write what changed credits alone decide; return what needs to be whole."""
        narrow = replace(task, batch=ChangedBatch.beside(task.batch))
        self.again = set()
        with ahead(self._reads(narrow, known)) as readings:
            self._write_groups(narrow, known, readings)
        return [key for key in known if key in self.again]

    def _reads(self, task: _Task, known: Sequence[Key]) -> list[Wanted]:
        periods = rows_of({period for _, period in known})
        numbers = self.since, self.fence
        return [
            wanted_of(group, task.loaded, task.batch, periods, task.zeros, numbers)
            for group in groups_of(known, task.counts)
        ]

    def _load_first(self, task: _Task, known: Sequence[Key]) -> bool:
        # The reader must not wait for the lines, which this transaction keeps locked.
        reads = [replace(one, period_ids=()) for one in self._reads(task, known)]
        with (
            ahead(reads) as readings,
            self.within(),
            first_load.indexes_built_afterwards() as is_alone,
        ):
            if is_alone:
                self._write_groups(task, known, readings)
                self.tell("Building the indexes", len(known), len(known))
        return is_alone

    def _write_groups(
        self, task: _Task, known: Sequence[Key], readings: Iterator[Found]
    ) -> None:
        done = 0
        groups = groups_of(known, task.counts)
        for group, found in zip(groups, readings, strict=False):
            self.tell("Recalculating", done, len(known))
            with self.within(), taking_turns():
                self._write_group(task, group, found)
            done += len(group)

    def _write_group(self, task: _Task, group: Sequence[Key], found: Found) -> None:
        periods = self._lock_periods(group)
        statements = self._lock_statements(group, periods, task.loaded)
        changed = _changed_since(statements.values(), found.seen)
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
        worked = self._work(task, found, periods, todo)
        if worked:
            batch_writing.write_beside(
                worked, self.run, self.fence, self.reason, task.wanted
            )

    def _work(
        self,
        task: _Task,
        found: Found,
        periods: Mapping[str, PayPeriod],
        todo: Sequence[tuple[Key, Statement]],
    ) -> list[Worked]:
        if isinstance(task.batch, ChangedBatch):
            few = ChangedWork(self, task.loaded, task.batch, found, periods)
            worked = few.write_changes(todo, self.since)
            self.again |= few.again
            return worked
        work = GroupWork(self, task.loaded, task.batch, found, periods)
        return work.write_differences(todo) if found.stored else work.write_all(todo)

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
        found = writing.lock_statements_of(pairs)
        missing = [pair for pair in on_a_plan if pair not in found]
        if not missing:
            return found
        writing.make_statements(missing, current_business().currency)
        return writing.lock_statements_of(pairs)


@contextmanager
def taking_turns() -> Iterator[None]:
    """Let reader and writer go on while the loop computes.

    They wait for Python only for moments at a time; but whoever computes keeps it for
    five milliseconds, in which the database would have nothing to do.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def is_worthwhile(credits: int) -> bool:
    """Say whether there is enough to do."""
    return credits >= FEWEST_CREDITS


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
