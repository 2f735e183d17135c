"""What a plan document would pay beside what is in force, without writing anything.

The document stands as a published version inside a transaction that is always undone, so
that the same reading and the same stages work it out as after publishing: the figures
are those that publishing gives.
"""

import secrets
from collections import defaultdict
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from hashlib import sha256

from django.db import connection, transaction

from commissions.calculation.facts import LineDraft, PayeeInputs, StatementDraft
from commissions.calculation.pipeline import calculate
from commissions.plans.document import PlanDocument
from commissions.plans.models import Plan, PlanVersion, PreviewedStatement
from commissions.plans.selectors import DRAFTS_FROM
from commissions.plans.services import require_sound
from commissions.statements.differences import EffectKey, money
from commissions.statements.errors import NotUpToDate
from commissions.statements.gathering import Gathering
from commissions.statements.impact_batch import BatchComparison
from commissions.statements.impact_gathering import Moved, Overlaid
from commissions.statements.inputs import Key, Loaded, load
from commissions.statements.models import CalculationState, PayPeriod, Statement
from commissions.statements.touched import touched_between
from commissions.statements.waves import MOST_WAVES, Waves, too_many
from commissions_saas.lib import clock
from commissions_saas.lib.memory import uncollected
from commissions_saas.lib.periods import Period
from crm_sync.ledger.changes import latest_change

PAYEES_AT_A_TIME = 48
ZERO = Decimal(0)
Told = Callable[[str, int, int], None]
Reckoned = tuple[PayeeInputs, StatementDraft]
Keep = Callable[[Key, Reckoned, Reckoned], None]  # takes both sides of a statement
Kept = dict[str, Mapping[str, Decimal]]  # by period, what a payee's measures are


def nobody(step: str, done: int, total: int) -> None:
    """Tell nobody how far it is."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every statement that a document may touch, now and after, at one change number."""

    change: int
    rows: tuple[PreviewedStatement, ...]

    @property
    def figures(self) -> str:
        """Return a hash of all amounts and of how many lines fail: equal, equal hash."""
        digest = sha256()
        for row in self.rows:
            # What it leaves alone is not of the price, frozen or not.
            is_late = row.is_frozen and row.is_changed
            amounts = f"{row.now}/{row.after}/{is_late}/{row.is_changed}"
            stands = f"{amounts}/{len(row.failures)}"
            digest.update(f"{row.payee_id}/{row.period_slug}/{stands}\n".encode())
        return digest.hexdigest()


@contextmanager
def standing(plan: Plan, document: PlanDocument, starts_on: date) -> Iterator[int]:
    """Let a document be in force from a day; yield the change number before it.

    Nothing of it is ever committed. A reader of its own snapshot waits for nobody and
    nobody waits for it.
    """
    latest_change()  # the schema is set before, or undoing would unset it
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        try:
            fence = latest_change()
            PlanVersion.objects.create(
                plan=plan,
                number=DRAFTS_FROM + secrets.randbelow(10**8),
                state=PlanVersion.State.PUBLISHED,
                document=document.raw,
                sha256=document.hash,
                starts_on=starts_on,
                opened=fence + 1,
                edited_at=clock.now(),
            )
            yield fence
        finally:
            transaction.set_rollback(True)


def compare(
    plan: Plan,
    document: PlanDocument,
    starts_on: date,
    *,
    only: Period | None = None,
    tell: Told = nobody,
) -> Comparison:
    """Work out every statement that the document may touch, with and without it.

    Who takes from others whose measures it moves is worked out after them, until
    nothing moves any more. It is refused while what they take is being worked out.
    """
    require_sound(document)
    rows: dict[Key, PreviewedStatement] = {}

    def keep(key: Key, old: Reckoned, new: Reckoned) -> None:
        rows[key] = row_of(key, old, new)

    apart = not connection.in_atomic_block
    with standing(plan, document, starts_on) as fence:
        batch = BatchComparison(fence, rows.__setitem__, apart=apart, tell=tell)
        work_out(fence, fence + 1, keep, tell, batch)
        frozen = frozen_of(rows)
    for key, row in rows.items():
        row.is_frozen = key in frozen
    ordered = sorted(rows, key=lambda key: (key[0], key[1]))
    return Comparison(
        fence, tuple(rows[key] for key in ordered if only is None or key[1] == only)
    )


