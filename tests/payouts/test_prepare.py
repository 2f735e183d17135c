"""A run takes what is payable of a period that is over, and nothing twice."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from commissions.statements.models import PayPeriod, Statement
from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee
from payouts.runs import errors
from payouts.runs.models import Payout, PayoutItem, PayoutRun
from payouts.runs.services import prepare
from tenants.access import Member
from tests.commissions.statements import world


def amounts(run: PayoutRun) -> dict[str, Decimal]:
    return {p.payee.name: p.amount for p in run.payouts.select_related("payee")}


def test_a_run_takes_payable_lines_and_leaves_waiting_ones(run: PayoutRun) -> None:
    assert amounts(run) == {
        "Maya Okafor": Decimal("540.00"),
        "Theo Brandt": Decimal("1200.00"),
    }
    assert run.total == Decimal("1740.00")
    assert run.state == PayoutRun.State.IN_REVIEW


def test_preparing_freezes_the_statements_of_the_period(
    run: PayoutRun, october: PayPeriod
) -> None:
    states = Statement.objects.filter(period=october).values_list("state", flat=True)

    assert set(states) == {Statement.State.IN_REVIEW}


def test_a_period_that_is_not_over_cannot_be_prepared(
    october: PayPeriod, alice: Member
) -> None:
    with (
        clock.at(datetime(2026, 10, 31, 12, tzinfo=UTC)),
        pytest.raises(errors.PeriodNotOver, match="October 2026 is not over yet"),
    ):
        prepare.prepare_run(period=october, by=alice)

    assert not PayoutRun.objects.exists()


def test_a_period_has_one_live_run(
    run: PayoutRun, october: PayPeriod, alice: Member
) -> None:
    with pytest.raises(errors.AlreadyPrepared, match=f"run {run.number}"):
        prepare.prepare_run(period=october, by=alice)

    assert PayoutRun.objects.count() == 1


def test_a_first_payment_is_flagged(run: PayoutRun, theo: Payee) -> None:
    flags = run.payouts.get(payee=theo).flags

    assert [flag["code"] for flag in flags] == ["first"]


def test_a_run_that_is_given_up_frees_its_lines(
    run: PayoutRun, october: PayPeriod, alice: Member
) -> None:
    again = prepare.refreeze(run=run, by=alice)

    run.refresh_from_db()
    assert run.state == PayoutRun.State.VOID
    assert amounts(again) == amounts(run)
    assert PayoutItem.objects.filter(payout__run=run, live=True).count() == 0


def test_a_change_after_the_freeze_shows_until_the_run_is_frozen_again(
    run: PayoutRun, alice: Member
) -> None:
    world.sync(
        world.a_deal(
            "castro", date(2026, 10, 7), "19000", world.SYSTEM, owner="user_theo"
        )
    )
    world.catch_up()
    assert amounts(run)["Theo Brandt"] == Decimal("1200.00")

    again = prepare.refreeze(run=run, by=alice)

    assert amounts(again)["Theo Brandt"] == Decimal("1140.00")


def test_a_line_cannot_be_in_two_live_payouts_whatever_code_writes_it(
    run: PayoutRun, theo: Payee
) -> None:
    item = PayoutItem.objects.filter(payout__run=run).first()
    assert item is not None

    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutItem.objects.create(
            payout=item.payout, line_id=item.line_id, amount=item.amount
        )


def test_a_payee_below_zero_is_carried_and_not_paid(
    october: PayPeriod, theo: Payee, alice: Member
) -> None:
    world.sync(
        world.a_deal(
            "credit", date(2026, 10, 8), "-30000", world.SYSTEM, owner="user_theo"
        )
    )
    world.catch_up()

    run = prepare.prepare_run(period=october, by=alice)

    payout = run.payouts.get(payee=theo)
    assert payout.amount == Decimal("-600.00")
    assert [flag["code"] for flag in payout.flags] == ["negative", "first"]
    assert payout.state == Payout.State.CARRIED
