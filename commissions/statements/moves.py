"""What a change of plans or people would move, worked out before anybody makes it.

The change is made, both sides of it are calculated, and all of it is taken back: what
is shown is what the change itself would do, not a second reckoning beside it.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from commissions.calculation.facts import StatementDraft
from commissions.calculation.pipeline import calculate
from commissions.statements.inputs import Key, load
from commissions.statements.models import Statement
from commissions.statements.touched import touched_between
from commissions_saas.lib.periods import Period
from crm_sync.ledger.changes import latest_change, lock_changes
from crm_sync.ledger.models import Payee
from tenants.schema import current_business

PAYEES_AT_A_TIME = 8  # bounds what is in memory at once


@dataclass(frozen=True, slots=True)
class Move:
    """One statement, before and after."""

    payee_id: int
    payee_name: str
    period: Period
    before: Decimal
    after: Decimal
    is_open: bool
    failed: str = ""  # the first line that could not be worked out any more

    @property
    def difference(self) -> Decimal:
        """Return what the statement would gain; negative is a loss."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Moves:
    """All that a change would move; statements that stay as they are, are counted."""

    rows: tuple[Move, ...]
    unchanged: int
    currency: str

    @property
    def total(self) -> Decimal:
        """Return what open statements would gain together."""
        return sum((row.difference for row in self.rows if row.is_open), Decimal(0))

    @property
    def late(self) -> tuple[Move, ...]:
        """Return what would reach frozen statements, as proposals for adjustment."""
        return tuple(row for row in self.rows if not row.is_open)


def what_moves(change: Callable[[], object]) -> Moves:
    """Make a change, see what it moves, and take it back.

    Whatever the change refuses, it refuses here in the same words. The change lock is
    held meanwhile, so nothing else can be mistaken for this change's doing.
    """
    with transaction.atomic():
        lock_changes()
        start = latest_change()
        inside = transaction.savepoint()
        try:
            change()
            return _compared(start, latest_change())
        finally:
            transaction.savepoint_rollback(inside)


def _compared(start: int, fence: int) -> Moves:
    wanted = (
        sorted(touched_between(start, fence), key=_by_payee) if fence > start else []
    )
    rows: list[Move] = []
    names = _names(wanted)
    open_ones = _open(wanted)
    for chunk in _chunks(wanted):
        before, after = load(chunk, start), load(chunk, fence)
        for key in chunk:
            old = calculate(before.inputs(*key))
            new = calculate(after.inputs(*key))
            if _is_same(old, new):
                continue
            rows.append(
                Move(
                    payee_id=key[0],
                    payee_name=names[key[0]],
                    period=key[1],
                    before=old.total,
                    after=new.total,
                    is_open=key in open_ones,
                    failed=next((each.message for each in new.failures), ""),
                )
            )
    rows.sort(key=lambda row: (row.difference, row.payee_name, row.period.slug))
    return Moves(tuple(rows), len(wanted) - len(rows), current_business().currency)


def _is_same(old: StatementDraft, new: StatementDraft) -> bool:
    return old.total == new.total and old.failures == new.failures


def _by_payee(key: Key) -> tuple[int, Period]:
    return key


def _chunks(wanted: list[Key]) -> Iterator[list[Key]]:
    payees = sorted({payee_id for payee_id, _ in wanted})
    for first in range(0, len(payees), PAYEES_AT_A_TIME):
        some = set(payees[first : first + PAYEES_AT_A_TIME])
        yield [key for key in wanted if key[0] in some]


def _names(wanted: Collection[Key]) -> dict[int, str]:
    rows = Payee.objects.filter(pk__in={payee_id for payee_id, _ in wanted})
    return dict(rows.values_list("pk", "name"))


def _open(wanted: Collection[Key]) -> set[Key]:
    """Return the statements that a recalculation would write; new ones are open."""
    frozen = set(
        Statement.objects.filter(payee_id__in={payee_id for payee_id, _ in wanted})
        .exclude(state=Statement.State.OPEN)
        .values_list("payee_id", "period__slug")
    )
    return {key for key in wanted if (key[0], key[1].slug) not in frozen}
