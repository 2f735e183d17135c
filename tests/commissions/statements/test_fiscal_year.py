"""A plan's year that begins in October: over New Year its measures go on."""

from datetime import date
from decimal import Decimal

import pytest

from commissions.plans.models import Plan
from commissions.statements.recalculate import recalculate
from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee
from tests.commissions.statements import world
from tests.commissions.statements.world import SYSTEM, a_deal, sync

YEARLY = """
plan: From November on
currency: USD
year_starts: 11
measures:
  booked: {sum: deal.amount * deal.share, over: year}
components:
  - key: commission
    amount: marginal(booked.before, deal.amount * deal.share, tiers.year)
tables:
  year:
    rows:
      - {from: 0, rate: 10%}
      - {from: 10000, rate: 20%}
examples:
  - {name: One, period: 2026-11, deals: [{id: a, won_on: 2026-11-02, amount: 100}], expect: {total: 10.00}}
"""


@pytest.fixture
def maya_on_it(maya: Payee) -> Payee:
    plan = Plan.objects.create(name="Yearly", slug="yearly")
    world.publish(plan, YEARLY, date(2026, 1, 1))
    world.assign(maya, plan, date(2026, 1, 1))
    return maya


def total(payee: Payee, slug: str) -> Decimal:
    return world.statement(payee, slug).total


def test_october_ends_a_year_and_november_begins_one(maya_on_it: Payee) -> None:
    sync(
        a_deal("october", date(2026, 10, 31), "12000", SYSTEM),
        a_deal("november", date(2026, 11, 1), "4000", SYSTEM),
    )
    world.catch_up()

    assert total(maya_on_it, "2026-10") == Decimal("1400.00")
    assert total(maya_on_it, "2026-11") == Decimal("400.00")


def test_a_change_in_november_reaches_over_new_year(maya_on_it: Payee) -> None:
    with clock.at(world.moment(24, 9)):
        sync(
            a_deal("november", date(2026, 11, 5), "8000", SYSTEM),
            a_deal("january", date(2027, 1, 5), "4000", SYSTEM),
        )
        world.catch_up()
    assert total(maya_on_it, "2027-01") == Decimal("600.00")

    with clock.at(world.moment(24, 10)):
        sync(a_deal("november", date(2026, 11, 5), "10000", SYSTEM))
        world.catch_up()
        assert total(maya_on_it, "2027-01") == Decimal("800.00")
        before = world.written()

        assert recalculate(everything=True).statements == 0
        assert world.written() == before
