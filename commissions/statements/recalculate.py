"""Recalculates what changes touched: loads as of a fence, compares, writes differences.

Every table that is read is dated by change number, so the fence is the exact inputs.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from commissions.statements import writing
from commissions.statements.batch import BatchRecalculation, Share
from commissions.statements.differences import Trigger
from commissions.statements.inputs import Key
from commissions.statements.models import CalculationState
from commissions.statements.recalculation import Recalculation, Transaction
from commissions.statements.rollup_names import keep_names
from commissions.statements.touched import (
    Marked,
    Triggers,
    every_statement,
    only_entries_changed,
    touched_between,
    unopened,
)
from commissions.statements.waves import MOST_WAVES, Waves, joined, too_many
from commissions_saas.lib import clock
from commissions_saas.lib.memory import uncollected
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.models import Change

MOST_TRIGGERS = 50  # more changes at once are one cause
PAYEES_AT_A_TIME = 8  # bounds what is in memory at once

Told = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a recalculation did."""

    change: int
    statements: int = 0
    opened: int = 0
    closed: int = 0


def recalculate(
    *,
    everything: bool = False,
    most_triggers: int = MOST_TRIGGERS,
    within: Transaction = transaction.atomic,
    tell: Told = lambda step, done, total: None,
    job_id: UUID | None = None,
    share: Share | None = None,
) -> Summary:
    """Bring every statement of the business up to the latest change.

    Only what the changes since the last time touched is read; `everything` is the proof
    that this gives the same lines. More changes than `most_triggers` are one cause.
    """
    fence = latest_change()
    since = CalculationState.objects.filter(pk=1).values_list("change", flat=True)
    start = next(iter(since), 0)
    by_entries = not everything and only_entries_changed(start, fence)
    if everything:
        wanted = every_statement(fence)
    else:
        touched = touched_between(start, fence, by_entries=by_entries)
        wanted = unopened(fence) | touched
    by_number = 0 < fence - start <= most_triggers and not everything
    work = Recalculation(fence, _triggers(start, fence) if by_number else {})
    run = writing.RunWriter(fence, work.words(fence - start, everything), job_id)
    waves = Waves.of(start, fence)
    if waves:
        wanted = joined(wanted, waves.readers([]))
    alone = {key: by for key, by in wanted.items() if not waves.takes(key)}
    with uncollected():
        known = start if by_entries else 0
        batch = BatchRecalculation(fence, work.reason, run, within, tell, share, known)
        alone = _rest(alone, work.triggers, batch)
    _write_all(work, alone, run, within, tell)
    taking = {key: by for key, by in wanted.items() if waves.takes(key)}
    _in_waves(work, waves, taking, run, within, tell)
    if start:
        keep_names(start, fence, within)
    with within():
        CalculationState.objects.get_or_create(pk=1)
        CalculationState.objects.filter(pk=1, change__lt=fence).update(
            change=fence, at=clock.now()
        )
    return Summary(fence, *run.totals)


def recalculate_now(wanted: Iterable[Key], words: str) -> Summary:
    """Recalculate these statements, and who reads them, in the caller's transaction."""
    fence = latest_change()
    work = Recalculation(fence, {}, words)
    run = writing.RunWriter(fence, words)
    within, tell = transaction.atomic, _told_nobody
    _write_all(work, dict.fromkeys(wanted, frozenset()), run, within, tell)
    _in_waves(work, Waves.of(fence, fence), {}, run, within, tell)
    return Summary(fence, *run.totals)


def _told_nobody(step: str, done: int, total: int) -> None:
    """Stand in for who is told of progress."""


def _write_all(
    work: Recalculation,
    wanted: Mapping[Key, Triggers],
    run: writing.RunWriter,
    within: Transaction,
    tell: Told,
) -> None:
    """Calculate and write statements, a few payees at a time."""
    work.forget_others()
    done = 0
    for chunk in _chunks(wanted):
        tell("Recalculating", done, len(wanted))
        work.calculate_and_write(chunk, run, within)
        done += len(chunk)


def _in_waves(
    work: Recalculation,
    waves: Waves,
    wanted: Marked,
    run: writing.RunWriter,
    within: Transaction,
    tell: Told,
) -> None:
    """Write who takes from others, after what they take from has settled."""
    if not waves:
        return
    wanted = joined(wanted, waves.readers(run.ids()))
    for _ in range(MOST_WAVES):
        if not wanted:
            return
        giving = {key: by for key, by in wanted.items() if waves.gives(key)}
        for _ in range(MOST_WAVES):
            if not giving:
                break
            work.forget_others()
            for chunk in _chunks(giving):
                work.calculate_and_write_measures(chunk, waves.names, run, within)
            marks = waves.readers(run.ids())
            wanted = joined(wanted, marks)
            giving = {key: by for key, by in marks.items() if waves.passes_on(key)}
        else:
            raise too_many()
        _write_all(work, wanted, run, within, tell)
        wanted = waves.readers(run.ids())
    raise too_many()


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
