"""The past does not move: late changes of frozen statements become adjustments."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256

import pytest

from commissions.plans.models import Plan
from commissions.statements import errors, services
from commissions.statements.documents import canonical, document_of, hash_of
from commissions.statements.models import (
    Adjustment,
    Line,
    PayPeriod,
    Proposal,
    Release,
    Statement,
)
from commissions.statements.recalculate import recalculate
from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import world
from tests.commissions.statements.world import CARE, SYSTEM, a_deal, sync

OCTOBER = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
SEPTEMBER = date(2026, 9, 10)


@pytest.fixture
def finance(alice: MemberRow, acme: Business) -> Member:
    return world.acting(alice, acme)


def period(slug: str) -> PayPeriod:
    return PayPeriod.objects.get(slug=slug)


@pytest.fixture
def september(advisor_plan: Plan, maya: Payee, finance: Member) -> PayPeriod:
    """September with one deal, locked in October and paid."""
    with clock.at(OCTOBER):
        sync(a_deal("tran", SEPTEMBER, "10200", SYSTEM, name="Tran residence"))
        world.catch_up()
        services.freeze(period=period("2026-09"), by=finance)
        services.lock_statements(period=period("2026-09"), by=finance)
        services.mark_paid(period=period("2026-09"), by=finance)
    world.catch_up()
    return period("2026-09")


def tran_is_lost() -> None:
    day = date(2026, 11, 23)
    sync(world.lost("tran", SEPTEMBER, day, "10200", SYSTEM, name="Tran residence"))
    world.catch_up()


def test_a_lost_deal_of_a_paid_month_is_a_clawback_in_the_open_one(
    september: PayPeriod, maya: Payee
) -> None:
    paid = world.statement(maya, "2026-09")

    tran_is_lost()

    november = world.statement(maya, "2026-11")
    (line,) = world.live(november)
    assert (line.amount, line.kind) == (Decimal("-612.00"), Line.Kind.CLAWBACK)
    adjustment = Adjustment.objects.get(pk=line.adjustment_id)
    assert (
        adjustment.reason == "Tran residence: lost in Close on 23 Nov, within 90 days"
    )
    assert adjustment.line_id == world.live(paid)[0].pk
    assert world.statement(maya, "2026-09").total == paid.total == Decimal("612.00")


def test_a_deal_that_moved_is_not_said_to_be_lost(
    september: PayPeriod, maya: Payee
) -> None:
    gone = world.lost("tran", SEPTEMBER, date(2026, 11, 23), "10200", SYSTEM)
    sync(replace(gone, deleted=True, values={}, moved_to="Ridgeline"))
    world.catch_up()

    adjustment = Adjustment.objects.get()

    assert adjustment.reason == "Tran residence: moved to Ridgeline"
    assert world.statement(maya, "2026-11").total == Decimal("-612.00")


def test_a_deal_that_was_deleted_is_said_to_be_deleted(september: PayPeriod) -> None:
    gone = world.lost("tran", SEPTEMBER, date(2026, 11, 23), "10200", SYSTEM)
    sync(replace(gone, deleted=True, values={}))
    world.catch_up()

    assert Adjustment.objects.get().reason == (
        "Tran residence: deleted in Close on 23 Nov, within 90 days"
    )


def test_a_posted_late_change_is_not_posted_again(
    september: PayPeriod, maya: Payee
) -> None:
    tran_is_lost()

    recalculate(everything=True)
    world.catch_up()

    assert Adjustment.objects.count() == 1
    assert world.statement(maya, "2026-11").total == Decimal("-612.00")


def test_a_late_change_that_is_taken_back_is_booked_back(
    september: PayPeriod, maya: Payee
) -> None:
    tran_is_lost()

    with clock.at(world.moment(24, 9)):
        sync(a_deal("tran", SEPTEMBER, "10200", SYSTEM, name="Tran residence"))
        world.catch_up()

    assert world.statement(maya, "2026-11").total == 0
    assert sorted(Adjustment.objects.values_list("amount", flat=True)) == [
        Decimal("-612"),
        Decimal("612"),
    ]


def test_finance_decides_where_the_business_wants_that(
    acme: Business, september: PayPeriod, maya: Payee, finance: Member
) -> None:
    acme.posts_late_changes = False
    sync(a_deal("tran", SEPTEMBER, "20400", SYSTEM))
    world.catch_up()
    sync(a_deal("tran", SEPTEMBER, "30600", SYSTEM, version="z"))
    world.catch_up()

    # Replaced, not stacked.
    waiting = Proposal.objects.get(state=Proposal.State.WAITING)
    assert waiting.amount == Decimal("1224.00")
    assert not Adjustment.objects.exists()

    services.decide_proposal(proposal=waiting, accept=True, by=finance)
    world.catch_up()
    assert world.statement(maya, "2026-11").total == Decimal("1224.00")
    with pytest.raises(errors.AlreadyDecided):
        services.decide_proposal(proposal=waiting, accept=True, by=finance)


def test_a_declined_late_change_does_not_come_back(
    acme: Business, september: PayPeriod, finance: Member
) -> None:
    acme.posts_late_changes = False
    sync(a_deal("tran", SEPTEMBER, "20400", SYSTEM))
    world.catch_up()
    services.decide_proposal(proposal=Proposal.objects.get(), accept=False, by=finance)

    recalculate(everything=True)

    assert Proposal.objects.get().state == Proposal.State.DECLINED


def test_a_gate_that_opens_after_the_lock_is_a_release(
    advisor_plan: Plan, maya: Payee, finance: Member
) -> None:
    with clock.at(OCTOBER):
        sync(a_deal("pruitt", SEPTEMBER, "10000", SYSTEM, customer_paid=False))
        world.catch_up()
        services.freeze(period=period("2026-09"), by=finance)
        services.lock_statements(period=period("2026-09"), by=finance)

    sync(a_deal("pruitt", SEPTEMBER, "10000", SYSTEM, customer_paid=True))
    world.catch_up()

    row = world.statement(maya, "2026-09")
    release = Release.objects.get()
    assert release.line_id == world.live(row)[0].pk
    assert release.released_on == date(2026, 11, 23)
    assert row.waiting == Decimal("600.00")
    assert not Proposal.objects.exists()


def test_a_locked_statement_keeps_its_bytes(september: PayPeriod, maya: Payee) -> None:
    row = world.statement(maya, "2026-09")
    tran_is_lost()

    row.refresh_from_db()
    assert row.state == Statement.State.PAID
    assert row.document is not None
    assert row.sha256 == sha256(canonical(row.document)).hexdigest()
    assert json.loads(canonical(row.document))["total"] == "612.00"
    assert hash_of(document_of(row)) == row.sha256


def test_a_late_change_in_review_waits_and_opening_again_takes_it_in(
    advisor_plan: Plan, maya: Payee, finance: Member
) -> None:
    with clock.at(OCTOBER):
        sync(a_deal("care", SEPTEMBER, "240", CARE))
        world.catch_up()
        services.freeze(period=period("2026-09"), by=finance)
        sync(a_deal("care2", SEPTEMBER, "240", CARE))
        world.catch_up()
        assert Proposal.objects.get().state == Proposal.State.WAITING
        assert world.statement(maya, "2026-09").total == Decimal("40.00")

        services.reopen(period=period("2026-09"), by=finance)

        assert world.statement(maya, "2026-09").total == Decimal("80.00")
        assert Proposal.objects.get().state == Proposal.State.REPLACED
        services.freeze(period=period("2026-09"), by=finance)


def test_what_waits_at_the_lock_is_posted_after_it(
    advisor_plan: Plan, maya: Payee, finance: Member
) -> None:
    with clock.at(OCTOBER):
        sync(a_deal("care", SEPTEMBER, "240", CARE))
        world.catch_up()
        services.freeze(period=period("2026-09"), by=finance)
        sync(a_deal("care2", SEPTEMBER, "240", CARE))
        world.catch_up()
        services.lock_statements(period=period("2026-09"), by=finance)
        world.catch_up()

    assert world.statement(maya, "2026-09").total == Decimal("40.00")
    assert world.statement(maya, "2026-10").total == Decimal("40.00")


def test_a_statement_with_a_failed_line_is_not_frozen(
    advisor_plan: Plan, finance: Member
) -> None:
    text = world.plan_text("comfort_advisor").replace(
        "or_else(deal.dealer_fee, 0)", "deal.dealer_fee"
    )
    world.publish(advisor_plan, text, date(2026, 9, 1))
    with clock.at(OCTOBER):
        sync(a_deal("tran", SEPTEMBER, "10200", SYSTEM))
        world.catch_up()

        with pytest.raises(errors.FailedLines) as refused:
            services.freeze(period=period("2026-09"), by=finance)

    assert "Maya Okafor" in str(refused.value)
    assert not Statement.objects.exclude(state=Statement.State.OPEN).exists()


def test_nothing_is_frozen_while_changes_are_not_read(
    advisor_plan: Plan, finance: Member
) -> None:
    world.catch_up()
    sync(a_deal("care", date(2026, 11, 2), "240", CARE))

    with pytest.raises(errors.NotUpToDate):
        services.freeze(period=period("2026-11"), by=finance)


def test_a_manual_adjustment_survives_every_recalculation(
    advisor_plan: Plan, maya: Payee, finance: Member
) -> None:
    world.catch_up()

    services.add_adjustment(
        payee=maya,
        period=period("2026-11"),
        amount="250.00",
        currency="USD",
        reason="Referral of a neighbour",
        by=finance,
    )
    world.catch_up()
    recalculate(everything=True)

    row = world.statement(maya, "2026-11")
    (line,) = world.live(row)
    assert (row.total, line.kind) == (Decimal("250.00"), Line.Kind.ADJUSTMENT)


@pytest.mark.parametrize(
    ("amount", "reason", "problem"),
    [
        ("0", "Because", "changes nothing"),
        ("1.005", "Because", "more places"),
        ("1.00", " ", "Say why"),
        ("1,000", "Because", "is not a number"),
    ],
)
def test_an_adjustment_needs_an_amount_and_a_reason(
    advisor_plan: Plan,
    maya: Payee,
    finance: Member,
    amount: str,
    reason: str,
    problem: str,
) -> None:
    world.catch_up()

    with pytest.raises(Exception, match=problem):
        services.add_adjustment(
            payee=maya,
            period=period("2026-11"),
            amount=amount,
            currency="USD",
            reason=reason,
            by=finance,
        )

    assert not Adjustment.objects.exists()


def test_nobody_adjusts_their_own_statement(
    advisor_plan: Plan, maya: Payee, finance: Member
) -> None:
    world.catch_up()
    Payee.objects.filter(pk=maya.pk).update(user_id=finance.user_id)

    with pytest.raises(errors.OwnPay):
        services.add_adjustment(
            payee=maya,
            period=period("2026-11"),
            amount="1.00",
            currency="USD",
            reason="Because",
            by=finance,
        )


def test_nothing_is_added_to_a_locked_month(
    september: PayPeriod, maya: Payee, finance: Member
) -> None:
    with pytest.raises(errors.PeriodLocked):
        services.add_adjustment(
            payee=maya,
            period=september,
            amount="1.00",
            currency="USD",
            reason="Because",
            by=finance,
        )
