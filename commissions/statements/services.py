"""What people and payout runs do to statements: freeze, lock, pay, adjust, decide."""

from collections.abc import Collection, Iterable
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Sum

from commissions.statements import errors, proposals, taking_back, writing
from commissions.statements.documents import document_of, hash_of
from commissions.statements.models import (
    Adjustment,
    CalculationState,
    PayPeriod,
    Proposal,
    Statement,
)
from commissions.statements.periods import (
    as_period,
    hold_and_find_frozen,
    hold_open_after,
)
from commissions.statements.recalculate import recalculate, recalculate_now
from commissions_saas.lib import clock
from commissions_saas.lib.money import parse_decimal, round_money
from crm_sync.ledger.changes import latest_change, next_change
from crm_sync.ledger.models import Payee
from crm_sync.ledger.own import is_own
from crm_sync.ledger.refusing import blocking
from crm_sync.writeback.running import write_what_changed
from tenants.access import Member
from tenants.audit.services import record
from tenants.schema import current_business

LARGEST_ADJUSTMENT = Decimal(10) ** 12


def lock_period(period: PayPeriod) -> PayPeriod:
    """Lock a period for a step of its own; calculations of it wait."""
    return PayPeriod.objects.select_for_update(no_key=True).get(pk=period.pk)


def freeze(*, period: PayPeriod, by: Member) -> list[Statement]:
    """Put a period's open statements in review: from now on late changes are proposals.

    Refused while a line failed or while changes are still being worked out.
    """
    with transaction.atomic():
        period = lock_period(period)
        _require_up_to_date()
        rows = list(_of_period(period).filter(state=Statement.State.OPEN))
        failed = [row.payee.name for row in rows if row.failures]
        if failed:
            raise errors.FailedLines(failed)
        _move(rows, Statement.State.OPEN, Statement.State.IN_REVIEW, "frozen")
        _record_period("frozen", period, rows, by)
    return rows


def reopen(*, period: PayPeriod, by: Member) -> list[Statement]:
    """Open the statements that are in review, and bring them up to date at once.

    What was proposed of them is forgotten, and what was booked already is undone;
    refused where that was booked on a statement that is frozen by now.
    """
    with transaction.atomic():
        period = lock_period(period)
        rows = list(_of_period(period).filter(state=Statement.State.IN_REVIEW))
        _move(rows, Statement.State.IN_REVIEW, Statement.State.OPEN, "opened again")
        taking_back.take_back(rows)
        if rows:
            keys = [(row.payee_id, as_period(period)) for row in rows]
            recalculate_now(keys, "The statement was opened again")
            taking_back.forget_releases(rows)
            recalculate()  # what was taken back is read before anybody freezes again
        _record_period("opened_again", period, rows, by)
    return list(_of_period(period).filter(pk__in=[row.pk for row in rows]))


def lock_statements(
    *, period: PayPeriod, by: Member, payee_ids: Collection[int] | None = None
) -> list[Statement]:
    """Lock statements in review: store their canonical document and its hash.

    The period itself is locked with the last of its statements. Refused while records
    that may belong to it could not go in.
    """
    with transaction.atomic():
        period = lock_period(period)
        _require_nothing_refused(period)
        rows = list(_chosen(period, payee_ids).filter(state=Statement.State.IN_REVIEW))
        for row in rows:
            document = document_of(row)
            locked = Statement.objects.filter(
                pk=row.pk, state=Statement.State.IN_REVIEW
            ).update(
                state=Statement.State.LOCKED,
                document=document,
                sha256=hash_of(document),
            )
            _require(locked, row, "locked")
            row.state, row.sha256 = Statement.State.LOCKED, hash_of(document)
            row.document = document
        _lock_finished(period, by)
        if business_posts():
            proposals.post_waiting(rows, None)
        _record_period("locked", period, rows, by)
        write_what_changed()
    return rows


def mark_paid(
    *, period: PayPeriod, by: Member, payee_ids: Collection[int] | None = None
) -> list[Statement]:
    """Mark locked statements as paid."""
    with transaction.atomic():
        period = lock_period(period)
        rows = list(_chosen(period, payee_ids).filter(state=Statement.State.LOCKED))
        _move(rows, Statement.State.LOCKED, Statement.State.PAID, "marked as paid")
        _record_period("paid", period, rows, by)
    return rows


