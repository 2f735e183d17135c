"""Works both sides of many statements out at once: one reading, one compiled loop.

It gives the figures that the pipeline gives. Whatever the loop does not know it leaves:
the keys that it returns. Lines that differ are kept of a few statements; of many they
are counted, and worked out again when somebody opens a statement.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from commissions.calculation.batch import Batch
from commissions.calculation.batch_code import Doubt
from commissions.calculation.batch_sides import AFTER, NOW, Both, PayeeSides, Side
from commissions.calculation.facts import PayeeInputs
from commissions.calculation.pipeline import adjustment_line
from commissions.plans.models import PreviewedStatement
from commissions.statements.batch import is_worthwhile, taking_turns
from commissions.statements.batch_choosing import (
    groups_of,
    usable_programs,
    wanted_of,
)
from commissions.statements.batch_reading import Found, Wanted, ahead, credits_of
from commissions.statements.differences import money
from commissions.statements.impact_gathering import Moved
from commissions.statements.inputs import Key, Loaded
from commissions_saas.lib.memory import uncollected
from crm_sync.ledger.catalogue import account_zeros, catalogue
from crm_sync.ledger.models import Revision
from crm_sync.ledger.standard import DEAL

LINES_KEPT = 5_000  # credits: of more, the lines that differ are not kept
ZERO = Decimal(0)
Told = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class _Task:
    """What the work on a group needs beside the group's own rows."""

    before: Loaded
    after: Loaded
    batch: Batch
    with_lines: bool


class BatchComparison:
    """Both sides of statements whose plans the loop knows.

    `apart` says that what is read is committed, so that another connection can read it.
    """

    def __init__(
        self,
        change: int,
        keep: Callable[[Key, PreviewedStatement], None],
        *,
        apart: bool,
        tell: Told,
        always_lines: bool = False,
    ) -> None:
        self.change = change
        self.keep = keep
        self.apart = apart
        self.tell = tell
        self.always_lines = always_lines
        self.left: set[Key] = set()

    def compare(
        self, keys: Sequence[Key], load_side: Callable[[int], Loaded], moved: Moved
    ) -> set[Key]:
        """Work these statements out; return those that it leaves."""
        self.left = set(keys)
        if not keys:
            return self.left
        last = max(period.ends_on for _, period in keys)
        first = min(period.starts_on for _, period in keys)
        counts = credits_of({payee_id for payee_id, _ in keys}, first, last)
        total = sum(counts.values())
        if not is_worthwhile(total):
            return self.left
        types = catalogue(self.change)
        sides = load_side(NOW), load_side(AFTER)
        programs = [one for side in sides for one in usable_programs(side, types)]
        batch = Batch.of(programs)
        if batch is None:
            return self.left
        task = _Task(*sides, batch, self.always_lines or total <= LINES_KEPT)
        known = [key for key in keys if _is_known(task, key)]
        if not known:
            return self.left
        zeros = account_zeros(types) if batch.object == DEAL else ()
        groups = list(groups_of(known, counts))
        reads = [self._wanted(task, group, zeros) for group in groups]
        done = 0
        with ahead(reads, apart=self.apart) as readings:
            for group, found in zip(groups, readings, strict=True):
                self.tell("Comparing statements", done, len(keys))
                with taking_turns(), uncollected():
                    self._group(task, group, found, moved)
                done += len(group)
        return self.left

    def _wanted(
        self, task: _Task, group: Sequence[Key], zeros: tuple[str, ...]
    ) -> Wanted:
        """Say what is to be read: credits alone, as far back as either side looks."""
        change = self.change, self.change
        now, after = (
            wanted_of(group, side, task.batch, {}, zeros, change)
            for side in (task.before, task.after)
        )
        first = min(now.first, after.first)
        return replace(after, first=first, placed=False)

    def _group(
        self, task: _Task, group: Sequence[Key], found: Found, moved: Moved
    ) -> None:
        payees: dict[int, PayeeSides] = {}
        worked: list[tuple[Key, PayeeInputs, Both]] = []
        for key in group:
            payee = payees.get(key[0])
            if payee is None:
                rows = found.rows.get(key[0], [])
                payee = payees[key[0]] = PayeeSides(task.batch, rows)
            now, after = task.before.inputs(*key), task.after.inputs(*key)
            try:
                both = payee.compare(now, after, with_lines=task.with_lines)
            except Doubt:
                continue
            worked.append((key, after, both))
            moved.note(key, *both.measures)
            self.left.discard(key)
        names = _names([both for _, _, both in worked], self.change)
        for key, frame, both in worked:
            self.keep(key, _row(key, frame, both, names))


def as_moves(both: Both, names: Mapping[int, str]) -> list[dict[str, object]]:
    """Return the lines that differ as a preview keeps them, component by component."""
    found: list[dict[str, object]] = []
    order = {key: at for at, key in enumerate(both.parts)}
    for line in sorted(both.differing or (), key=lambda one: order[one.component]):
        entry, role, *_ = line.head.split("\t")
        then = both.parts[line.component].names[AFTER if _is_there(line.after) else NOW]
        found.append(
            {
                "component": line.component,
                "name": then,
                "entry_id": int(entry),
                "deal": names.get(int(entry), ""),
                "role": role,
                "before": _amount(line.now),
                "after": _amount(line.after),
                "waited_for": line.now[1] or "",
                "waiting_for": line.after[1] or "",
            }
        )
    return found


def parts_of(both: Both) -> list[dict[str, object]]:
    """Return what each component comes to that has lines that differ."""
    return [
        {
            "key": key,
            "name": part.names[AFTER] or part.names[NOW],
            "lines": part.differ,
            "before": f"{money(part.sums[NOW]):f}",
            "after": f"{money(part.sums[AFTER]):f}",
        }
        for key, part in both.parts.items()
        if part.differ
    ]


def _row(
    key: Key, frame: PayeeInputs, both: Both, names: Mapping[int, str]
) -> PreviewedStatement:
    adjusted = [money(adjustment_line(fact).amount) for fact in frame.adjustments]
    totals = [
        money(both.total(side) + sum(adjusted, ZERO))
        if both.lines(side) or adjusted
        else ZERO
        for side in (NOW, AFTER)
    ]
    is_summed = both.differing is None
    return PreviewedStatement(
        payee_id=key[0],
        payee_name=frame.payee_name,
        period_slug=key[1].slug,
        is_changed=bool(both.differ),
        now=totals[NOW],
        after=totals[AFTER],
        difference=totals[AFTER] - totals[NOW],
        line_count=both.lines(AFTER) + len(adjusted),
        differ=both.differ,
        lines=as_moves(both, names),
        parts=parts_of(both) if is_summed else None,
    )


def _is_known(task: _Task, key: Key) -> bool:
    """Say whether the loop knows every plan that the payee is on, on both sides."""
    sides = task.before, task.after
    facts = [fact for side in sides for fact in side.programs.get(key[0], ())]
    return (
        bool(facts)
        and not any(side.keeps(key[0]) for side in sides)
        and all(id(fact.program) in task.batch.programs for fact in facts)
    )


def _names(worked: Sequence[Both], change: int) -> dict[int, str]:
    wanted = {
        int(line.head.partition("\t")[0])
        for both in worked
        for line in both.differing or ()
    }
    if not wanted:
        return {}
    rows = Revision.objects.filter(entry_id__in=wanted, opened__lte=change)
    return dict(rows.exclude(closed__lte=change).values_list("entry_id", "name"))


def _is_there(side: Side) -> bool:
    return side[1] is not None


def _amount(side: Side) -> str:
    return f"{money(side[0]):f}" if _is_there(side) else "0"
