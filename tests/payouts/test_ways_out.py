"""There is a way out of every state: nobody's pay is left behind, and no page breaks."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.test import Client

from commissions.plans.models import Plan
from commissions.statements import proposals
from commissions.statements.models import PayPeriod, Proposal, Statement
from commissions_saas.lib import clock
from crm_sync.ledger.merging import merge_payees
from crm_sync.ledger.models import Payee
from payouts.checks.every import verify
from payouts.runs import errors
from payouts.runs.models import Payout, PayoutRun
from payouts.runs.selectors import payable_lines
from payouts.runs.services import decide, pay, prepare
from tenants.access import Member
from tenants.accounts.models import Business
from tests.commissions.plans.drafts import text_of
from tests.commissions.statements import world
from tests.commissions.statements.paid_once import TIERED
from tests.payouts.conftest import approve_all, owed_to, pay_out, sign

DECEMBER_2 = datetime(2026, 12, 2, 16, 0, tzinfo=UTC)


def november_is_prepared(by: Member) -> PayoutRun:
    world.catch_up()
    period = PayPeriod.objects.get(slug="2026-11")
    return prepare.prepare_run(period=period, by=by)


def lena_sells_in_october() -> Payee:
    lena = world.a_payee("Lena Fischer", "user_lena")
    world.assign(lena, Plan.objects.get(), date(2026, 10, 1))
    sold = world.a_deal(
        "late", date(2026, 10, 9), "1000", world.SYSTEM, owner="user_lena"
    )
    world.sync(sold)
    world.catch_up()
    return lena


def test_who_comes_to_a_month_after_its_run_was_prepared_is_paid_by_the_next(
    run: PayoutRun, october: PayPeriod, alice: Member, helen: Member
) -> None:
    lena = lena_sells_in_october()

    sign(approve_all(run, helen), helen)

    assert run.payouts.filter(payee=lena).count() == 0
    october.refresh_from_db()
    assert october.state == PayPeriod.State.LOCKED
    with clock.at(DECEMBER_2):
        following = november_is_prepared(by=alice)
        assert following.payouts.get(payee=lena).amount == Decimal("60.00")
        assert verify() == []


def test_who_comes_to_a_month_that_is_locked_is_paid_by_a_late_change(
    run: PayoutRun, alice: Member, helen: Member, client: Client
) -> None:
    sign(approve_all(run, helen), helen)

    lena = lena_sells_in_october()

    assert verify() == []
    client.force_login(alice.user)
    page = client.get(f"/b/acme/statements/{lena.pk}/2026-10/")
    assert "still changing" not in text_of(page)
    with clock.at(DECEMBER_2):
        following = november_is_prepared(by=alice)
        assert following.payouts.get(payee=lena).amount == Decimal("60.00")


def test_a_late_change_of_a_locked_month_that_waits_counts_in_no_later_month(
    run: PayoutRun, helen: Member, acme: Business
) -> None:
    acme.posts_late_changes = False
    sign(approve_all(run, helen), helen)
    plan = Plan.objects.create(name="Tiers", slug="tiers")
    world.publish(plan, TIERED, date(2026, 8, 1))
    lena = world.a_payee("Lena Fischer", "user_lena")
    world.assign(lena, plan, date(2026, 10, 1))
    own = {"owner": "user_lena"}
    world.sync(world.a_deal("in_november", date(2026, 11, 7), "1500", "Wall", **own))
    world.catch_up()

    world.sync(world.a_deal("in_october", date(2026, 10, 7), "1500", "Wall", **own))
    world.catch_up()

    assert world.statement(lena, "2026-11").total == Decimal("90.00")
    assert verify() == []
    for proposal in Proposal.objects.filter(state=Proposal.State.WAITING):
        proposals.post(proposal=proposal, by=helen)
    world.catch_up()
    assert world.statement(lena, "2026-11").total == Decimal("265.00")
    assert verify() == []


def test_who_is_assigned_late_to_a_locked_month_counts_there_once_it_is_accepted(
    run: PayoutRun, helen: Member, acme: Business
) -> None:
    acme.posts_late_changes = False
    lena = world.a_payee("Lena Fischer", "user_lena")
    plan = Plan.objects.create(name="Tiers", slug="tiers")
    world.publish(plan, TIERED, date(2026, 8, 1))
    for name, day in (("one", date(2026, 10, 7)), ("two", date(2026, 11, 7))):
        world.sync(world.a_deal(name, day, "1500", "Wall", owner="user_lena"))
    world.catch_up()
    sign(approve_all(run, helen), helen)

    world.assign(lena, plan, date(2026, 10, 1))
    world.catch_up()

    assert world.statement(lena, "2026-11").total == Decimal("90.00")
    assert verify() == []


def test_what_a_later_run_has_taken_up_does_not_come_back_with_a_recall(
    run: PayoutRun, theo: Payee, alice: Member, helen: Member
) -> None:
    decide.hold_payout(payout=run.payouts.get(payee=theo), reason="", by=helen)
    sign(approve_all(run, helen), helen)
    with clock.at(DECEMBER_2):
        november_is_prepared(by=alice)

        with pytest.raises(errors.TakenUp, match=r"Theo Brandt.* run 2"):
            decide.recall_run(run=run, by=helen)

    run.refresh_from_db()
    assert run.state == PayoutRun.State.APPROVED


def test_a_statement_is_paid_when_a_later_run_pays_it(
    run: PayoutRun, theo: Payee, alice: Member, helen: Member, october: PayPeriod
) -> None:
    decide.hold_payout(payout=run.payouts.get(payee=theo), reason="", by=helen)
    sign(approve_all(run, helen), helen)
    pay_out(run, alice)
    own = Statement.objects.filter(payee=theo, period=october)
    assert own.get().state == Statement.State.LOCKED

    with clock.at(DECEMBER_2):
        following = november_is_prepared(by=alice)
        sign(approve_all(following, helen), helen)
        pay_out(following, alice)

    assert own.get().state == Statement.State.PAID


def test_who_was_merged_away_owes_and_is_owed_through_whom_they_became(
    run: PayoutRun, theo: Payee, alice: Member, helen: Member, client: Client
) -> None:
    """What was paid to one of two payees who are one person is not paid again."""
    sign(approve_all(run, helen), helen)
    pay_out(run, alice)
    ted = world.a_payee("Ted Brandt", "user_ted")
    world.assign(ted, Plan.objects.get(), date(2026, 7, 1))
    system, ted_sold = world.SYSTEM, {"owner": "user_ted"}
    world.sync(world.a_deal("new", date(2026, 11, 7), "5000", system, **ted_sold))
    world.catch_up()

    merge_payees(payee=theo, into=ted)
    world.catch_up()

    with clock.at(DECEMBER_2):
        following = november_is_prepared(by=alice)
        payout = following.payouts.get()
        assert (payout.payee, payout.amount) == (ted, Decimal("300.00"))
        client.force_login(alice.user)
        page = client.get(f"/b/acme/runs/{following.number}/payees/{ted.pk}/")
        assert "as Theo Brandt" in text_of(page)
        (taken,) = re.findall(
            r'href="([^"]*)">\N{MINUS SIGN}1,200', page.content.decode()
        )
        assert client.get(taken).status_code == 200
        sign(approve_all(following, helen), helen)
        pay_out(following, alice)
    assert verify() == []


@pytest.fixture
def paid(run: PayoutRun, theo: Payee, alice: Member, helen: Member) -> Payout:
    """What Theo was paid by October's run."""
    sign(approve_all(run, helen), helen)
    pay_out(run, alice)
    paid: Payout = run.payouts.get(payee=theo)
    return paid