def work_out(
    start: int,
    fence: int,
    keep: Keep,
    tell: Told = nobody,
    batch: BatchComparison | None = None,
) -> None:
    """Work out both sides of each statement that the changes after `start` may touch.

    Who takes from others whose measures move is worked out, and kept, once more. What
    the batch knows of the others it works out and keeps.
    """
    waves = Waves.of(start, fence)
    sides = Sides(start, fence, waves, keep, tell, batch)
    wanted = touched_between(start, fence)
    for _ in range(MOST_WAVES):
        if not wanted:
            return
        moved = sides.compare(wanted)
        wanted = waves.readers_of(moved) if waves else {}
    if wanted:
        raise too_many()


class Sides:
    """Statements as of two change numbers, and what others take from them."""

    def __init__(
        self,
        start: int,
        fence: int,
        waves: Waves,
        keep: Keep,
        tell: Told,
        batch: BatchComparison | None,
    ) -> None:
        self.start = start
        self.fence = fence
        self.waves = waves
        self.keep = keep
        self.tell = tell
        self.batch = batch  # of the first wave: later ones take from others
        self._behind = changes_behind(start)
        self.moved = Moved()
        # A later wave works out some periods again, which read the others of the payee.
        self._kept: dict[tuple[int, bool], Kept] = defaultdict(dict)
        self._others = Gathering(start)

    def compare(self, wanted: Collection[Key]) -> dict[tuple[str, str], set[int]]:
        """Work out these statements; return the measures that moved since last time."""
        keys = sorted(wanted, key=lambda key: (key[0], key[1].starts_on))
        others = Overlaid(self.fence, moved=self.moved)
        moved = Moved(self.moved)
        if self.batch is not None:
            left = self.batch.compare(keys, partial(self._frames, keys, others), moved)
            keys = [key for key in keys if key in left]
            self.batch = None
        for done, chunk in chunks(keys):
            self.tell("Comparing statements", done, len(keys))
            with uncollected():
                self._chunk(chunk, others, moved)
        fresh = moved.since(self.moved)
        self.moved = moved
        return fresh

    def _frames(self, keys: Sequence[Key], others: Overlaid, side: int) -> Loaded:
        """Read what decides these statements on one side, but for their entries."""
        change, gathering = ((self.start, self._others), (self.fence, others))[side]
        return load(keys, change, with_entries=False, gathering=gathering)

    def _chunk(self, chunk: Sequence[Key], others: Overlaid, moved: Moved) -> None:
        before = load(chunk, self.start, gathering=self._others)
        after = load(chunk, self.fence, gathering=others)
        self._require_up_to_date(chunk, before, after)
        for key in chunk:
            old = reckoned(before, key, self._kept[key[0], False])
            new = reckoned(after, key, self._kept[key[0], True])
            self.keep(key, old, new)
            moved.note(key, old[1].measures, new[1].measures)

    def _require_up_to_date(self, chunk: Iterable[Key], *sides: Loaded) -> None:
        """Refuse to read stored measures while changes to them are worked out."""
        if self._behind and any(
            self.waves.takes(key) or any(side.keeps(key[0]) for side in sides)
            for key in chunk
        ):
            raise NotUpToDate(self._behind)


def reckoned(loaded: Loaded, key: Key, kept: Kept) -> Reckoned:
    """Work one side out; later periods of a payee read what earlier ones came to."""
    inputs = loaded.inputs(*key, kept)
    draft = calculate(inputs)
    kept[key[1].slug] = draft.measures
    return inputs, draft


