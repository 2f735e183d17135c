"""What a person added by hand is taken back once, where the payee can see it."""

from decimal import Decimal

import pytest
from django.test import Client

from commissions.plans.models import Plan
from commissions.statements import errors, services
from commissions.statements.models import Adjustment, PayPeriod
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import world

PAGE = "/b/acme/adjustments/"


@pytest.fixture
def finance(alice: MemberRow, acme: Business) -> Member:
    return world.acting(alice, acme)


@pytest.fixture
def added(advisor_plan: Plan, maya: Payee, finance: Member) -> Adjustment:
    """250.00 for Maya in November."""
    world.catch_up()
    made = services.add_adjustment(
        payee=maya,
        period=PayPeriod.objects.get(slug="2026-11"),
        amount="250.00",
        currency="USD",
        reason="Referral of a neighbour",
        by=finance,
    )
    world.catch_up()
    return made


def take_back(client: Client, adjustment: Adjustment, reason: str) -> str:
    answer = client.post(
        f"{PAGE}{adjustment.pk}/undo/", {"reason": reason}, follow=True
    )
    return answer.content.decode()


def test_the_page_takes_an_adjustment_back_once(
    client: Client, added: Adjustment, maya: Payee, alice: MemberRow
) -> None:
    client.force_login(alice.user)
    before = client.get(PAGE).content.decode()

    text = take_back(client, added, "Paid in cash")
    again = take_back(client, added, "Paid in cash")
    world.catch_up()

    assert "Take back…" in before
    assert "Taken back in November 2026." in text
    assert "Takes back “Referral of a neighbour”: Paid in cash" in text
    assert "taken back" in text and "Take back…" not in text
    assert "was decided already" in again
    assert world.statement(maya, "2026-11").total == 0
    assert sorted(Adjustment.objects.values_list("amount", flat=True)) == [-250, 250]


def test_taking_back_needs_a_reason_and_is_not_taken_back_in_turn(
    client: Client, added: Adjustment, alice: MemberRow
) -> None:
    client.force_login(alice.user)
    assert "Say why: the payee reads the reason." in take_back(client, added, " ")
    assert Adjustment.objects.count() == 1

    take_back(client, added, "Paid in cash")
    undoing = Adjustment.objects.get(undoes=added)

    assert "takes another one back" in take_back(client, undoing, "It was not")
    assert Adjustment.objects.count() == 2


def test_what_stands_on_a_frozen_statement_is_taken_back_in_the_open_period(
    added: Adjustment, maya: Payee, finance: Member
) -> None:
    services.freeze(period=added.period, by=finance)

    made = services.undo_adjustment(adjustment=added, reason="An error", by=finance)
    world.catch_up()

    assert (made.period.slug, made.corrects_period) == ("2026-12", "2026-11")
    assert world.statement(maya, "2026-11").total == Decimal(250)
    assert world.statement(maya, "2026-12").total == Decimal(-250)


def test_nobody_takes_back_what_was_deducted_from_their_own_pay(
    added: Adjustment, maya: Payee, finance: Member
) -> None:
    Payee.objects.filter(pk=maya.pk).update(user_id=finance.user_id)

    with pytest.raises(errors.OwnPay):
        services.undo_adjustment(adjustment=added, reason="Mine", by=finance)
