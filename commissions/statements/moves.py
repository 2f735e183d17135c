"""What a change of plans or people would move, worked out before anybody makes it.

The change is made, both sides of it are calculated, and all of it is taken back: what
is shown is what the change itself would do, not a second reckoning beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db import transaction

from commissions.statements.impact import Reckoned, frozen_of, total, work_out
from commissions.statements.inputs import Key
from commissions_saas.lib.periods import Period
from crm_sync.ledger.changes import latest_change, lock_changes
from tenants.schema import current_business


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
    found: dict[Key, Move | None] = {}

    def keep(key: Key, old: Reckoned, new: Reckoned) -> None:
        found[key] = _move(key, old, new)

    work_out(start, fence, keep)
    frozen = frozen_of(found)
    rows = [
        replace(move, is_open=key not in frozen) for key, move in found.items() if move
    ]
    rows.sort(key=lambda row: (row.difference, row.payee_name, row.period.slug))
    return Moves(tuple(rows), len(found) - len(rows), current_business().currency)


def _move(key: Key, old: Reckoned, new: Reckoned) -> Move | None:
    """Return what a statement would gain; None where it stays as it is."""
    before, (inputs, after) = old[1], new
    if total(before) == total(after) and before.failures == after.failures:
        return None
    return Move(
        payee_id=key[0],
        payee_name=inputs.payee_name,
        period=key[1],
        before=total(before),
        after=total(after),
        is_open=True,
        failed=next((each.message for each in after.failures), ""),
    )
