"""Measures of frozen periods that late changes move, for later periods to read."""

from decimal import Decimal

from commissions.calculation.facts import StatementDraft
from commissions.calculation.pipeline import calculate
from commissions.statements import writing
from commissions.statements.inputs import load
from commissions.statements.models import Statement
from commissions.statements.periods import as_period
from crm_sync.ledger.changes import latest_change, next_change


def carry_alone(row: Statement, draft: StatementDraft) -> None:
    """Let later periods read measures that moved without moving any money.

    A deal over a cap pays nothing more, and still counts for the year's tiers.
    """
    if not _moved(row, draft):
        return
    period = as_period(row.period)
    next_change(
        kind="carried",
        words=f"{row.payee}: what {period.label} counts for later periods has changed",
        payee_id=row.payee_id,
    )
    carry_measures(row, draft)


def carry_measures(row: Statement, draft: StatementDraft | None) -> None:
    """Let later periods read the measures with what was posted, not only the money."""
    change = latest_change()
    if draft is None:
        key = row.payee_id, as_period(row.period)
        draft = calculate(load([key], change).inputs(*key))
    changed = _moved(row, draft)
    if changed:
        run = writing.RunWriter(change, f"Late change of {row.period.slug}")
        writing.write_measures({(row.payee_id, row.period.slug): changed}, run)


def _moved(row: Statement, draft: StatementDraft) -> dict[str, Decimal | None]:
    stored = writing.live_measures([row.payee_id], [row.period.slug])
    before = stored.get((row.payee_id, row.period.slug), {})
    return writing.changed_measures(before, draft.measures)
