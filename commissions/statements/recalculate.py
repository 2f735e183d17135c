"""Recalculates what changes touched: loads as of a fence, compares, writes differences.

Every table that is read is dated by change number, so the fence is the exact inputs.
Lock order: periods (shared), then statements by payee. The calculation itself happens
before any lock; under the locks each statement is looked at again.
"""

import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from commissions.calculation.facts import LineDraft, PayeeInputs, StatementDraft
from commissions.calculation.pipeline import calculate
from commissions.statements import proposals, writing
from commissions.statements.batch import BatchRecalculation
from commissions.statements.differences import (
    CauseDraft,
    Step,
    StoredLine,
    Trigger,
    compare,
    effects_of,
    one_cause,
    telescope,
)
from commissions.statements.facts import write_facts
from commissions.statements.inputs import Key, load
from commissions.statements.models import (
    CalculationState,
    PayPeriod,
    Statement,
)
from commissions.statements.periods import rows_of
from commissions.statements.touched import (
    Triggers,
    every_statement,
    touched_between,
    unopened,
)
from commissions_saas.lib import clock
from commissions_saas.lib.periods import Period
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.models import Change, Payee
from tenants.schema import current_business

MOST_TRIGGERS = 50  # more changes at once are one cause
PAYEES_AT_A_TIME = 8  # bounds what is in memory at once

Transaction = Callable[[], AbstractContextManager[object]]
Told = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a recalculation did."""

    change: int
    statements: int = 0
    opened: int = 0
    closed: int = 0


@dataclass(slots=True)
class Calculated:
    """One statement, worked out as of each of its triggers, the fence last."""

    key: Key
    steps: list[Step] = field(default_factory=list)

    @property
    def inputs(self) -> PayeeInputs:
        return self.steps[-1].inputs

    @property
    def draft(self) -> StatementDraft:
        return self.steps[-1].draft


def recalculate(
    *,
    everything: bool = False,
    most_triggers: int = MOST_TRIGGERS,
    within: Transaction = transaction.atomic,
    tell: Told = lambda step, done, total: None,
    job_id: UUID | None = None,
) -> Summary:
    """Bring every statement of the business up to the latest change.

    Only what the changes since the last time touched is read; `everything` is the proof
    that this gives the same lines. More changes than `most_triggers` are one cause.
    """
    fence = latest_change()
    since = CalculationState.objects.filter(pk=1).values_list("change", flat=True)
    start = next(iter(since), 0)
    if everything:
        wanted = every_statement(fence)
    else:
        wanted = touched_between(start, fence)
        wanted |= {
            key: none for key, none in unopened(fence).items() if key not in wanted
        }
    by_number = 0 < fence - start <= most_triggers and not everything
    work = Recalculation(fence, _triggers(start, fence) if by_number else {})
    run = writing.RunWriter(fence, work.words(fence - start, everything), job_id)
    with _uncollected():
        batch = BatchRecalculation(fence, work.reason, run, within, tell)
        wanted = _rest(wanted, work.triggers, batch)
    done = 0
    for chunk in _chunks(wanted):
        tell("Recalculating", done, len(wanted))
        with _uncollected():
            results = work.calculate(chunk)
            with within():
                work.write(results, run)
        done += len(chunk)
    with within():
        CalculationState.objects.get_or_create(pk=1)
        CalculationState.objects.filter(pk=1, change__lt=fence).update(
            change=fence, at=clock.now()
        )
    return Summary(fence, *run.totals)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector out of a chunk: it makes many values and no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def recalculate_now(wanted: Iterable[Key], words: str) -> Summary:
    """Recalculate these statements inside the caller's transaction."""
    fence = latest_change()
    work = Recalculation(fence, {}, words)
    run = writing.RunWriter(fence, words)
    for chunk in _chunks(dict.fromkeys(wanted, frozenset())):
        work.write(work.calculate(chunk), run)
    return Summary(fence, *run.totals)


