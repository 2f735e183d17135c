"""What a change of plans or people would move, worked out before anybody makes it.

The change is made, both sides of it are calculated, and all of it is taken back: what
is shown is what the change itself would do, not a second reckoning beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256

from django.db import transaction

from commissions.statements.impact import Reckoned, frozen_of, total, work_out
from commissions.statements.inputs import Key
from commissions.statements.touched import touched_between
from commissions_saas.lib.periods import Period
from crm_sync.ledger.changes import latest_change, lock_changes
from tenants.schema import current_business

MOST_WORKED_OUT = 1_000  # statements, while somebody waits for a page


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
    too_many: int = 0  # open statements that are touched and were not worked out
    is_made: bool = False  # by somebody else, or by a first press: nothing is written

    @property
    def seal(self) -> str:
        """Return a hash of all that is shown: equal, equal hash."""
        shown = [
            f"{row.payee_id}/{row.period.slug}/{row.before}/{row.after}/{row.is_open}"
            for row in sorted(
                self.rows, key=lambda row: (row.payee_id, row.period.slug)
            )
        ]
        return sha256("\n".join([*shown, str(self.too_many)]).encode()).hexdigest()

    @property
    def total(self) -> Decimal:
        """Return what open statements would gain together."""
        return sum((row.difference for row in self.rows if row.is_open), Decimal(0))

    @property
    def late(self) -> tuple[Move, ...]:
        """Return what would reach frozen statements, as proposals for adjustment."""
        return tuple(row for row in self.rows if not row.is_open)


def make_if_seen(change: Callable[[], object], seen: str) -> Moves | None:
    """Make a change if it moves what somebody saw; else return what it moves now."""
    with transaction.atomic():
        moves = what_moves(change, most=MOST_WORKED_OUT)
        if moves.seal != seen and not moves.is_made:
            return moves
        change()  # nothing came between: the change lock is held until the commit
    return None


def what_moves(change: Callable[[], object], *, most: int | None = None) -> Moves:
    """Make a change, see what it moves, and take it back.

    Whatever the change refuses, it refuses here in the same words. The change lock is
    held meanwhile, so nothing else can be mistaken for this change's doing. Of more
    than `most` statements none is worked out.
    """
    with transaction.atomic():
        lock_changes()
        start = latest_change()
        inside = transaction.savepoint()
        try:
            change()
            return _compared(start, latest_change(), most)
        finally:
            transaction.savepoint_rollback(inside)


def _compared(start: int, fence: int, most: int | None) -> Moves:
    currency = current_business().currency
    if start == fence:
        return Moves((), 0, currency, is_made=True)
    if most is not None and len(touched := touched_between(start, fence)) > most:
        return Moves((), 0, currency, len(touched) - len(frozen_of(touched)))
    found: dict[Key, Move | None] = {}

    def keep(key: Key, old: Reckoned, new: Reckoned) -> None:
        found[key] = _move(key, old, new)

    work_out(start, fence, keep)
    frozen = frozen_of(found)
    rows = [
        replace(move, is_open=key not in frozen) for key, move in found.items() if move
    ]
    rows.sort(key=lambda row: (row.difference, row.payee_name, row.period.slug))
    return Moves(tuple(rows), len(found) - len(rows), currency)


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
