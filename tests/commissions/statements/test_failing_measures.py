"""What cannot be known fails by name: other currencies, and holes in stored measures."""

from calendar import monthrange
from datetime import date
from decimal import Decimal

import pytest

from commissions.plans import assigning, errors
from commissions.plans.document import InvalidPlan
from commissions.plans.models import Plan
from commissions.plans.services import require_publishable
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements import services
from commissions.statements.errors import StatementError
from commissions.statements.models import PayPeriod
from commissions.statements.receipts import receipt_of
from crm_sync.ledger import dated
from crm_sync.ledger.catalogue import save_fields
from crm_sync.ledger.facts import FieldFact
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import standing, world
from tests.commissions.statements.world import a_deal, sync

JULY, OCTOBER, NOVEMBER = date(2026, 7, 1), date(2026, 10, 1), date(2026, 11, 1)

FLAT = """
plan: Flat
currency: USD
components:
  - key: commission
    amount: deal.amount * 10%
examples:
  - name: One
    period: 2026-11
    deals: [{id: one, won_on: 2026-11-04, amount: 100}]
    expect: {components: {commission: 10.00}}
"""
MONTHLY = """
plan: Monthly
currency: USD
measures:
  points: {value: "100", over: month}
components:
  - key: monthly
    per: period
    amount: points.total
"""

HOURS = """
plan: Hours
currency: USD
fields: {payee.hours: money}
measures:
  hours: {sum: payee.hours, per: period, over: quarter}
components:
  - key: bonus
    per: period
    over: quarter
    amount: hours.total * 10
"""
GATHERED = """
plan: Gathered
currency: USD
fields: {payee.hours: money}
measures:
  hours: {sum: payee.hours, per: period, over: quarter}
  all: {measure: hours, of: plan, take: sum}
components:
  - key: bonus
    per: period
    amount: all.total
"""
STREAK = """
plan: Streak
currency: USD
fields: {payee.hours: money}
measures:
  level: {value: payee.hours, over: year, type: money}
  streak: {value: streak.before + payee.hours, over: year, type: money}
components:
  - key: level
    per: period
    amount: level.total
  - key: streak
    per: period
    amount: streak.total
"""

EACH = """
plan: Each
currency: USD
measures:
  fees:
    value: fees.before + deal.dealer_fee
    per: deal
    by: deal.product
    over: year
    type: money
components:
  - key: fee
    amount: fees.after * 10%
"""


@pytest.fixture
def by(alice: MemberRow, acme: Business) -> Member:
    """Alice, who may do what finance does."""
    return world.acting(alice, acme)


def plan_of(text: str, slug: str) -> Plan:
    """Publish a plan past all checks, as data from before them is."""
    plan = Plan.objects.create(name=slug.capitalize(), slug=slug)
    world.publish(plan, text, JULY)
    return plan


def in_euros(text: str) -> str:
    return text.replace("USD", "EUR")


def give_hours(payee: Payee, *months: int) -> None:
    """Say that a payee worked 100 hours in each of these months of 2026."""
    for month in months:
        last = monthrange(2026, month)[1]
        dated.set_value(
            subject=payee,
            key="hours",
            value="100",
            starts_on=date(2026, month, 1),
            ends_on=date(2026, month, last),
            type_="money",
        )


def failed_words(payee: Payee, slug: str) -> list[str]:
    lines = world.live(world.statement(payee, slug))
    return [line.failed for line in lines if line.failed]


def test_plans_in_two_currencies_are_never_added(maya: Payee) -> None:
    for plan in (
        plan_of(FLAT, "flat"),
        plan_of(in_euros(MONTHLY), "monthly"),
        plan_of(in_euros(FLAT), "euros"),
    ):
        world.assign(maya, plan, NOVEMBER)
    sync(a_deal("one", date(2026, 11, 10), "1000", "Roof"))

    standing.settle()

    found = world.statement(maya, "2026-11")
    assert found.total == Decimal(100)
    words = failed_words(maya, "2026-11")
    assert found.failures == len(words) == 2
    for each in words:
        assert "pays in EUR, and the statement is in USD" in each


def test_a_plan_in_euros_alone_is_not_called_dollars(maya: Payee) -> None:
    world.assign(maya, plan_of(in_euros(FLAT), "euros"), NOVEMBER)
    sync(a_deal("one", date(2026, 11, 10), "1000", "Roof", currency="EUR"))

    standing.settle()

    found = world.statement(maya, "2026-11")
    assert found.total == 0
    assert found.failures == 1


