"""What later periods read of a frozen one holds what was decided, and nothing else."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from commissions.plans import assigning
from commissions.plans.models import Assignment, Plan
from commissions.statements import services
from commissions.statements.models import PayPeriod, Proposal, StoredMeasure
from crm_sync.ledger import dated
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import standing, world
from tests.commissions.statements.exactness import version
from tests.commissions.statements.world import a_deal, sync

PLAN = """
plan: Seller
currency: USD
fields: {payee.hours: money}
variables: {quota: money}
measures:
  over: {sum: "max(deal.amount - quota, 0)", over: quarter}
components:
  - key: commission
    when: deal.product == "Roof"
    amount: max(deal.amount - quota, 0) * 10% + or_else(payee.hours, 0)
"""
OCTOBER = date(2026, 10, 1)


@pytest.fixture
def finance(alice: MemberRow, acme: Business) -> Member:
    acme.posts_late_changes = False
    return world.acting(alice, acme)


def deal(key: str, amount: str, product: str = "Roof", currency: str = "USD") -> None:
    given = a_deal(
        key, date(2026, 10, 10), amount, product, currency=currency, version=version()
    )
    sync(given)
    standing.settle()


@pytest.fixture
def frozen(maya: Payee, finance: Member) -> Plan:
    """October is in review with a deal of 1,000 euros at 1.1; 100 of it is quota."""
    a_rate("1.1", finance)
    dated.set_value(
        subject=maya, key="hours", value="0", starts_on=OCTOBER, type_="money"
    )
    plan = Plan.objects.create(name="Seller", slug="seller")
    world.publish(plan, PLAN, date(2026, 7, 1))
    world.assign(maya, plan, OCTOBER, quota="100")
    deal("roof", "1000", currency="EUR")
    services.freeze(period=PayPeriod.objects.get(slug="2026-10"), by=finance)
    return plan


def a_rate(rate: str, by: Member) -> None:
    dated.set_rate(
        currency="EUR",
        into="USD",
        rate=rate,
        starts_on=date(2026, 10, 9),
        source="ECB",
        by=by,
    )
    standing.settle()


def a_quota(quota: str, by: Member) -> None:
    row = Assignment.objects.get(closed__isnull=True)
    assigning.change_assignment(
        assignment=row,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        values={"quota": quota},
        by=by,
    )
    standing.settle()


def a_version(quota: str, by: Member) -> None:
    text = PLAN.replace("deal.amount - quota", f"deal.amount - {quota}")
    world.publish(Plan.objects.get(), text, date(2026, 7, 1))
    standing.settle()


def decide(key: str, finance: Member, *, accept: bool) -> None:
    proposal = Proposal.objects.get(
        state=Proposal.State.WAITING, entry_id=world.entry(key).pk
    )
    services.decide_proposal(proposal=proposal, accept=accept, by=finance)
    standing.settle()


def over() -> Decimal:
    """Return what later periods read of October."""
    return StoredMeasure.objects.get(
        period_slug="2026-10", closed_run__isnull=True
    ).value


OTHERS = [(a_rate, "1.2", 1100), (a_quota, "300", 800), (a_version, "300", 800)]


@pytest.mark.parametrize(("change", "to", "then"), OTHERS)
def test_a_posted_deal_counts_without_the_rate_quota_or_plan_that_waits(
    frozen: Plan,
    finance: Member,
    change: Callable[[str, Member], None],
    to: str,
    then: int,
) -> None:
    assert over() == 1000
    deal("late", "600")
    change(to, finance)
    decide("late", finance, accept=True)
    assert over() == 1500

    decide("roof", finance, accept=True)

    late = 300 if then == 800 else 500
    assert over() == then + late


@pytest.mark.parametrize(("change", "to", "then"), OTHERS)
def test_what_was_declined_does_not_count_with_a_later_deal(
    frozen: Plan,
    finance: Member,
    change: Callable[[str, Member], None],
    to: str,
    then: int,
) -> None:
    change(to, finance)
    decide("roof", finance, accept=False)
    deal("late", "600")
    decide("late", finance, accept=True)

    assert over() == 1500


def test_a_fact_that_waits_does_not_hold_up_a_deal_that_moves_no_money(
    frozen: Plan, maya: Payee, finance: Member
) -> None:
    dated.set_value(
        subject=maya,
        key="hours",
        value="7",
        starts_on=OCTOBER,
        type_="money",
        by=finance,
    )
    standing.settle()

    deal("wall", "600", "Wall")

    assert Proposal.objects.get(state=Proposal.State.WAITING).amount == 7
    assert over() == 1500


def test_a_deal_that_moves_no_money_counts_though_another_was_declined(
    frozen: Plan, finance: Member
) -> None:
    deal("late", "600")
    decide("late", finance, accept=False)

    deal("wall", "400", "Wall")

    assert over() == 1300
