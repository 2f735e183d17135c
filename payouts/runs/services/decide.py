"""Deciding on payees, and signing the whole: always by a second person."""

from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import F, QuerySet

from commissions.statements import services as statements
from commissions.statements.models import Statement
from commissions_saas.lib import clock
from payouts.journal.models import Account
from payouts.journal.services import Booking, book
from payouts.runs import duties, errors, selectors
from payouts.runs.models import Payout, PayoutItem, PayoutRun
from payouts.runs.services.trail import note
from tenants.access import Member
from tenants.schema import current_business

S = Payout.State
UNDECIDED = (S.READY,)
DECIDED = (S.HELD, S.REJECTED, S.APPROVED)


def approve_payouts(
    *,
    run: PayoutRun,
    payout_ids: Sequence[int],
    seen_version: int,
    seen_total: Decimal,
    by: Member,
) -> int:
    """Approve payees of a run in review; refused where the figures seen have moved."""
    with transaction.atomic():
        run = _claim(run, seen_version, "approved")
        _require_duties(run, by)
        chosen = list(
            run.payouts.select_for_update().filter(
                pk__in=payout_ids, state__in=UNDECIDED
            )
        )
        total = sum((payout.amount for payout in chosen), Decimal(0))
        if total != seen_total or len(chosen) != len(set(payout_ids)):
            raise errors.FiguresMoved(seen=seen_total, now=total, currency=run.currency)
        below = [payout.pk for payout in chosen if payout.amount < 0]
        above = [payout.pk for payout in chosen if payout.amount >= 0]
        _move(run, above, S.APPROVED, by)
        _move(run, below, S.CARRIED, by)
        note(run, "payees_approved", by=by, total=total, text=f"{len(chosen)} payees")
    return len(chosen)


def hold_payout(*, payout: Payout, reason: str, by: Member) -> None:
    """Keep a payee out of this run; the amount is in the next one."""
    _set_aside(payout, S.HELD, "held", reason or "Held", by)


def reject_payout(*, payout: Payout, reason: str, by: Member) -> None:
    """Send a payee back to the preparer, with a reason."""
    if not reason.strip():
        raise errors.NeedsReason("A rejection")
    with transaction.atomic():
        _require_duties(payout.run, by)
        _set_aside(payout, S.REJECTED, "rejected", reason, by)


def undo_decision(*, payout: Payout, by: Member) -> None:
    """Take a hold, a rejection or an approval back before the run is signed."""
    with transaction.atomic():
        run = _claim(payout.run, payout.run.version, "changed")
        decided = run.payouts.filter(pk=payout.pk, state__in=DECIDED)
        if decided.update(state=S.READY, reason="", decided_by_id=None) != 1:
            raise errors.WrongState(run.number, payout.state, "undone")
        note(run, "undone", by=by, payout=payout, total=payout.amount)


def sign_run(
    *, run: PayoutRun, seen_version: int, seen_total: Decimal, by: Member
) -> PayoutRun:
    """Approve a run as a whole: lock its statements and book what is owed.

    Above the business's limit a second approver signs too; the run is approved with
    the last signature.
    """
    with transaction.atomic():
        run = _claim(run, seen_version, "signed")
        _require_duties(run, by)
        _require_decided(run)
        total = _approved(run)
        if total != seen_total:
            raise errors.FiguresMoved(seen=seen_total, now=total, currency=run.currency)
        if _waits_for_a_second_signature(run, total, by):
            note(run, "signed_first", by=by, total=total)
            return run
        _finish(run, total, by)
    return run


def recall_run(*, run: PayoutRun, by: Member) -> None:
    """Take an approval back while no file has left; the decisions stay."""
    with transaction.atomic():
        approved = PayoutRun.objects.filter(pk=run.pk, state=PayoutRun.State.APPROVED)
        recalled = approved.update(
            state=PayoutRun.State.IN_REVIEW,
            approved_by_id=None,
            approved_at=None,
            second_approved_by_id=None,
            second_approved_at=None,
            version=F("version") + 1,
        )
        if recalled != 1:
            run.refresh_from_db()
            raise errors.WrongState(run.number, run.state, "recalled")
        run.refresh_from_db()
        aside = PayoutItem.objects.filter(payout__in=_put_aside(run))
        require_not_taken_up(run, aside)
        aside.update(live=True)
        note(run, "recalled", by=by, total=run.total)


def _put_aside(run: PayoutRun) -> QuerySet[Payout]:
    return run.payouts.filter(state__in=[S.HELD, S.REJECTED, S.CARRIED])


def require_not_taken_up(run: PayoutRun, aside: QuerySet[PayoutItem]) -> None:
    """Refuse to count lines here again that a later run counts by now."""
    rows = selectors.taken_up(aside).exclude(payout__run=run)
    rows = rows.order_by("payout__payee__name")
    found = list(rows.values_list("payout__payee__name", "payout__run__number"))
    if found:
        names = list(dict.fromkeys(name for name, _ in found))
        raise errors.TakenUp(names, max(number for _, number in found))


