"""What cannot be known fails by name: other currencies, and holes in stored measures."""

from datetime import date
from decimal import Decimal

import pytest

from commissions.plans import assigning, errors
from commissions.plans.document import InvalidPlan
from commissions.plans.models import Plan
from commissions.plans.services import require_publishable
from commissions.plans.yaml_form import plan_from_yaml
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
