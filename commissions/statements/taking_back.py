"""Late changes that were decided and no longer hold: opened again, or undone by hand."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import QuerySet, Sum

from commissions.statements import carrying, errors
from commissions.statements.models import (
    Adjustment,
    Line,
    Proposal,
    Release,
    Statement,
)
from commissions.statements.periods import as_period, hold_and_find_frozen
from commissions.statements.proposals import hold_statement_of, replace_waiting
from commissions_saas.lib import clock
from crm_sync.ledger.changes import next_change
from tenants.access import Member

State = Proposal.State
# What a late change that is left out keeps of the posted one.
_KEPT = [
    "payee_id",
    "period_id",
    "component",
    "component_name",
    "version_id",
    "entry_id",
    "role",
    "line_id",
    "frozen",
    "currency",
    "clawback",
    "words",
    "made_at",
]


def take_back(rows: Sequence[Statement]) -> None:
    """Forget what was proposed and decided of statements that are opened again.

    What was booked already is undone, so that it is not paid twice; refused where the
    statement that it went to is frozen as well.
    """
    posted: list[tuple[Proposal, Adjustment]] = []
    for row in rows:
        for proposal in _of(row).filter(state=State.WAITING):
            replace_waiting(proposal)
        # The statement takes in what was left out of it, too.
        _of(row).filter(state=State.DECLINED).update(state=State.REPLACED)
        found = _of(row).filter(state=State.POSTED).select_related("adjustment")
        posted += [(each, each.adjustment) for each in found if each.adjustment]
    _require_still_open(rows, [booked for _, booked in posted])
    for proposal, adjustment in posted:
        number = next_change(
            kind="adjustment",
            words=f"{adjustment.reason}: taken back, the statement was opened again",
            entry_id=proposal.entry_id or None,
            payee_id=proposal.payee_id,
        )
        Adjustment.objects.filter(pk=adjustment.pk, closed__isnull=True).update(
            closed=number
        )
        Proposal.objects.filter(pk=proposal.pk).update(state=State.REPLACED)
    if rows:
        # What reads their measures is found by the run that has this number.
        label = as_period(rows[0].period).label
        next_change(kind="carried", words=f"{label} was opened again")


def forget_releases(rows: Iterable[Statement]) -> None:
    """Let the gates of lines that are calculated again be as they are now.

    Call it when they are: a line that waits now is not released by what was before.
    """
    for row in rows:
        lines = Line.objects.filter(
            payee_id=row.payee_id, period_id=row.period_id, closed_run__isnull=True
        )
        Release.objects.filter(line_id__in=lines.values("pk")).delete()


def require_standing(adjustment: Adjustment) -> Proposal | None:
    """Return the late change that an adjustment posted, held for it to be undone.

    Refused where it was taken back already, as its statement was opened, and where more
    of the same line was posted since: that rests on what is to be undone.
    """
    proposal = Proposal.objects.filter(adjustment=adjustment).first()
    if proposal is not None:
        hold_statement_of(proposal)
        proposal.refresh_from_db(fields=["state"])
    still = Adjustment.objects.filter(pk=adjustment.pk, closed__isnull=True)
    if not still.exists():
        raise errors.AlreadyDecided(adjustment.reason)
    if proposal is None or proposal.state != State.POSTED:
        return None
    since = _of_line(proposal).filter(state=State.POSTED, pk__gt=proposal.pk).first()
    if since is not None:
        raise errors.MorePostedSince(since.words)
    return proposal


def leave_out(posted: Proposal, by: Member) -> None:
    """Leave a late change out that was posted and is undone: it is not proposed again.

    What its line would be now, less what else was posted of it, counts as declined.
    """
    Proposal.objects.filter(pk=posted.pk).update(state=State.REPLACED)
    decided = _of_line(posted).filter(state__in=[State.POSTED, State.DECLINED])
    latest = decided.filter(pk__gt=posted.pk).order_by("pk").last() or posted
    others = decided.filter(state=State.POSTED).aggregate(sum=Sum("amount"))["sum"]
    amount = latest.current - posted.frozen - (others or Decimal(0))
    if amount:
        Proposal.objects.create(
            **Proposal.objects.values(*_KEPT).get(pk=posted.pk),
            state=State.DECLINED,
            current=latest.current,
            amount=amount,
            change_number=latest.change_number,
            decided_by_id=by.user_id,
            decided_at=clock.now(),
        )
    row = Statement.objects.get(payee_id=posted.payee_id, period_id=posted.period_id)
    carrying.carry_measures(row, None)


def _of(row: Statement) -> QuerySet[Proposal]:
    rows = Proposal.objects.filter(payee_id=row.payee_id, period_id=row.period_id)
    return rows.order_by("pk")


def _of_line(proposal: Proposal) -> QuerySet[Proposal]:
    return Proposal.objects.filter(
        payee_id=proposal.payee_id,
        period_id=proposal.period_id,
        component=proposal.component,
        entry_id=proposal.entry_id,
        role=proposal.role,
    )


def _require_still_open(
    rows: Iterable[Statement], booked: Iterable[Adjustment]
) -> None:
    """Refuse unless the statement of each booking still takes its undoing in."""
    frozen = hold_and_find_frozen({(each.payee_id, each.period_id) for each in booked})
    if frozen:
        payee_ids = {payee_id for payee_id, _ in frozen}
        names = [row.payee.name for row in rows if row.payee_id in payee_ids]
        labels = dict.fromkeys(as_period(period).label for _, period in frozen)
        raise errors.BookedAlready(names, list(labels))
