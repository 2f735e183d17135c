"""Measures of frozen periods that late changes move, for later periods to read."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from commissions.calculation.facts import PayeeInputs, StatementDraft
from commissions.calculation.pipeline import calculate
from commissions.statements import writing
from commissions.statements.inputs import load
from commissions.statements.models import Proposal, Statement
from commissions.statements.periods import as_period
from crm_sync.ledger.changes import latest_change, next_change
from crm_sync.ledger.models import Change

# Stands among deals for all that is none: quotas, plans, rates, facts.
OTHERS = 0


def carry_alone(row: Statement, draft: StatementDraft) -> None:
    """Let later periods read measures that moved without moving any money.

    A deal over a cap pays nothing more, and still counts for the year's tiers: what
    moves no money waits for nobody, as nothing of it would be left to post.
    """
    if not _moved(row, draft):
        return
    as_before = _as_before(row)
    if as_before:
        draft = _accepted(row, as_before, latest_change())
        if not _moved(row, draft):
            return
    period = as_period(row.period)
    next_change(
        kind="carried",
        words=f"{row.payee}: what {period.label} counts for later periods has changed",
        payee_id=row.payee_id,
    )
    _write(row, draft)


def carry_measures(row: Statement, draft: StatementDraft | None) -> None:
    """Let later periods read the measures with what was posted, not only the money.

    What waits to be decided or was declined counts as it did before it.
    """
    as_before = _as_before(row)
    if draft is None or as_before:
        draft = _accepted(row, as_before, latest_change())
    _write(row, draft)


def _write(row: Statement, draft: StatementDraft) -> None:
    changed = _moved(row, draft)
    if changed:
        run = writing.RunWriter(latest_change(), f"Late change of {row.period.slug}")
        writing.write_measures({(row.payee_id, row.period.slug): changed}, run)


def _accepted(
    row: Statement, as_before: Mapping[int, int], change: int
) -> StatementDraft:
    """Work the statement out with these deals as they were known at a change each.

    All that is no deal is as it was known at one, too, where that is undecided; what
    is taken from earlier periods and from other payees is as it stands.
    """
    key = row.payee_id, as_period(row.period)
    now = load([key], change).inputs(*key)
    numbers = {one: known for one, known in as_before.items() if one != OTHERS}
    inputs = now
    if OTHERS in as_before:
        before = load([key], as_before[OTHERS]).inputs(*key)
        # Earlier periods and other payees have decided about theirs.
        inputs = replace(
            before, entries=now.entries, stored=now.stored, members=now.members
        )
        inputs = _beside(inputs, now)
    for number in sorted(set(numbers.values())):
        entry_ids = {one for one, known in numbers.items() if known == number}
        known = load([key], number).inputs(*key)
        others = [entry for entry in inputs.entries if entry.id not in entry_ids]
        then = [entry for entry in known.entries if entry.id in entry_ids]
        inputs = _beside(replace(inputs, entries=(*others, *then)), known)
    return calculate(inputs)


def _beside(inputs: PayeeInputs, other: PayeeInputs) -> PayeeInputs:
    """Return inputs with what only others know of what their deals name."""
    return replace(
        inputs,
        rates={**other.rates, **inputs.rates},
        things={**other.things, **inputs.things},
        people={**other.people, **inputs.people},
    )


def _as_before(row: Statement) -> dict[int, int]:
    """Return the deals with a late change that is not accepted, and as of when.

    That is when the last one was posted, or else when the statement was frozen. A deal
    of which one line was posted counts, though another line was declined. Quotas,
    plans, rates and facts are decided in the same way, all of them as one.
    """
    state = Proposal.State
    posted: dict[int, int] = {}
    undecided: dict[int, int] = {}
    rows = Proposal.objects.filter(payee_id=row.payee_id, period_id=row.period_id)
    found = list(rows.exclude(state=state.REPLACED))
    # One that came to a locked period was never worked out: without the deals that wait
    # it counts nothing, and without its plans there would be nothing to count by.
    others = _first_of_others(row) if row.calculated_at is not None else None
    deals = _changed_deals(row, found)
    for proposal in found:
        number = proposal.change_number
        is_posted = proposal.state == state.POSTED
        decided = posted if is_posted else undecided
        if proposal.entry_id:
            known = decided.get(proposal.entry_id, row.change)
            decided[proposal.entry_id] = max(known, number)
        # What is posted of a deal that changed itself says nothing about the others.
        own = is_posted and deals.get(proposal.entry_id, number + 1) <= number
        if not own and others is not None and others <= number:
            decided[OTHERS] = max(decided.get(OTHERS, row.change), number)
    return {
        entry_id: posted.get(entry_id, row.change)
        for entry_id, number in undecided.items()
        if entry_id not in posted or number > posted[entry_id]
    }


def _changed_deals(row: Statement, found: Iterable[Proposal]) -> dict[int, int]:
    """Return the deals of these proposals that changed since the freeze, with when."""
    ids = {proposal.entry_id for proposal in found} - {OTHERS}
    rows = Change.objects.filter(entry_id__in=ids, number__gt=row.change)
    firsts: dict[int, int] = {}
    for entry_id, number in rows.order_by("-number").values_list("entry_id", "number"):
        firsts[entry_id or OTHERS] = number
    return firsts


def _first_of_others(row: Statement) -> int | None:
    """Return when first anything but a deal changed since the freeze, if it did."""
    rows = Change.objects.filter(number__gt=row.change, entry_id__isnull=True)
    first = rows.exclude(kind="adjustment").order_by("number").first()
    return first.number if first else None


def _moved(row: Statement, draft: StatementDraft) -> dict[str, Decimal | None]:
    stored = writing.live_measures([row.payee_id], [row.period.slug])
    before = stored.get((row.payee_id, row.period.slug), {})
    return writing.changed_measures(before, draft.measures)
