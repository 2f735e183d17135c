"""One chunk of statements: calculated without locks, compared and written under them.

Lock order: periods (shared), then statements by payee. The calculation itself happens
before any lock; under the locks each statement is looked at again.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from decimal import Decimal

from commissions.calculation.facts import LineDraft, PayeeInputs, StatementDraft
from commissions.calculation.pipeline import calculate
from commissions.calculation.windows import HOLE
from commissions.statements import proposals, writing
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
from commissions.statements.gathering import Gathering
from commissions.statements.inputs import Key, load
from commissions.statements.models import PayPeriod, Statement
from commissions.statements.periods import rows_of
from commissions.statements.touched import Triggers
from commissions.statements.waves import MARK
from commissions_saas.lib.memory import uncollected
from commissions_saas.lib.periods import Period
from crm_sync.ledger.models import Payee
from tenants.schema import current_business

Transaction = Callable[[], AbstractContextManager[object]]


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


class Recalculation:
    """The work up to one fence: calculating without locks, writing under them."""

    def __init__(
        self, fence: int, triggers: Mapping[int, Trigger], words: str = ""
    ) -> None:
        self.fence = fence
        self.triggers = triggers
        self.reason = words
        self.gathering = Gathering(fence)

    def forget_others(self) -> None:
        """Read again what others have, once it was written."""
        self.gathering = Gathering(self.fence)

    def calculate_and_write(
        self, chunk: Mapping[Key, Triggers], run: writing.RunWriter, within: Transaction
    ) -> None:
        """Work out a few payees' statements and write what differs, in one go."""
        with uncollected():
            results = self.calculate(chunk)
            with within():
                self.write(results, run)

    def calculate_and_write_measures(
        self,
        chunk: Mapping[Key, Triggers],
        names: Collection[str],
        run: writing.RunWriter,
        within: Transaction,
    ) -> None:
        """Write the measures of these names alone, ahead of the statements."""
        with uncollected():
            results = {key: Calculated(key) for key in chunk}
            self._step(results, list(chunk), self.fence, {})
            with within():
                self._write_measures(list(results.values()), names, run)

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
            # What others have is known at the fence alone: a step of its own.
            key: None
            if MARK in numbers
            else max((n for n in numbers if n in self.triggers), default=None)
            for key, numbers in chunk.items()
        }
        early = {number for numbers in chunk.values() for number in numbers}
        for number in sorted(early & set(self.triggers)):
            touched = [key for key, numbers in chunk.items() if number in numbers]
            keys = [key for key in touched if last[key] != number]
            triggers = dict.fromkeys(keys, number)
            self._step(results, keys, number, triggers, beside=touched)
        self._step(results, list(chunk), self.fence, last)
        return list(results.values())

    def _step(
        self,
        results: Mapping[Key, Calculated],
        keys: Sequence[Key],
        change: int,
        triggers: Mapping[Key, int | None],
        beside: Sequence[Key] = (),
    ) -> None:
        """Work out these statements as of a change, a payee's periods in their order.

        Those `beside` them are worked out only for later periods to read.
        """
        if not keys:
            return
        gathering = self.gathering if change == self.fence else None
        loaded = load([*keys, *beside], change, gathering=gathering)
        wanted = set(keys)
        drafts: dict[int, dict[str, Mapping[str, Decimal]]] = defaultdict(dict)
        for key in dict.fromkeys([*beside, *keys]) if beside else keys:
            payee_id, period = key
            if key not in wanted and not loaded.keeps(payee_id):
                continue
            inputs = loaded.inputs(payee_id, period, drafts[payee_id])
            draft = calculate(inputs)
            drafts[payee_id][period.slug] = draft.measures
            if key in wanted:
                trigger = self.triggers.get(triggers.get(key) or 0)
                results[key].steps.append(Step(trigger, draft, inputs))

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
        frozen = []
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
                frozen.append((row, result))
        self._write(differences, run)
        # What a late change carries rests on what the open periods before it hold now.
        for row, result in frozen:
            live = lines[row.payee_id, row.period_id]
            proposals.propose(row, result.draft, result.inputs, live, _last(result))

    def _write_measures(
        self,
        results: Sequence[Calculated],
        names: Collection[str],
        run: writing.RunWriter,
    ) -> None:
        rows = rows_of(result.key[1] for result in results)
        writing.lock_periods_to_write([row.pk for row in rows.values()])
        periods = {row.slug: row for row in PayPeriod.objects.filter(slug__in=rows)}
        self._make_missing(results, periods)
        pairs = {result.key: _pair(result.key, periods) for result in results}
        statements = writing.lock_statements_of(pairs.values())
        stored = writing.live_measures(
            {payee_id for payee_id, _ in pairs}, set(periods)
        )
        moved: dict[tuple[int, str], dict[str, Decimal | None]] = {}
        for result in results:
            payee_id, period = result.key
            row = statements.get(pairs[result.key])
            if row is None or row.change > self.fence:
                continue
            if writing.is_open(row, periods[period.slug]):
                before = stored.get((payee_id, period.slug), {})
                moved[payee_id, period.slug] = {
                    key: value
                    for key, value in writing.changed_measures(
                        before, result.draft.measures
                    ).items()
                    if key.partition("/")[2].removesuffix(HOLE) in names
                }
        writing.write_measures(moved, run)

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
        untouched = untouched and writing.says_the_same(row, draft)
        if untouched and row.calculated_at is not None:
            writing.forget_basis(row)
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
        final = result.steps[-1]
        if fresh and final.trigger is None:
            causes = telescope(live, stored, [*fresh, final])
            return [_of_others(cause) for cause in causes]
        if not fresh or fresh[-1] is not final:
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


def _of_others(cause: CauseDraft) -> CauseDraft:
    """Say of what no own change caused that others' figures moved it."""
    if cause.change_number is not None:
        return cause
    return replace(cause, words="What others sold or earned has changed")


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
