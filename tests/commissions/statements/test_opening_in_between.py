"""Opening balances of a day in mid-period: they open that period, in its window."""

from datetime import date
from decimal import Decimal

import pytest

from commissions.plans.models import Plan
from commissions.statements import opening
from commissions.statements.recalculate import recalculate
from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee
from tests.commissions.statements import world
from tests.commissions.statements.test_windows import QUARTERLY
from tests.commissions.statements.world import SYSTEM, a_deal, sync


@pytest.fixture
def started(maya: Payee) -> Plan:
    plan = Plan.objects.create(name="Quarterly", slug="quarterly")
    world.publish(plan, QUARTERLY, date(2026, 1, 1))
    world.assign(maya, plan, date(2026, 10, 16))
    return plan


def total(payee: Payee, slug: str) -> Decimal:
    return world.statement(payee, slug).total


def set_booked(payee: Payee, plan: Plan, value: str, day: date) -> None:
    opening.set_balance(
        payee=payee, plan=plan, measure="booked", value=value, as_of_day=day
    )


def test_a_balance_of_the_15th_counts_in_the_quarter_that_began_on_the_1st(
    started: Plan, maya: Payee
) -> None:
    sync(
        a_deal("october", date(2026, 10, 20), "2000", SYSTEM),
        a_deal("november", date(2026, 11, 5), "1000", SYSTEM),
    )
    world.catch_up()
    assert total(maya, "2026-10") == Decimal("200.00")

    with clock.at(world.moment(24, 9)):
        set_booked(maya, started, "9000", date(2026, 10, 15))
        world.catch_up()

    # 1,000 at 10 % and 1,000 at 20 %; then 20 %.
    assert total(maya, "2026-10") == Decimal("300.00")
    assert total(maya, "2026-11") == Decimal("200.00")
    before = world.written()
    assert recalculate(everything=True).statements == 0
    assert world.written() == before


def test_a_balance_of_the_quarters_last_day_stays_behind_in_it(
    started: Plan, maya: Payee
) -> None:
    sync(a_deal("october", date(2026, 10, 20), "2000", SYSTEM))
    set_booked(maya, started, "9000", date(2026, 9, 30))
    world.catch_up()

    assert total(maya, "2026-10") == Decimal("200.00")
