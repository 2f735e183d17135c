"""Measures of frozen periods that late changes move, for later periods to read."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from commissions.calculation.facts import StatementDraft
from commissions.calculation.pipeline import calculate
from commissions.statements import writing
from commissions.statements.inputs import load
from commissions.statements.models import Proposal, Statement
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
    """Let later periods read the measures with what was posted, not only the money.

    Deals of which a late change waits or was declined count as they did before it.
    """
    change = latest_change()
    as_before = _as_before(row)
    if draft is None or as_before:
        draft = _accepted(row, as_before, change)
    changed = _moved(row, draft)
    if changed:
        run = writing.RunWriter(change, f"Late change of {row.period.slug}")
        writing.write_measures({(row.payee_id, row.period.slug): changed}, run)


def _accepted(
    row: Statement, as_before: Mapping[int, int], change: int
) -> StatementDraft:
    """Work the statement out with these deals as they were known at a change each."""
    key = row.payee_id, as_period(row.period)
    inputs = load([key], change).inputs(*key)
    for number in sorted(set(as_before.values())):
        entry_ids = {one for one, known in as_before.items() if known == number}
        known = load([key], number).inputs(*key)
        others = [entry for entry in inputs.entries if entry.id not in entry_ids]
        then = [entry for entry in known.entries if entry.id in entry_ids]
        inputs = replace(
            inputs,
            entries=(*others, *then),
            rates={**known.rates, **inputs.rates},
            things={**known.things, **inputs.things},
            people={**known.people, **inputs.people},
        )
    return calculate(inputs)


def _as_before(row: Statement) -> dict[int, int]:
    """Return the deals with a late change that is not accepted, and as of when.

    That is when the last one was posted, or else when the statement was frozen. A deal
    of which one line was posted counts, though another line was declined.
    """
    state = Proposal.State
    posted: dict[int, int] = {}
    undecided: dict[int, int] = {}
    rows = Proposal.objects.filter(payee_id=row.payee_id, period_id=row.period_id)
    for proposal in rows.exclude(state=state.REPLACED).exclude(entry_id=0):
        found = posted if proposal.state == state.POSTED else undecided
        known = found.get(proposal.entry_id, row.change)
        found[proposal.entry_id] = max(known, proposal.change_number)
    return {
        entry_id: posted.get(entry_id, row.change)
        for entry_id, number in undecided.items()
        if entry_id not in posted or number > posted[entry_id]
    }


def _moved(row: Statement, draft: StatementDraft) -> dict[str, Decimal | None]:
    stored = writing.live_measures([row.payee_id], [row.period.slug])
    before = stored.get((row.payee_id, row.period.slug), {})
    return writing.changed_measures(before, draft.measures)