def test_a_payment_that_arrived_after_all_is_paid_as_before(
    run: PayoutRun, theo: Payee, paid: Payout, alice: Member, client: Client
) -> None:
    client.force_login(alice.user)
    page = f"/b/acme/runs/{run.number}/payees/{theo.pk}/"

    for _ in range(2):
        pay.mark_returned(payout=paid, reason="Account closed", by=alice)
        assert owed_to(theo) == Decimal("1200.00")
        assert "It arrived after all" in text_of(client.get(page))
        client.post(f"{page}arrived/")
        assert owed_to(theo) == 0

    assert not payable_lines(up_to=run.period)
    assert verify() == []


def test_a_payment_that_a_later_run_has_taken_up_did_not_arrive(
    run: PayoutRun, theo: Payee, paid: Payout, alice: Member, client: Client
) -> None:
    pay.mark_returned(payout=paid, reason="Account closed", by=alice)
    with clock.at(DECEMBER_2):
        november_is_prepared(by=alice)

        with pytest.raises(errors.TakenUp, match=r"Theo Brandt is in run 2"):
            pay.undo_returned(payout=paid, by=alice)

        client.force_login(alice.user)
        page = client.get(f"/b/acme/runs/{run.number}/payees/{theo.pk}/")
        assert "It is in run 2." in text_of(page)

    paid.refresh_from_db()
    assert paid.state == Payout.State.RETURNED