def _rest(
    wanted: Mapping[Key, Triggers],
    triggers: Mapping[int, Trigger],
    batch: BatchRecalculation,
) -> dict[Key, Triggers]:
    """Do what the batch path can, and return what it leaves.

    A statement with several triggers is worked out as of each: that is not for it.
    """
    once: dict[Key, Trigger | None] = {}
    for key, numbers in wanted.items():
        known = [triggers[number] for number in numbers if number in triggers]
        if len(known) < 2:
            once[key] = known[0] if known else None
    left = batch.write(once)
    return {
        key: numbers
        for key, numbers in wanted.items()
        if key not in once or key in left
    }


def _triggers(since: int, fence: int) -> dict[int, Trigger]:
    rows = Change.objects.filter(number__gt=since, number__lte=fence)
    return {
        row.number: Trigger(row.number, row.entry_id, row.words)
        for row in rows.only("number", "entry_id", "words")
    }


def _chunks(wanted: Mapping[Key, Triggers]) -> Iterator[dict[Key, Triggers]]:
    by_payee: dict[int, dict[Key, Triggers]] = defaultdict(dict)
    for key in sorted(wanted, key=lambda key: (key[0], key[1].starts_on)):
        by_payee[key[0]][key] = wanted[key]
    payee_ids = sorted(by_payee)
    for start in range(0, len(payee_ids), PAYEES_AT_A_TIME):
        chunk: dict[Key, Triggers] = {}
        for payee_id in payee_ids[start : start + PAYEES_AT_A_TIME]:
            chunk |= by_payee[payee_id]
        yield chunk


