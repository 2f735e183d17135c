"""Getting the money out: the file, the paid mark, and what comes back."""

import hashlib
from collections import defaultdict
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Max, QuerySet

from commissions.statements import services as statements
from commissions.statements.models import Line, PayPeriod
from commissions_saas.lib import clock
from commissions_saas.lib.money import round_money
from payouts.exports import FORMATS
from payouts.exports.rows import MadeFile, PayoutRow, RunToPay
from payouts.journal.models import Account, Journal
from payouts.journal.services import Booking, book, reverse
from payouts.runs import errors, selectors
from payouts.runs.models import ExportFile, Payout, PayoutItem, PayoutRun
from payouts.runs.services.decide import require_not_taken_up
from payouts.runs.services.trail import note
from tenants.access import Member
from tenants.schema import current_business

R = PayoutRun.State
S = Payout.State


def preview_file(*, run: PayoutRun, format_name: str) -> MadeFile:
    """Make the file without storing it; refused unless it adds up to the run."""
    if format_name not in FORMATS:
        raise errors.UnknownFormat(format_name)
    _, make = FORMATS[format_name]
    file = make(_run_to_pay(run))
    approved = selectors.approved_total(run)
    if file.total != approved:
        raise errors.FileDoesNotAddUp(file=file.total, run=approved)
    return file


def export_run(
    *, run: PayoutRun, format_name: str, seen_total: Decimal, reason: str, by: Member
) -> ExportFile:
    """Make the file of an approved run. A second file voids the first, with a reason."""
    with transaction.atomic():
        run = PayoutRun.objects.select_for_update().get(pk=run.pk)
        if run.state not in (R.APPROVED, R.EXPORTED):
            raise errors.WrongState(run.number, run.state, "exported")
        if run.state == R.EXPORTED and not reason.strip():
            raise errors.NeedsReason("A second file")
        total = selectors.approved_total(run)
        if total != seen_total:
            raise errors.FiguresMoved(seen=seen_total, now=total, currency=run.currency)
        file = preview_file(run=run, format_name=format_name)
        stored = _store(run, format_name, file, reason, by)
        PayoutRun.objects.filter(pk=run.pk).update(
            state=R.EXPORTED, exported_at=clock.now()
        )
        run.payouts.filter(state=S.APPROVED).update(state=S.SENT)
        note(run, "exported", by=by, total=file.total, text=stored.sha256)
    return stored


def mark_run_paid(
    *, run: PayoutRun, paid_on: date, reference: str, seen_total: Decimal, by: Member
) -> None:
    """Mark what was sent as paid, and book it; once."""
    with transaction.atomic():
        run = PayoutRun.objects.select_for_update().get(pk=run.pk)
        if run.state != R.EXPORTED:
            raise errors.WrongState(run.number, run.state, "marked as paid")
        total = selectors.approved_total(run)
        if total != seen_total:
            raise errors.FiguresMoved(seen=seen_total, now=total, currency=run.currency)
        sent = list(run.payouts.filter(state=S.SENT))
        PayoutRun.objects.filter(pk=run.pk).update(
            state=R.PAID, paid_on=paid_on, bank_reference=reference
        )
        run.payouts.filter(state=S.SENT).update(state=S.PAID, paid_on=paid_on)
        _book_paid(run, sent, paid_on, by)
        _mark_statements(run, sent, by)
        note(run, "paid", by=by, total=total, text=reference)


def _mark_statements(run: PayoutRun, sent: list[Payout], by: Member) -> None:
    """Mark the statements that were paid: of the run's period, and of earlier ones
    whose lines came along."""
    items = PayoutItem.objects.filter(payout__in=sent, live=True)
    lines = Line.objects.filter(pk__in=items.values("line_id"))
    paid: dict[int, set[int]] = defaultdict(set)
    paid[run.period_id] = {payout.payee_id for payout in sent}
    for period_id, payee_id in lines.values_list("period_id", "payee_id").distinct():
        paid[period_id].add(payee_id)
    for period in PayPeriod.objects.filter(pk__in=paid).order_by("starts_on"):
        statements.mark_paid(period=period, by=by, payee_ids=paid[period.pk])