def add_adjustment(
    *,
    payee: Payee,
    period: PayPeriod,
    amount: str | Decimal,
    currency: str,
    reason: str,
    by: Member,
    line_id: int | None = None,
    entry_id: int | None = None,
    corrects_period: str = "",
    undoes: Adjustment | None = None,
) -> Adjustment:
    """Add an amount to an open statement, with a reason; never to one's own."""
    value = _amount(amount, currency)
    _require_reason(reason)
    if is_own(payee.pk, by):
        raise errors.OwnPay("add the adjustment")
    with transaction.atomic():
        writing.lock_periods_to_write([period.pk])
        _require_open(payee, PayPeriod.objects.get(pk=period.pk))
        number = next_change(
            kind="adjustment",
            words=f"Adjustment for {payee.name}: {reason.strip()}",
            source=f"entered by {by.name}",
            entry_id=entry_id,
            payee_id=payee.pk,
            by_id=by.user_id,
        )
        adjustment = Adjustment.objects.create(
            payee=payee,
            period=period,
            kind=Adjustment.Kind.MANUAL,
            amount=value,
            currency=currency,
            reason=reason.strip(),
            entry_id=entry_id,
            line_id=line_id,
            corrects_period=corrects_period,
            undoes=undoes,
            made_by_id=by.user_id,
            made_at=clock.now(),
            opened=number,
        )
        record(
            action="statements.adjustment.added",
            object_kind="adjustment",
            object_id=adjustment.pk,
            object_name=f"{payee.name}, {period.slug}",
            after={"amount": value, "currency": currency, "reason": reason.strip()},
            by=by,
        )
    return adjustment


def undo_adjustment(*, adjustment: Adjustment, reason: str, by: Member) -> Adjustment:
    """Take an adjustment back by another one of the opposite amount, once.

    It stands in the same period; where that statement is frozen, in the open one.
    """
    _require_reason(reason)
    if adjustment.undoes_id is not None:
        raise errors.UndoesAlready()
    try:
        with transaction.atomic():
            period = _undone_in(adjustment)
            moved = period.pk != adjustment.period_id
            posted = taking_back.require_standing(adjustment)
            made = add_adjustment(
                payee=adjustment.payee,
                period=period,
                amount=-adjustment.amount,
                currency=adjustment.currency,
                reason=f"Takes back “{adjustment.reason}”: {reason.strip()}",
                by=by,
                entry_id=adjustment.entry_id,
                # It waits where what it takes back does.
                line_id=adjustment.line_id,
                corrects_period=adjustment.corrects_period
                or (adjustment.period.slug if moved else ""),
                undoes=adjustment,
            )
            if posted is not None:
                taking_back.leave_out(posted, by)
            return made
    except IntegrityError as problem:
        if "undoes" not in str(problem):
            raise
        raise errors.AlreadyDecided(adjustment.reason) from problem


def _undone_in(adjustment: Adjustment) -> PayPeriod:
    own = (adjustment.payee_id, adjustment.period_id)
    if hold_and_find_frozen([own]):
        return hold_open_after(as_period(adjustment.period), adjustment.payee_id)
    return adjustment.period


def decide_proposal(
    *, proposal: Proposal, accept: bool, by: Member
) -> Adjustment | None:
    """Post a late change in the open period, or leave it out for good."""
    if is_own(proposal.payee_id, by):
        raise errors.OwnPay("decide about the late change")
    if accept:
        return proposals.post(proposal=proposal, by=by)
    proposals.decline(proposal=proposal, by=by)
    return None


def acknowledge(*, statement: Statement, by: Member) -> None:
    """Note that the payee looked at the statement and finds it right."""
    if not is_own(statement.payee_id, by):
        raise errors.WrongState("The statement", "another person's", "acknowledged")
    with transaction.atomic():
        Statement.objects.filter(pk=statement.pk).update(acknowledged_at=clock.now())
        record(
            action="statements.statement.acknowledged",
            object_kind="statement",
            object_id=statement.pk,
            object_name=f"{statement.payee}, {statement.period}",
            after={"total": statement.total},
            by=by,
        )