def test_a_plan_in_another_currency_is_not_published(acme: Business) -> None:
    with pytest.raises(InvalidPlan, match="statements here are in USD"):
        require_publishable(plan_from_yaml(in_euros(FLAT)))
    require_publishable(plan_from_yaml(FLAT))


def test_nobody_is_put_on_a_plan_in_another_currency(maya: Payee, by: Member) -> None:
    plan = plan_of(in_euros(FLAT), "euros")
    with pytest.raises(errors.WrongCurrency, match="pays in EUR"):
        assigning.assign(
            payee=maya, plan=plan, starts_on=NOVEMBER, ends_on=None, values={}, by=by
        )


def test_hours_that_are_missing_in_a_month_do_not_count_as_none(maya: Payee) -> None:
    give_hours(maya, 8, 9)
    world.assign(maya, plan_of(HOURS, "hours"), JULY)

    standing.settle()

    for slug in ("2026-07", "2026-08", "2026-09"):
        found = world.statement(maya, slug)
        assert (found.total, found.failures) == (Decimal(0), 1), slug
    words = failed_words(maya, "2026-09")
    assert "What “hours” came to in July 2026 is not known." in words[0]
    (line,) = world.live(world.statement(maya, "2026-07"))
    receipt = receipt_of(line).receipt
    assert receipt is not None
    assert line.failed in receipt.text


def test_a_month_that_is_told_later_mends_what_rested_on_it(maya: Payee) -> None:
    give_hours(maya, 8, 9)
    world.assign(maya, plan_of(HOURS, "hours"), JULY)
    standing.settle()

    give_hours(maya, 7)
    standing.settle()

    assert world.statement(maya, "2026-09").total == Decimal(3000)
    for slug in ("2026-07", "2026-08", "2026-09"):
        assert world.statement(maya, slug).failures == 0
    assert standing.canonical() == standing.from_scratch()


def test_a_month_whose_hours_are_missing_is_not_frozen(maya: Payee, by: Member) -> None:
    give_hours(maya, 8, 9)
    world.assign(maya, plan_of(HOURS, "hours"), JULY)
    standing.settle()
    july = PayPeriod.objects.get(slug="2026-07")
    with pytest.raises(StatementError, match="Maya"):
        services.freeze(period=july, by=by)


def test_a_member_with_a_missing_month_fails_what_is_gathered(
    maya: Payee, theo: Payee
) -> None:
    give_hours(maya, 10, 11)
    give_hours(theo, 11)
    plan = plan_of(GATHERED, "gathered")
    for payee in (maya, theo):
        world.assign(payee, plan, OCTOBER)

    standing.settle()

    for slug in ("2026-10", "2026-11"):
        found = world.statement(maya, slug)
        assert (found.total, found.failures) == (Decimal(0), 1), slug
        assert "Theo Brandt" in failed_words(maya, slug)[0]

    give_hours(theo, 10)
    standing.settle()
    assert world.statement(maya, "2026-11").total == Decimal(400)
    assert standing.canonical() == standing.from_scratch()


def test_what_becomes_a_value_is_known_again_and_what_goes_on_is_not(
    maya: Payee,
) -> None:
    give_hours(maya, 10)
    world.assign(maya, plan_of(STREAK, "streak"), date(2026, 9, 1))

    standing.settle()

    found = world.statement(maya, "2026-10")
    assert (found.total, found.failures) == (Decimal(100), 1)
    (words,) = failed_words(maya, "2026-10")
    assert "What “streak” came to in September 2026 is not known." in words
    assert world.statement(maya, "2026-09").failures == 2


def test_what_runs_for_each_product_fails_for_the_one_that_is_not_known(
    maya: Payee,
) -> None:
    save_fields([FieldFact("deal", "dealer_fee", "Dealer fee", "money")])
    world.assign(maya, plan_of(EACH, "each"), OCTOBER)
    fee = Decimal(100)
    sync(a_deal("wall", date(2026, 10, 10), "1", "Wall", dealer_fee=fee))
    sync(a_deal("roof", date(2026, 10, 11), "1", "Roof"))
    sync(a_deal("wall_2", date(2026, 11, 10), "1", "Wall", dealer_fee=fee))
    sync(a_deal("roof_2", date(2026, 11, 11), "1", "Roof", dealer_fee=fee))

    standing.settle()

    found = world.statement(maya, "2026-11")
    assert (found.total, found.failures) == (Decimal(20), 1)
    assert "“fees[Roof]” came to in October 2026" in failed_words(maya, "2026-11")[0]
