"""Changes whose statements are easily forgotten stand as if all was reckoned anew."""

from datetime import date
from decimal import Decimal

import pytest

from commissions.plans import assigning
from commissions.plans.models import Plan
from commissions.statements.models import Line
from commissions.statements.recalculate import recalculate
from crm_sync.ledger import dated
from crm_sync.ledger.models import Payee
from crm_sync.ledger.placements import place_payee
from crm_sync.ledger.reading import Incoming
from crm_sync.ledger.services import create_product, create_territory
from tenants.access import Member
from tenants.accounts.models import Business as BusinessRow
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import standing, world
from tests.commissions.statements.world import a_deal, sync

JULY = date(2026, 7, 1)
OCTOBER = date(2026, 10, 1)
NOVEMBER = date(2026, 11, 1)
FLAT = """
plan: P
currency: USD
variables: {q: number}
components:
  - key: c
    amount: deal.amount * q
"""
NORTH = """
plan: P
currency: USD
components:
  - key: c
    when: deal.territory == "North"
    amount: deal.amount * deal.share * 10%
"""
SCORES = """
plan: P
currency: USD
fields: {payee.score: money}
measures:
  points: {value: payee.score, over: month}
  all: {measure: points, of: plan, take: sum}
components:
  - key: bonus
    per: period
    amount: all.total
"""
GIVING = """
plan: Giving
currency: USD
fields: {payee.score: money}
measures:
  points: {value: payee.score, over: month}
components:
  - key: bonus
    per: period
    amount: points.total
"""
NOT_GIVING = """
plan: Giving
currency: USD
components:
  - key: bonus
    amount: "1"
"""
TEAM = """
plan: P
currency: USD
measures:
  sold: {sum: deal.amount, over: quarter}
  under: {measure: sold, of: team, take: sum}
components:
  - key: bonus
    per: period
    amount: under.total * 1%
"""
TRAIL_OF_MARGIN = """
plan: P
currency: USD
fields: {product.margin: percent}
components:
  - key: trail
    repeat: yes
    amount: deal.amount * or_else(product.margin, 10%)
"""
TRAIL_OF_OWNER = """
plan: P
currency: USD
fields: {payee.level: number}
components:
  - key: trail
    repeat: yes
    amount: deal.amount * deal.share * or_else(owner.level, 5) * 1%
"""
TRAIL_AT_PERIOD_END = """
plan: P
currency: USD
convert_on: period_end
components:
  - key: trail
    repeat: yes
    amount: deal.amount * 10%
"""


@pytest.fixture
def finance(alice: MemberRow, acme: BusinessRow) -> Member:
    return world.acting(alice, acme)


@pytest.fixture
def lena(acme: BusinessRow) -> Payee:
    return world.a_payee("Lena Fischer", "user_lena")


def a_plan(text: str) -> Plan:
    plan = Plan.objects.create(name="P", slug="p")
    world.publish(plan, text, JULY)
    return plan


def assert_stands_as_anew() -> None:
    standing.settle()
    stands, anew = standing.canonical(), standing.from_scratch()
    assert stands == anew, "\n".join(standing.difference(stands, anew))


def test_a_new_version_reaches_the_statement_of_a_future_deal(maya: Payee) -> None:
    plan = a_plan(FLAT)
    world.assign(maya, plan, JULY, q="0.1")
    sync(a_deal("x", date(2026, 12, 10), "1000", "Roof"))
    recalculate()

    world.publish(plan, FLAT.replace("* q", "* 20%"), NOVEMBER)

    assert_stands_as_anew()
    assert world.statement(maya, "2026-12").total == 200


def test_a_variable_reaches_the_statement_of_a_future_deal(
    maya: Payee, finance: Member
) -> None:
    row = world.assign(maya, a_plan(FLAT), JULY, q="0.1")
    sync(a_deal("x", date(2026, 12, 10), "1000", "Roof"))
    recalculate()

    assigning.change_assignment(
        assignment=row, starts_on=JULY, ends_on=None, values={"q": "0.2"}, by=finance
    )

    assert_stands_as_anew()
    assert world.statement(maya, "2026-12").total == 200


def test_the_owners_territory_reaches_who_shares_the_deal(
    maya: Payee, theo: Payee
) -> None:
    north = create_territory(name="North")
    plan = a_plan(NORTH)
    for payee in (maya, theo):
        world.assign(payee, plan, JULY)
    sync(a_shared_deal(date(2026, 11, 10)))
    recalculate()

    place_payee(payee=maya, manager=None, territory=north, starts_on=JULY)

    assert_stands_as_anew()
    assert world.statement(theo, "2026-11").total == 50


def test_the_owners_territory_reaches_the_manager_of_who_shares(
    maya: Payee, theo: Payee, lena: Payee
) -> None:
    north = create_territory(name="North")
    text = NORTH.replace("- key: c", "- key: c\n    credit: [manager]")
    world.assign(lena, a_plan(text), JULY)
    place_payee(payee=theo, manager=lena, territory=None, starts_on=JULY)
    sync(a_shared_deal(date(2026, 11, 10)))
    recalculate()

    place_payee(payee=maya, manager=None, territory=north, starts_on=JULY)

    assert_stands_as_anew()
    assert world.statement(lena, "2026-11").total > 0