def note_visit(*, statement: Statement, by: Member) -> None:
    """Remember when the payee last saw the statement; others leave no trace."""
    if is_own(statement.payee_id, by):
        Statement.objects.filter(pk=statement.pk).update(viewed_at=clock.now())


def business_posts() -> bool:
    """Say whether late changes of locked statements post by themselves."""
    return bool(current_business().posts_late_changes)


def _require_reason(reason: str) -> None:
    if len(reason.strip()) < 3:
        raise errors.NotAnAdjustment("Say why: the payee reads the reason.")


def _amount(amount: str | Decimal, currency: str) -> Decimal:
    value = amount if isinstance(amount, Decimal) else parse_decimal(amount)
    if value == 0:
        raise errors.NotAnAdjustment("An adjustment of zero changes nothing.")
    if round_money(value, currency) != value:
        raise errors.NotAnAdjustment(f"{value} has more places than {currency} has.")
    if abs(value) > LARGEST_ADJUSTMENT:
        raise errors.NotAnAdjustment(f"{value} is too large for an adjustment.")
    return value


def _require_open(payee: Payee, period: PayPeriod) -> None:
    label = as_period(period).label
    frozen = Statement.objects.filter(payee=payee, period=period).exclude(
        state=Statement.State.OPEN
    )
    if period.state != PayPeriod.State.OPEN or frozen.exists():
        raise errors.PeriodLocked(label)


def _require_up_to_date() -> None:
    done = CalculationState.objects.filter(pk=1).values_list("change", flat=True)
    behind = latest_change() - next(iter(done), 0)
    if behind:
        raise errors.NotUpToDate(behind)


def _require_nothing_refused(period: PayPeriod) -> None:
    refused = blocking(period.ends_on)
    records = refused.count()
    if records:
        held_up = refused.aggregate(sum=Sum("held_up"))["sum"] or Decimal(0)
        currency = current_business().currency
        worth = f"{held_up:,.2f} {currency}" if held_up else ""
        raise errors.RefusedRecordsWait(as_period(period).label, records, worth)


def _of_period(period: PayPeriod) -> QuerySet[Statement]:
    return (
        Statement.objects.select_for_update(of=("self",))
        .filter(period=period)
        .select_related("payee", "period")
        .order_by("payee_id")
    )


def _chosen(
    period: PayPeriod, payee_ids: Collection[int] | None
) -> QuerySet[Statement]:
    rows = _of_period(period)
    return rows if payee_ids is None else rows.filter(payee_id__in=payee_ids)


def _move(rows: Iterable[Statement], old: str, new: str, verb: str) -> None:
    frozen_at = clock.now() if new == Statement.State.IN_REVIEW else None
    for row in rows:
        fields: dict[str, object] = {"state": new}
        if Statement.State.OPEN in (old, new):
            fields["frozen_at"] = frozen_at
        moved = Statement.objects.filter(pk=row.pk, state=old).update(**fields)
        _require(moved, row, verb)
        row.state = new


def _require(moved: int, row: Statement, verb: str) -> None:
    if moved != 1:
        raise errors.WrongState(f"The statement of {row.payee}", row.state, verb)


def _lock_finished(period: PayPeriod, by: Member) -> None:
    unlocked = [Statement.State.OPEN, Statement.State.IN_REVIEW]
    if Statement.objects.filter(period=period, state__in=unlocked).exists():
        return
    PayPeriod.objects.filter(pk=period.pk, state=PayPeriod.State.OPEN).update(
        state=PayPeriod.State.LOCKED,
        locked_at=clock.now(),
        locked_by_id=by.user_id,
    )


def _record_period(
    what: str, period: PayPeriod, rows: Collection[Statement], by: Member
) -> None:
    record(
        action=f"statements.period.{what}",
        object_kind="period",
        object_id=period.pk,
        object_name=period.slug,
        after={
            "statements": len(rows),
            "total": sum((row.total for row in rows), Decimal(0)),
        },
        by=by,
    )