class Recalculation:
    """The work up to one fence: calculating without locks, writing under them."""

    def __init__(
        self, fence: int, triggers: Mapping[int, Trigger], words: str = ""
    ) -> None:
        self.fence = fence
        self.triggers = triggers
        self.reason = words

    def words(self, changes: int, everything: bool) -> str:
        """Say what set the run off."""
        if everything:
            self.reason = "Everything recalculated"
        elif len(self.triggers) == 1:
            self.reason = next(iter(self.triggers.values())).words
        else:
            self.reason = f"{changes:,} changes"
        return self.reason

    def calculate(self, chunk: Mapping[Key, Triggers]) -> list[Calculated]:
        """Work out each statement as of each of its triggers, in their order."""
        results = {key: Calculated(key) for key in chunk}
        last = {
            key: max((n for n in numbers if n in self.triggers), default=None)
            for key, numbers in chunk.items()
        }
        early = {number for numbers in chunk.values() for number in numbers}
        for number in sorted(early & set(self.triggers)):
            keys = [
                key
                for key, numbers in chunk.items()
                if number in numbers and last[key] != number
            ]
            self._step(results, keys, number, dict.fromkeys(keys, number))
        self._step(results, list(chunk), self.fence, last)
        return list(results.values())

    def _step(
        self,
        results: Mapping[Key, Calculated],
        keys: Sequence[Key],
        change: int,
        triggers: Mapping[Key, int | None],
    ) -> None:
        if not keys:
            return
        loaded = load(keys, change)
        for key in keys:
            inputs = loaded.inputs(*key)
            trigger = self.triggers.get(triggers[key] or 0)
            results[key].steps.append(Step(trigger, calculate(inputs), inputs))

    def write(self, results: Sequence[Calculated], run: writing.RunWriter) -> None:
        """Write what differs; call it inside a transaction."""
        rows = rows_of(result.key[1] for result in results)
        writing.lock_periods_to_write([row.pk for row in rows.values()])
        periods = {row.slug: row for row in PayPeriod.objects.filter(slug__in=rows)}
        self._make_missing(results, periods)
        pairs = {result.key: _pair(result.key, periods) for result in results}
        statements = writing.lock_statements_of(pairs.values())
        lines = writing.live_lines(pairs.values())
        measures = writing.live_measures(
            {payee_id for payee_id, _ in pairs}, set(periods)
        )
        differences = _Differences()
        for result in results:
            pair = pairs[result.key]
            row = statements.get(pair)
            if row is None or row.change > self.fence:
                continue  # nothing to stand on, or somebody has read further
            stored = measures.get((result.key[0], result.key[1].slug), {})
            period = periods[result.key[1].slug]
            if writing.is_open(row, period):
                self._compare(differences, result, row, lines[pair], stored)
            else:
                proposals.propose(
                    row, result.draft, result.inputs, lines[pair], _last(result)
                )
        self._write(differences, run)

    def _make_missing(
        self, results: Sequence[Calculated], periods: Mapping[str, PayPeriod]
    ) -> None:
        wanted = [
            _pair(result.key, periods)
            for result in results
            if result.draft.lines or _is_on_a_plan(result.inputs)
        ]
        writing.make_statements(wanted, current_business().currency)

    def _compare(
        self,
        differences: "_Differences",
        result: Calculated,
        row: Statement,
        live: list[StoredLine],
        stored: Mapping[str, Decimal],
    ) -> None:
        pair = row.payee_id, row.period_id
        draft = result.draft
        closed, opened = compare(live, draft.lines)
        measures = writing.changed_measures(stored, draft.measures)
        untouched = not closed and not opened and not measures
        if untouched and row.calculated_at is not None:
            return
        differences.closed += [line.id for line in closed]
        differences.opened += [(pair, line) for line in opened]
        differences.measures[result.key[0], result.key[1].slug] = measures
        differences.causes += [
            (pair, cause)
            for cause in self._causes(result, row, live, stored, closed, opened)
        ]
        differences.written.append((row, result))

    def _causes(
        self,
        result: Calculated,
        row: Statement,
        live: list[StoredLine],
        stored: Mapping[str, Decimal],
        closed: list[StoredLine],
        opened: list[LineDraft],
    ) -> list[CauseDraft]:
        fresh = [
            step
            for step in result.steps
            if step.trigger and step.trigger.number > row.change
        ]
        if not fresh or fresh[-1] is not result.steps[-1]:
            words = self.reason if row.calculated_at else "First calculation"
            return one_cause(live, result.draft, words)
        if len(fresh) == 1:
            return effects_of(closed, opened, stored, fresh[0])
        return telescope(live, stored, fresh)

    def _write(self, differences: "_Differences", run: writing.RunWriter) -> None:
        if not differences.written:
            return
        writing.close_lines(differences.closed, run.id())
        opened = writing.open_lines(differences.opened, run.id())
        writing.write_measures(differences.measures, run)
        writing.write_causes(differences.causes, run)
        for row, result in differences.written:
            if not writing.update_statement(
                row, result.inputs, result.draft, self.fence
            ):
                raise RuntimeError("A statement that was locked has moved.")
        payee_ids = {row.payee_id for row, _ in differences.written}
        users = dict(
            Payee.objects.filter(pk__in=payee_ids).values_list("pk", "user_id")
        )
        write_facts(
            [(row, result.inputs, result.draft) for row, result in differences.written],
            users,
        )
        run.count(len(differences.written), opened, len(differences.closed))


@dataclass(slots=True)
class _Differences:
    """What a chunk of statements has to write."""

    closed: list[int] = field(default_factory=list)
    opened: list[tuple[writing.Pair, LineDraft]] = field(default_factory=list)
    causes: list[tuple[writing.Pair, CauseDraft]] = field(default_factory=list)
    measures: dict[tuple[int, str], dict[str, Decimal | None]] = field(
        default_factory=dict
    )
    written: list[tuple[Statement, Calculated]] = field(default_factory=list)


def _pair(key: Key, periods: Mapping[str, PayPeriod]) -> writing.Pair:
    return key[0], periods[key[1].slug].pk


def _last(result: Calculated) -> Trigger | None:
    return result.steps[-1].trigger


def _is_on_a_plan(inputs: PayeeInputs) -> bool:
    period: Period = inputs.period
    return any(
        fact.starts_on <= period.ends_on
        and (fact.ends_on is None or fact.ends_on >= period.starts_on)
        for fact in inputs.assignments
    )