def test_a_new_member_whose_measure_fails_reaches_the_readers(
    maya: Payee, theo: Payee
) -> None:
    plan = a_plan(SCORES)
    scores(maya)
    world.assign(maya, plan, NOVEMBER)
    standing.settle()

    world.assign(theo, plan, NOVEMBER)

    assert_stands_as_anew()
    assert world.statement(maya, "2026-11").failures


def test_a_member_who_leaves_reaches_whom_the_failed_measure_held_up(
    maya: Payee, theo: Payee, finance: Member
) -> None:
    plan = a_plan(SCORES)
    scores(maya)
    world.assign(maya, plan, NOVEMBER)
    row = world.assign(theo, plan, OCTOBER)
    standing.settle()

    assigning.change_assignment(
        assignment=row,
        starts_on=OCTOBER,
        ends_on=date(2026, 10, 31),
        values={},
        by=finance,
    )

    assert_stands_as_anew()
    assert not world.statement(maya, "2026-11").failures


def test_a_version_with_a_measure_that_fails_reaches_the_readers_of_another_plan(
    maya: Payee, theo: Payee
) -> None:
    giving = Plan.objects.create(name="Giving", slug="giving")
    world.publish(giving, NOT_GIVING, JULY)
    world.assign(theo, giving, NOVEMBER)
    scores(maya)
    world.assign(maya, a_plan(SCORES.replace("of: plan", "of: business")), NOVEMBER)
    standing.settle()

    world.publish(giving, GIVING, NOVEMBER)

    assert_stands_as_anew()
    assert world.statement(maya, "2026-11").failures


def test_an_earlier_month_reaches_a_manager_who_came_after_it(
    maya: Payee, theo: Payee, lena: Payee
) -> None:
    plan = a_plan(TEAM)
    for payee in (maya, theo, lena):
        world.assign(payee, plan, OCTOBER)
    place_payee(
        payee=maya,
        manager=theo,
        territory=None,
        starts_on=JULY,
        ends_on=date(2026, 10, 31),
    )
    place_payee(payee=maya, manager=lena, territory=None, starts_on=NOVEMBER)
    sync(a_deal("a", date(2026, 10, 10), "1000", "Roof"))
    standing.settle()

    sync(a_deal("b", date(2026, 10, 11), "500", "Roof"))

    assert_stands_as_anew()
    assert world.statement(lena, "2026-11").total == 15


@pytest.mark.parametrize("yes", ["yes", "True"])
def test_a_first_margin_reaches_what_an_earlier_deal_pays_again(
    maya: Payee, yes: str
) -> None:
    wall = create_product(name="Wall")
    dated.set_value(subject=wall, key="margin", value="10%", starts_on=JULY)
    roof = create_product(name="Roof")
    text = TRAIL_OF_MARGIN.replace("repeat: yes", f"repeat: {yes}")
    world.assign(maya, a_plan(text), JULY)
    sync(a_deal("x", date(2026, 8, 10), "1000", "Roof"))
    recalculate()

    dated.set_value(subject=roof, key="margin", value="20%", starts_on=NOVEMBER)

    assert_stands_as_anew()
    assert world.statement(maya, "2026-11").total == 200


def test_an_owners_first_level_reaches_what_a_shared_deal_pays_again(
    maya: Payee, theo: Payee
) -> None:
    dated.set_value(subject=theo, key="level", value="1", starts_on=JULY)
    world.assign(theo, a_plan(TRAIL_OF_OWNER), JULY)
    sync(a_shared_deal(date(2026, 8, 10)))
    recalculate()

    dated.set_value(subject=maya, key="level", value="2", starts_on=NOVEMBER)

    assert_stands_as_anew()
    assert world.statement(theo, "2026-11").total == 10


def test_what_is_paid_again_is_converted_on_each_periods_last_day(
    maya: Payee, finance: Member
) -> None:
    world.assign(maya, a_plan(TRAIL_AT_PERIOD_END), JULY)
    for month, last in ((9, 30), (10, 31), (11, 30)):
        set_rate("1.1", date(2026, month, last), finance)
    sync(a_deal("x", date(2026, 9, 10), "1000", "Roof", currency="EUR"))

    recalculate()

    assert not Line.objects.exclude(failed="").exists()
    assert world.statement(maya, "2026-11").total == 110


def test_a_later_rate_reaches_what_an_earlier_deal_pays_again(
    maya: Payee, finance: Member
) -> None:
    world.assign(maya, a_plan(TRAIL_AT_PERIOD_END), JULY)
    set_rate("1.1", date(2026, 9, 30), finance)
    set_rate("1.1", date(2026, 10, 31), finance)
    sync(a_deal("x", date(2026, 9, 10), "1000", "Roof", currency="EUR"))
    recalculate()

    set_rate("1.2", date(2026, 11, 30), finance)

    assert_stands_as_anew()
    assert world.statement(maya, "2026-11").total == 120


def a_shared_deal(day: date) -> Incoming:
    half = {"split_with": "user_theo", "split_percent": Decimal("0.5")}
    return a_deal("x", day, "1000", "Roof", **half)


def scores(payee: Payee) -> None:
    dated.set_value(
        subject=payee, key="score", value="100", starts_on=JULY, type_="money"
    )


def set_rate(rate: str, day: date, by: Member) -> None:
    dated.set_rate(
        currency="EUR", into="USD", rate=rate, starts_on=day, source="ECB", by=by
    )
