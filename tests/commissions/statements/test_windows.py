"""Measures that reach over several periods: open ones are read, frozen ones are kept."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from commissions.plans.models import Plan
from commissions.statements import services
from commissions.statements.models import PayPeriod
from commissions.statements.recalculate import recalculate
from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee
from crm_sync.ledger.placements import place_payee
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import world
from tests.commissions.statements.world import SYSTEM, a_deal, sync

QUARTERLY = """
plan: Quarterly
currency: USD
measures:
  booked: {sum: deal.amount * deal.share, over: quarter}
components:
  - key: commission
    name: Commission
    amount: marginal(booked.before, deal.amount * deal.share, tiers.quarter)
  - key: bonus
    name: Quarter bonus
    per: period
    over: quarter
    amount: booked.total * 1%
tables:
  quarter:
    rows:
      - {from: 0, rate: 10%}
      - {from: 10000, rate: 20%}
examples:
  - {name: One, period: 2026-11, deals: [{id: a, won_on: 2026-11-02, amount: 100}], expect: {total: 10.00}}
"""


@pytest.fixture
def finance(alice: MemberRow, acme: Business) -> Member:
    return world.acting(alice, acme)


@pytest.fixture
def quarterly(maya: Payee) -> Plan:
    plan = Plan.objects.create(name="Quarterly", slug="quarterly")
    world.publish(plan, QUARTERLY, date(2026, 1, 1))
    world.assign(maya, plan, date(2026, 1, 1))
    return plan


def lock(slug: str, by: Member) -> None:
    period = PayPeriod.objects.get(slug=slug)
    services.freeze(period=period, by=by)
    services.lock_statements(period=period, by=by)


def total(payee: Payee, slug: str) -> Decimal:
    return world.statement(payee, slug).total


def test_a_deal_of_october_moves_novembers_tier(quarterly: Plan, maya: Payee) -> None:
    sync(
        a_deal("october", date(2026, 10, 5), "8000", SYSTEM),
        a_deal("november", date(2026, 11, 5), "4000", SYSTEM),
    )
    world.catch_up()
    assert total(maya, "2026-11") == Decimal("600.00")

    with clock.at(world.moment(24, 9)):
        sync(a_deal("october", date(2026, 10, 5), "10000", SYSTEM))
        world.catch_up()

    assert total(maya, "2026-10") == Decimal("1000.00")
    assert total(maya, "2026-11") == Decimal("800.00")


def test_a_quarter_pays_in_the_month_in_which_it_ends(
    quarterly: Plan, maya: Payee
) -> None:
    sync(a_deal("summer", date(2026, 8, 5), "5000", SYSTEM))

    world.catch_up()

    assert total(maya, "2026-08") == Decimal("500.00")
    assert total(maya, "2026-09") == Decimal("50.00")


def test_a_late_change_of_a_locked_month_carries_money_and_measure(
    quarterly: Plan, maya: Payee, finance: Member
) -> None:
    with clock.at(datetime(2026, 10, 31, 12, tzinfo=UTC)):
        sync(a_deal("october", date(2026, 10, 5), "8000", SYSTEM))
        world.catch_up()
    for slug in ("2026-01", "2026-10"):
        if PayPeriod.objects.filter(slug=slug).exists():
            world.catch_up()
    lock("2026-10", finance)
    sync(a_deal("november", date(2026, 11, 5), "4000", SYSTEM))
    world.catch_up()
    assert total(maya, "2026-11") == Decimal("600.00")

    with clock.at(world.moment(24, 9)):
        sync(a_deal("october", date(2026, 10, 5), "10000", SYSTEM))
        world.catch_up()

    # October owes 200.00 more, and November's deal now lies wholly above the tier.
    assert total(maya, "2026-10") == Decimal("800.00")
    assert total(maya, "2026-11") == Decimal("800.00") + Decimal("200.00")


def test_all_of_it_again_gives_the_same_lines(
    quarterly: Plan, maya: Payee, finance: Member
) -> None:
    sync(
        a_deal("october", date(2026, 10, 5), "8000", SYSTEM),
        a_deal("november", date(2026, 11, 5), "4000", SYSTEM),
    )
    world.catch_up()
    lock("2026-10", finance)
    sync(a_deal("october", date(2026, 10, 5), "10000", SYSTEM, version="zz"))
    world.catch_up()
    before = world.written()

    summary = recalculate(everything=True)

    assert summary.statements == 0
    assert world.written() == before


TEAM = """
plan: Override
currency: USD
measures:
  team: {sum: deal.amount * deal.share, of: team, over: quarter}
components:
  - key: override
    name: Override
    per: period
    when: team.total >= 10000
    amount: team.total * 1%
examples:
  - {name: Nothing, period: 2026-11, stored: {team: {2026-11: 100}}, deals: [], expect: {total: 0}}
"""


def test_a_manager_is_paid_on_what_the_team_sold_this_quarter(
    quarterly: Plan, maya: Payee, theo: Payee
) -> None:
    plan = Plan.objects.create(name="Override", slug="override")
    world.publish(plan, TEAM, date(2026, 1, 1))
    world.assign(theo, plan, date(2026, 1, 1))
    place_payee(payee=maya, manager=theo, territory=None, starts_on=date(2026, 1, 1))
    sync(
        a_deal("october", date(2026, 10, 5), "8000", SYSTEM),
        a_deal("november", date(2026, 11, 5), "4000", SYSTEM),
    )
    world.catch_up()

    assert total(theo, "2026-10") == 0
    assert total(theo, "2026-11") == Decimal("120.00")

    with clock.at(world.moment(24, 9)):
        sync(a_deal("october", date(2026, 10, 5), "10000", SYSTEM))
        world.catch_up()

    assert total(theo, "2026-10") == Decimal("100.00")
    assert total(theo, "2026-11") == Decimal("140.00")


CAPPED = """
plan: Capped
currency: USD
measures:
  booked: {sum: deal.amount * deal.share, over: quarter}
components:
  - key: commission
    name: Commission
    amount: deal.amount * 1%
    cap: "50"
  - key: over
    name: Over the step
    when: booked.before >= 10000
    amount: "7"
examples:
  - {name: One, period: 2026-11, deals: [{id: a, won_on: 2026-11-02, amount: 100}], expect: {total: 1.00}}
"""


def test_a_late_change_without_money_still_counts_for_later_months(
    maya: Payee, finance: Member
) -> None:
    plan = Plan.objects.create(name="Capped", slug="capped")
    world.publish(plan, CAPPED, date(2026, 1, 1))
    world.assign(maya, plan, date(2026, 1, 1))
    with clock.at(datetime(2026, 10, 31, 12, tzinfo=UTC)):
        sync(a_deal("october", date(2026, 10, 5), "8000", SYSTEM))
        world.catch_up()
        lock("2026-10", finance)
    sync(a_deal("november", date(2026, 11, 5), "4000", SYSTEM))
    world.catch_up()
    assert total(maya, "2026-11") == Decimal("40.00")

    with clock.at(world.moment(24, 9)):
        sync(a_deal("october", date(2026, 10, 5), "12000", SYSTEM))
        world.catch_up()

    assert total(maya, "2026-10") == Decimal("50.00")
    assert total(maya, "2026-11") == Decimal("47.00")