def mark_returned(*, payout: Payout, reason: str, by: Member) -> None:
    """The bank sent a payment back: book it back and make it payable again."""
    if not reason.strip():
        raise errors.NeedsReason("A returned payment")
    with transaction.atomic():
        paid = Payout.objects.filter(pk=payout.pk, state=S.PAID)
        if paid.update(state=S.RETURNED, reason=reason) != 1:
            raise errors.WrongState(payout.run.number, payout.state, "returned")
        PayoutItem.objects.filter(payout=payout).update(live=False)
        book(
            Booking(
                kind="returned",
                key=f"payout:{payout.pk}:returned:{_returns(payout).count() + 1}",
                words=f"Returned: {payout.payee} ({reason})",
                booked_on=clock.today(current_business().time_zone),
                currency=payout.currency,
                owed={payout.payee_id: payout.amount},
                against=Account.Kind.CLEARING,
                made_by_id=by.user_id,
            )
        )
        note(
            payout.run,
            "returned",
            by=by,
            payout=payout,
            total=payout.amount,
            text=reason,
        )


def undo_returned(*, payout: Payout, by: Member) -> None:
    """The payment arrived after all: it counts as paid, unless a later run has it."""
    with transaction.atomic():
        returned = Payout.objects.filter(pk=payout.pk, state=S.RETURNED)
        if returned.update(state=S.PAID, reason="") != 1:
            raise errors.WrongState(payout.run.number, payout.state, "undone")
        items = PayoutItem.objects.filter(payout=payout)
        require_not_taken_up(payout.run, items)
        items.update(live=True)
        journal = _returns(payout).latest("pk")
        words = f"Not returned after all: {payout.payee}"
        reverse(
            journal,
            key=f"{journal.key}:undone",
            words=words,
            on=clock.today(current_business().time_zone),
            by_id=by.user_id,
        )
        note(payout.run, "arrived", by=by, payout=payout, total=payout.amount)


def _returns(payout: Payout) -> QuerySet[Journal]:
    key = f"payout:{payout.pk}:returned"
    return Journal.objects.filter(kind="returned", key__startswith=key)


def _run_to_pay(run: PayoutRun) -> RunToPay:
    states = [S.APPROVED, S.SENT, S.PAID]
    rows = tuple(
        PayoutRow(
            payee_name=payout.payee.name,
            employee_number=payout.payee.employee_number,
            email=payout.payee.email,
            amount=round_money(payout.amount, run.currency),
        )
        for payout in selectors.payouts_of(run).filter(state__in=states)
    )
    return RunToPay(
        business=current_business().slug,
        number=run.number,
        period=run.period.slug,
        currency=run.currency,
        pays_on=run.period.pays_on,
        rows=rows,
    )


def _store(
    run: PayoutRun, format_name: str, file: MadeFile, reason: str, by: Member
) -> ExportFile:
    last = run.files.aggregate(last=Max("number"))["last"] or 0
    run.files.filter(void=False).update(void=True)
    name = file.name.replace(".csv", f"-file-{last + 1}.csv") if last else file.name
    return ExportFile.objects.create(
        run=run,
        number=last + 1,
        format=format_name,
        name=name,
        content=file.content,
        sha256=hashlib.sha256(file.content).hexdigest(),
        rows=file.rows,
        total=file.total,
        reason=reason,
        made_by_id=by.user_id,
        made_at=clock.now(),
    )


def _book_paid(run: PayoutRun, sent: list[Payout], paid_on: date, by: Member) -> None:
    owed = {payout.payee_id: -payout.amount for payout in sent if payout.amount}
    if not owed:
        return
    book(
        Booking(
            kind="paid",
            key=f"run:{run.number}:paid",
            words=f"Run {run.number} of {run.period.slug} paid",
            booked_on=paid_on,
            currency=run.currency,
            owed=owed,
            against=Account.Kind.CLEARING,
            made_by_id=by.user_id,
        )
    )
