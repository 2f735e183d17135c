"""Every check in one list, so that none can be forgotten."""

from commissions.statements.proofs import recompute_differences
from payouts.checks import lines, money, system
from payouts.checks.breaks import Break, Check


def recompute() -> list[Break]:
    """I09: an open statement, computed again from its inputs, has the same lines."""
    return [Break("I09", words) for words in recompute_differences()]


CHECKS: tuple[Check, ...] = (
    lines.statement_totals,
    lines.splits_divide_the_whole,
    lines.one_live_line,
    lines.frozen_bytes,
    lines.places_of_amounts,
    lines.written_while_open,
    recompute,
    money.run_totals,
    money.in_one_batch,
    money.two_people,
    money.balances,
    system.trail_is_whole,
    system.jobs_are_alive,
    system.ids_stay_at_home,
)


def verify() -> list[Break]:
    """Return every break in the business that was entered."""
    return [found for check in CHECKS for found in check()]
