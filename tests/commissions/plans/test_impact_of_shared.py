"""A draft that moves what payees take from one another is priced to the cent as well."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from commissions.plans import services
from commissions.plans.models import Plan, Preview
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements import previews
from commissions.statements.models import Statement
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.jobs.services import run_all_jobs
from tests.commissions.statements import world

POOL = """
plan: Pool
currency: USD
measures:
  sales: {sum: deal.amount * deal.share, over: month}
  mine: {measure: sales, of: plan, take: part, amount: "1000"}
  place: {measure: sales, of: plan, take: rank}
  paid: {component: [sale], over: year}
components:
  - {key: sale, name: Sale, base: deal.amount, amount: base * 1%}
  - {key: pool, name: Pool, per: period, amount: mine.total}
  - {key: first, name: First, per: period, amount: 50 if place.total == 1 else 0}
  - {key: trophy, name: Year, per: period, amount: paid.before * 10%}
examples:
  - name: One percent
    period: 2026-11
    given: {mine: 0, place: 2}
    deals: [{id: one, won_on: 2026-11-04, amount: 100}]
    expect: {components: {sale: 1.00}}
"""
CHANGED = (
    ("deal.amount * deal.share, over", "deal.amount * deal.share - 900, over"),
    ("base * 1%", "base * 2%"),
    ("{sale: 1.00}", "{sale: 2.00}"),
)


@pytest.fixture
def pool(on_the_day: None, acme: Business) -> Iterator[Plan]:
    """Three sellers who share a pool, with deals in October and November."""
    plan = Plan.objects.create(name="Pool", slug="pool")
    world.publish(plan, POOL, date(2026, 10, 1))
    deals = []
    for number, name in enumerate(("Ann", "Ben", "Cleo"), 1):
        payee = world.a_payee(name, f"user_{name}")
        world.assign(payee, plan, date(2026, 10, 1))
        deals += [
            world.a_deal(
                f"{name}_{month}",
                date(2026, month, 4),
                str(1000 * number + 1),
                world.CARE,
                owner=f"user_{name}",
            )
            for month in (10, 11)
        ]
    world.sync(*deals)
    run_all_jobs()
    yield plan


def totals() -> dict[tuple[int, str], Decimal]:
    rows = Statement.objects.values_list("payee_id", "period__slug", "total")
    return {(payee_id, slug): total for payee_id, slug, total in rows}


@pytest.mark.parametrize("starts_on", [date(2026, 10, 1), date(2026, 11, 1)])
def test_the_price_of_a_shared_pool_is_what_publishing_moves(
    pool: Plan, ada: Member, ben: Member, starts_on: date
) -> None:
    text = POOL
    for old, new in CHANGED:
        assert old in text
        text = text.replace(old, new)
    draft = services.start_draft(plan=pool, by=ada)
    draft = services.save_draft(
        draft=draft, document=plan_from_yaml(text), seen_edition=1, by=ada
    )
    before = totals()

    asked = previews.ask_preview(draft=draft, starts_on=starts_on, by=ben)
    run_all_jobs()
    found = Preview.objects.get(pk=asked.pk)
    assert found.state == "ready", found.problem
    previews.publish_previewed(preview=found, by=ben)
    run_all_jobs()

    after = totals()
    moved = {key: after[key] for key in after if after[key] != before[key]}
    assert moved
    assert {
        (row.payee_id, row.period_slug): row.after
        for row in found.statements.filter(is_changed=True)
        if row.difference
    } == moved
    assert Decimal(found.summary["total"]) == sum(after.values()) - sum(before.values())