def changes_behind(change: int) -> int:
    """Return how many changes, up to this one, no calculation has read yet."""
    done = CalculationState.objects.filter(pk=1).values_list("change", flat=True)
    return max(change - next(iter(done), 0), 0)


def chunks(wanted: Sequence[Key]) -> Iterator[tuple[int, list[Key]]]:
    """Cut the statements into a few payees at a time, with how many come before."""
    chunk: list[Key] = []
    payees: set[int] = set()
    done = 0
    for key in wanted:
        if key[0] not in payees and len(payees) == PAYEES_AT_A_TIME:
            yield done, chunk
            done += len(chunk)
            chunk, payees = [], set()
        chunk.append(key)
        payees.add(key[0])
    if chunk:
        yield done, chunk


def row_of(key: Key, old: Reckoned, new: Reckoned) -> PreviewedStatement:
    """Return one payee's period with and without the document."""
    now, (inputs, after) = old[1], new
    lines = moves(now, after, {entry.id: entry.name for entry in inputs.entries})
    known = {failure.message for failure in now.failures}
    failures = [f.message for f in after.failures if f.message not in known]
    return PreviewedStatement(
        payee_id=key[0],
        payee_name=inputs.payee_name,
        period_slug=key[1].slug,
        is_changed=bool(lines or failures),
        now=total(now),
        after=total(after),
        difference=total(after) - total(now),
        line_count=len(after.lines),
        differ=len(lines),
        lines=lines,
        failures=failures,
    )


def total(draft: StatementDraft) -> Decimal:
    """Return what a statement comes to, as it would be stored."""
    return sum((money(line.amount) for line in draft.lines), ZERO)


def moves(
    now: StatementDraft, after: StatementDraft, names: Mapping[int, str]
) -> list[dict[str, object]]:
    """Return the lines that differ in amount or gate, whatever version they are of."""
    old, new = _by_key(now.lines), _by_key(after.lines)
    found: list[dict[str, object]] = []
    for key in dict.fromkeys((*old, *new)):
        before, then = _Side(old.get(key, ())), _Side(new.get(key, ()))
        if before.stands == then.stands:
            continue
        found.append(
            {
                "component": key.component,
                "name": then.name or before.name,
                "entry_id": key.entry_id,
                "deal": names.get(key.entry_id, ""),
                "role": key.role,
                "before": f"{before.amount:f}",
                "after": f"{then.amount:f}",
                "waited_for": before.waiting_for,
                "waiting_for": then.waiting_for,
            }
        )
    return found


class _Side:
    """What one key pays on one side; a plan and its next version share a key."""

    def __init__(self, lines: Iterable[LineDraft]) -> None:
        own = list(lines)
        self.amount = sum((money(line.amount) for line in own), ZERO)
        self.name = own[0].component_name if own else ""
        self.waiting_for = next((x.waiting_for for x in own if x.waiting_for), "")

    @property
    def stands(self) -> tuple[Decimal, str]:
        return self.amount, self.waiting_for


def _by_key(lines: Iterable[LineDraft]) -> dict[EffectKey, list[LineDraft]]:
    found: dict[EffectKey, list[LineDraft]] = {}
    for line in lines:
        key = EffectKey(
            line.component, line.key.entry_id, line.role, line.key.adjustment_id
        )
        found.setdefault(key, []).append(line)
    return found


def frozen_of(wanted: Collection[Key]) -> frozenset[Key]:
    """Return which of these statements no calculation writes any more."""
    rows = Statement.objects.filter(payee_id__in={payee_id for payee_id, _ in wanted})
    not_open = rows.exclude(state=Statement.State.OPEN)
    found = set(not_open.values_list("payee_id", "period__slug"))
    locked = set(
        PayPeriod.objects.filter(state=PayPeriod.State.LOCKED).values_list(
            "slug", flat=True
        )
    )
    return frozenset(
        key for key in wanted if key[1].slug in locked or (key[0], key[1].slug) in found
    )
