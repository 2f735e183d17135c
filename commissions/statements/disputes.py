"""Disputes: a payee questions a line, and somebody else decides."""

from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from commissions.statements import errors, services
from commissions.statements.models import Adjustment, Dispute, Line, PayPeriod
from commissions.statements.periods import as_period, current_period, row_of
from commissions.statements.receipts import receipt_of
from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee
from crm_sync.ledger.own import is_own
from crm_sync.ledger.selectors import payees_visible_to
from tenants.access import Member
from tenants.audit.services import as_text, record
from tenants.schema import current_business

ANSWER_WITHIN = timedelta(days=7)


def disputes_visible_to(member: Member) -> QuerySet[Dispute]:
    """Return the disputes about pay that the member may see."""
    rows = Dispute.objects.select_related("payee", "adjustment")
    if member.sees_all_pay:
        return rows
    return rows.filter(payee_id__in=payees_visible_to(member).values("pk"))


def open_dispute(
    *, line: Line, reason: str, claimed: Decimal | None, note: str, by: Member
) -> Dispute:
    """Question a line; its receipt is kept, so that both argue about one version."""
    if not note.strip():
        raise errors.NotADispute("Say what is wrong, in a sentence.")
    found = receipt_of(line)
    receipt: Any = {"text": found.receipt.text if found.receipt else found.problem}
    if found.receipt:
        receipt["line"] = as_text(asdict(found.receipt.line))
    try:
        with transaction.atomic():
            dispute = Dispute.objects.create(
                payee_id=line.payee_id,
                line_id=line.pk,
                reason=reason,
                note=note.strip(),
                computed=line.amount,
                claimed=claimed,
                currency=line.currency,
                receipt=receipt,
                opened_by_id=by.user_id,
                opened_at=clock.now(),
                due_on=clock.today(current_business().time_zone) + ANSWER_WITHIN,
            )
            _record("opened", dispute, by, {"claimed": claimed, "note": note})
    except IntegrityError as problem:
        raise errors.NotADispute(
            "This line is in dispute already.", hint="Open it to add to it."
        ) from problem
    return dispute


def decide_dispute(
    *, dispute: Dispute, amount: Decimal | None, answer: str, by: Member
) -> Adjustment | None:
    """Accept with the amount that the line should be, or decline with an answer.

    Nobody decides about their own claim or pay.
    """
    if dispute.opened_by_id == by.user_id or is_own(dispute.payee_id, by):
        raise errors.OwnPay("decide the dispute")
    if not answer.strip():
        raise errors.NotADispute("Say why: the payee reads the answer.")
    with transaction.atomic():
        adjustment = None
        if amount is not None and amount != dispute.computed:
            adjustment = _adjust(dispute, amount, by)
        state = Dispute.State.DECLINED if amount is None else Dispute.State.ACCEPTED
        _close(dispute, state, answer, adjustment, by)
        _record(str(state), dispute, by, {"amount": amount, "answer": answer})
    return adjustment


def withdraw_dispute(*, dispute: Dispute, by: Member) -> None:
    """Take a dispute back; only whoever opened it can."""
    if dispute.opened_by_id != by.user_id:
        raise errors.NotADispute("Only whoever opened the dispute can withdraw it.")
    with transaction.atomic():
        _close(dispute, Dispute.State.WITHDRAWN, "", None, by)
        _record("withdrawn", dispute, by, {})


def _adjust(dispute: Dispute, amount: Decimal, by: Member) -> Adjustment:
    line = Line.objects.get(pk=dispute.line_id)
    period = PayPeriod.objects.get(pk=line.period_id)
    open_period = row_of(current_period())
    return services.add_adjustment(
        payee=Payee.objects.get(pk=dispute.payee_id),
        period=open_period,
        amount=amount - dispute.computed,
        currency=dispute.currency,
        reason=f"Dispute {dispute.pk} about {line.component_name} accepted",
        by=by,
        line_id=line.pk,
        entry_id=line.entry_id or None,
        corrects_period="" if period == open_period else as_period(period).slug,
    )


def _close(
    dispute: Dispute,
    state: str,
    answer: str,
    adjustment: Adjustment | None,
    by: Member,
) -> None:
    waiting = Dispute.objects.filter(pk=dispute.pk, state=Dispute.State.OPEN)
    closed = waiting.update(
        state=state,
        answer=answer.strip(),
        adjustment=adjustment,
        decided_by_id=by.user_id,
        decided_at=clock.now(),
    )
    if closed != 1:
        raise errors.AlreadyDecided(f"Dispute {dispute.pk}")


def _record(what: str, dispute: Dispute, by: Member, after: dict[str, Any]) -> None:
    record(
        action=f"statements.dispute.{what}",
        object_kind="dispute",
        object_id=dispute.pk,
        object_name=f"{dispute.payee}, {dispute.computed} {dispute.currency}",
        after=after,
        by=by,
    )
