"""A business that pays by calendars of whole weeks."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from commissions.plans import services
from commissions.plans.models import Plan
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements.periods import current_period, read_period
from commissions.statements.recalculate import recalculate
from crm_sync.ledger.models import Payee
from tenants.accounts.models import Business, Member
from tests.commissions.statements import world
from tests.commissions.statements.world import SYSTEM, a_deal, sync

LINKS = re.compile(r'href="(/b/acme/[^"#]*)"')
PLAN = """
plan: By weeks
currency: USD
pays: {pays}
measures:
  booked: {{sum: deal.amount * deal.share, over: quarter}}
components:
  - key: sale
    amount: marginal(booked.before, deal.amount * deal.share, tiers.steps)
  - {{key: bonus, per: {per}, base: booked.total, amount: base * 1%}}
tables:
  steps: {{0: 5%, 10000: 10%}}
examples:
  - {{name: One, period: {period}, deals: [{{id: a, won_on: 2026-11-02, amount: 100}}], expect: {{sale: 5}}}}
"""


def put_on(maya: Payee, **written: str) -> None:
    plan = Plan.objects.create(name="Weeks", slug="weeks")
    world.publish(plan, PLAN.format(**written), date(2026, 1, 1))
    world.assign(maya, plan, date(2026, 1, 1))


def sells_by_quarters_of_445(acme: Business, maya: Payee) -> None:
    acme.pay_calendar = "445_l61"
    pays = "4-4-5 to the last Saturday of January"
    put_on(maya, pays=pays, per="quarter", period="2026-p10")
    sync(
        a_deal("first_day", date(2026, 11, 1), "8000", SYSTEM),
        a_deal("last_day", date(2027, 1, 30), "4000", SYSTEM),
        a_deal("next_year", date(2027, 1, 31), "100", SYSTEM),
    )
    world.catch_up()


def total(payee: Payee, slug: str) -> Decimal:
    return world.statement(payee, slug).total


def test_a_quarter_of_445_is_paid_in_its_last_period(
    acme: Business, maya: Payee
) -> None:
    sells_by_quarters_of_445(acme, maya)

    assert current_period().label == "P10 2026 (1–28 Nov 2026)"
    assert read_period("2026-P10") == current_period()
    assert total(maya, "2026-p10al61") == Decimal("400.00")
    assert total(maya, "2026-p12al61") == Decimal("420.00")
    assert total(maya, "2027-p01al61") == Decimal("5.00")
    before = world.written()
    assert recalculate(everything=True).statements == 0
    assert world.written() == before


def test_a_change_reaches_the_end_of_its_quarter_of_weeks(
    acme: Business, maya: Payee
) -> None:
    sells_by_quarters_of_445(acme, maya)

    sync(a_deal("first_day", date(2026, 11, 1), "9000", SYSTEM, version="later"))
    world.catch_up()

    assert total(maya, "2026-p12al61") == Decimal("480.00")
    assert recalculate(everything=True).statements == 0


@pytest.mark.parametrize(
    ("calendar", "pays", "slug", "label"),
    [
        (
            "two_weeks_1",
            "biweekly from 2026-11-23",
            "2026-11-23w2",
            "23 Nov – 6 Dec 2026",
        ),
        (
            "445_l61",
            "4-4-5 to the last Saturday of January",
            "2026-p10al61",
            "P10 2026 (1–28 Nov 2026)",
        ),
    ],
)
def test_a_period_of_weeks_has_its_pages(
    acme: Business,
    maya: Payee,
    alice: Member,
    client: Client,
    calendar: str,
    pays: str,
    slug: str,
    label: str,
) -> None:
    acme.pay_calendar = calendar
    Business.objects.filter(pk=acme.pk).update(pay_calendar=calendar)
    client.force_login(alice.user)
    put_on(maya, pays=pays, per="period", period=slug)
    sync(a_deal("a", date(2026, 11, 23), "8000", SYSTEM))
    world.catch_up()
    assert total(maya, slug) == Decimal("480.00")

    html = client.get(f"/b/acme/statements/{maya.pk}/{slug}/").content.decode()
    inside = sorted({link for link in LINKS.findall(html) if slug in link})

    assert label in html
    assert len(inside) >= 4
    for link in [*inside, f"/b/acme/periods/{slug}/"]:
        assert client.get(link).status_code == 200, link


@pytest.mark.parametrize("pays", ["month", "4-4-5 to the last Sunday of January"])
def test_a_plan_of_other_weeks_is_not_published(acme: Business, pays: str) -> None:
    acme.pay_calendar = "445_l61"
    document = plan_from_yaml(PLAN.format(pays=pays, per="period", period="2026-11"))

    problems = services.problems_of(document)

    assert [problem.path for problem in problems] == ["pays"]
    assert problems[0].hint == "Write pays: 4-4-5 to the last Saturday of January."