def _claim(run: PayoutRun, seen_version: int, verb: str) -> PayoutRun:
    """Move the version of a run in review by one; only one caller can.

    A first signature stands for the figures of its moment: a later decision takes it off.
    """
    live = PayoutRun.objects.filter(
        pk=run.pk, state=PayoutRun.State.IN_REVIEW, version=seen_version
    )
    unsigned = {} if verb == "signed" else {"approved_by_id": None, "approved_at": None}
    moved = live.update(version=F("version") + 1, **unsigned)
    fresh = PayoutRun.objects.select_related("period").get(pk=run.pk)
    if moved == 1:
        return fresh
    if fresh.state != PayoutRun.State.IN_REVIEW:
        raise errors.WrongState(fresh.number, fresh.state, verb)
    raise errors.FiguresMoved(seen=run.total, now=fresh.total, currency=fresh.currency)


def _require_duties(run: PayoutRun, by: Member) -> None:
    because = duties.why_not_approve(run, by.user_id)
    if because:
        raise errors.NeedsSecondPerson(because, duties.who_may_approve(run))


def _require_decided(run: PayoutRun) -> None:
    open_payouts = run.payouts.filter(state__in=UNDECIDED).count()
    if open_payouts:
        raise errors.NotDecided(open_payouts)


def _move(run: PayoutRun, ids: list[int], state: Payout.State, by: Member) -> None:
    moved = run.payouts.filter(pk__in=ids, state__in=UNDECIDED).update(
        state=state, decided_by_id=by.user_id, decided_at=clock.now(), reason=""
    )
    if moved != len(ids):
        raise errors.WrongState(run.number, run.state, "approved")


def _set_aside(
    payout: Payout, state: Payout.State, kind: str, reason: str, by: Member
) -> None:
    with transaction.atomic():
        run = _claim(payout.run, payout.run.version, kind)
        chosen = run.payouts.filter(pk=payout.pk, state__in=[S.READY, S.APPROVED])
        changed = chosen.update(
            state=state,
            reason=reason,
            decided_by_id=by.user_id,
            decided_at=clock.now(),
        )
        if changed != 1:
            raise errors.WrongState(run.number, payout.state, kind)
        note(run, kind, by=by, payout=payout, total=payout.amount, text=reason)


def _approved(run: PayoutRun) -> Decimal:
    amounts = run.payouts.filter(state=S.APPROVED).values_list("amount", flat=True)
    return sum(amounts, Decimal(0))


def _waits_for_a_second_signature(run: PayoutRun, total: Decimal, by: Member) -> bool:
    business = current_business()
    if duties.is_solo(run) or total <= business.second_approver_above:
        return False
    if run.approved_by_id and run.approved_by_id != by.user_id:
        return False
    PayoutRun.objects.filter(pk=run.pk).update(
        approved_by_id=by.user_id, approved_at=clock.now()
    )
    run.refresh_from_db()
    return True


def _finish(run: PayoutRun, total: Decimal, by: Member) -> None:
    first = run.approved_by_id or by.user_id
    second = by.user_id if run.approved_by_id else None
    PayoutRun.objects.filter(pk=run.pk).update(
        state=PayoutRun.State.APPROVED,
        approved_by_id=first,
        approved_at=run.approved_at or clock.now(),
        second_approved_by_id=second,
        second_approved_at=clock.now() if second else None,
    )
    PayoutItem.objects.filter(payout__in=_put_aside(run)).update(live=False)
    _freeze_latecomers(run, by)
    locked = statements.lock_statements(period=run.period, by=by)
    _book_earned(run, {row.payee_id: row.total for row in locked}, by)
    run.refresh_from_db()
    note(run, "approved", by=by, total=total)


def _freeze_latecomers(run: PayoutRun, by: Member) -> None:
    """Freeze statements that came after the run was prepared: the next one pays them.

    A period has one run, so a statement left open now would never be in any.
    """
    statements.lock_period(run.period)
    rows = Statement.objects.filter(period=run.period, state=Statement.State.OPEN)
    if rows.exists():
        statements.freeze(period=run.period, by=by)


def _book_earned(run: PayoutRun, earned: dict[int, Decimal], by: Member) -> None:
    """Book what the locked statements say is owed; a recall does not undo a lock."""
    if not any(earned.values()):
        return
    book(
        Booking(
            kind="earned",
            key=f"period:{run.period.slug}:earned",
            words=f"Commission of {run.period.slug}",
            booked_on=clock.today(current_business().time_zone),
            currency=run.currency,
            owed=earned,
            against=Account.Kind.EXPENSE,
            made_by_id=by.user_id,
        )
    )
