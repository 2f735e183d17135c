"""A merge that is undone after a run: what was paid stays paid, and nothing is paid twice."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.test import Client

from commissions.plans.models import Plan
from commissions.statements import proposals
from commissions.statements.models import PayPeriod, Proposal
from commissions_saas.lib import clock
from crm_sync.ledger.merging import merge_payees, undo_merge
from crm_sync.ledger.models import Payee
from payouts.checks.every import verify
from payouts.runs.models import Payout, PayoutRun
from payouts.runs.services import pay, prepare
from tenants.access import Member
from tenants.accounts.models import Business
from tests.commissions.plans.drafts import text_of
from tests.commissions.statements import world
from tests.payouts.conftest import approve_all, owed_to, pay_out, sign

DECEMBER_2 = datetime(2026, 12, 2, 16, 0, tzinfo=UTC)
JANUARY_4 = datetime(2027, 1, 4, 16, 0, tzinfo=UTC)
FEBRUARY_2 = datetime(2027, 2, 2, 16, 0, tzinfo=UTC)


def ted_sells(name: str, day: date, amount: str) -> None:
    world.sync(world.a_deal(name, day, amount, world.SYSTEM, owner="user_ted"))
    world.catch_up()


def is_prepared(slug: str, by: Member) -> PayoutRun:
    return prepare.prepare_run(period=PayPeriod.objects.get(slug=slug), by=by)


def is_paid(run: PayoutRun, alice: Member, helen: Member) -> None:
    sign(approve_all(run, helen), helen)
    pay_out(run, alice)


def amounts(run: PayoutRun) -> dict[str, Decimal]:
    return dict(run.payouts.values_list("payee__name", "amount"))


def paid_to(payee: Payee) -> Decimal:
    paid = Payout.objects.filter(payee=payee, state=Payout.State.PAID)
    return sum((payout.amount for payout in paid), Decimal(0))


@pytest.fixture
def netted(run: PayoutRun, theo: Payee, alice: Member, helen: Member) -> Payee:
    """Theo was paid 1,200 for October; November's run paid him and Ted as one."""
    is_paid(run, alice, helen)
    ted = world.a_payee("Ted Brandt", "user_ted")
    world.assign(ted, Plan.objects.get(), date(2026, 7, 1))
    merge_payees(payee=theo, into=ted)
    ted_sells("new", date(2026, 11, 7), "5000")
    with clock.at(DECEMBER_2):
        is_paid(is_prepared("2026-11", alice), alice, helen)
    return ted


def undo(theo: Payee) -> None:
    with clock.at(DECEMBER_2):
        undo_merge(payee=theo)
        world.catch_up()


@pytest.fixture
def ted(netted: Payee, theo: Payee) -> Iterator[Payee]:
    """They are two again; it is January."""
    undo(theo)
    with clock.at(JANUARY_4):
        yield netted


def test_what_was_paid_stays_paid_and_is_not_paid_again(
    ted: Payee, theo: Payee, alice: Member, helen: Member, client: Client
) -> None:
    ted_sells("more", date(2026, 12, 7), "1000")

    run = is_prepared("2026-12", alice)

    assert amounts(run) == {"Theo Brandt": 0, "Ted Brandt": Decimal("60.00")}
    client.force_login(alice.user)
    page = text_of(client.get(f"/b/acme/runs/{run.number}/payees/{theo.pk}/"))
    assert "Settled in an earlier run with somebody else" in page
    assert "−1,200.00 of a merge that was undone after a run" in page
    assert "no reason found" not in page
    is_paid(run, alice, helen)
    assert (paid_to(theo), owed_to(theo)) == (Decimal(1200), Decimal(0))
    assert (paid_to(ted), owed_to(ted)) == (Decimal(360), Decimal(0))
    assert verify() == []


def test_it_is_taken_into_account_once_however_often_a_run_is_prepared(
    ted: Payee, theo: Payee, alice: Member, helen: Member
) -> None:
    first = is_prepared("2026-12", alice)
    again = prepare.refreeze(run=first, by=alice)
    assert amounts(again) == {"Theo Brandt": 0, "Ted Brandt": 0}
    is_paid(again, alice, helen)
    ted_sells("january", date(2027, 1, 3), "1000")

    with clock.at(FEBRUARY_2):
        assert amounts(is_prepared("2027-01", alice)) == {
            "Ted Brandt": Decimal("60.00")
        }
        assert verify() == []


def test_merged_again_they_are_one_again(
    ted: Payee, theo: Payee, alice: Member, helen: Member
) -> None:
    is_paid(is_prepared("2026-12", alice), alice, helen)
    merge_payees(payee=theo, into=ted)
    ted_sells("january", date(2027, 1, 3), "1000")

    with clock.at(FEBRUARY_2):
        assert amounts(is_prepared("2027-01", alice)) == {
            "Ted Brandt": Decimal("60.00")
        }


def test_a_payout_that_comes_back_is_made_again_at_what_it_was(
    ted: Payee, theo: Payee, alice: Member, helen: Member
) -> None:
    ted_sells("more", date(2026, 12, 7), "1000")
    run = is_prepared("2026-12", alice)
    is_paid(run, alice, helen)

    pay.mark_returned(payout=run.payouts.get(payee=ted), reason="Closed", by=alice)

    ted_sells("january", date(2027, 1, 3), "500")
    with clock.at(FEBRUARY_2):
        again = is_prepared("2027-01", alice)
        assert amounts(again) == {"Ted Brandt": Decimal("90.00")}


def test_nothing_is_paid_again_while_finance_has_not_taken_it_back(
    netted: Payee, theo: Payee, acme: Business, alice: Member, helen: Member
) -> None:
    acme.posts_late_changes = False
    undo(theo)
    with clock.at(JANUARY_4):
        ted_sells("more", date(2026, 12, 7), "1000")
        run = is_prepared("2026-12", alice)
        assert amounts(run) == {"Ted Brandt": Decimal("60.00")}
        is_paid(run, alice, helen)
        for proposal in Proposal.objects.filter(state=Proposal.State.WAITING):
            proposals.post(proposal=proposal, by=helen)
        world.catch_up()

    with clock.at(FEBRUARY_2):
        run = is_prepared("2027-01", alice)
        assert amounts(run) == {"Theo Brandt": 0, "Ted Brandt": 0}
        assert verify() == []
