"""A draft that spoils what payees take from one another shows everybody whom it fails."""

from collections.abc import Iterator
from datetime import date

import pytest

from commissions.plans import errors, services
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
components:
  - {key: sale, name: Sale, base: deal.amount, amount: base * 1%}
  - {key: pool, name: Pool, per: period, amount: mine.total}
examples:
  - name: One percent
    period: 2026-11
    given: {mine: 0}
    deals: [{id: one, won_on: 2026-11-04, amount: 100}]
    expect: {components: {sale: 1.00}}
"""
SPOILED = POOL.replace("deal.share,", "deal.share / abs(deal.amount - 2001),")
RENAMED = POOL.replace("sales", "sold")
MONTHS = (10, 11)


@pytest.fixture
def pool(on_the_day: None, acme: Business) -> Iterator[Plan]:
    """Three sellers who share a pool, with deals in October and November."""
    plan = Plan.objects.create(name="Pool", slug="pool")
    world.publish(plan, POOL, date(2026, 10, 1))
    for number, name in enumerate(("Ann", "Ben", "Cleo"), 1):
        payee = world.a_payee(name, f"user_{name}")
        world.assign(payee, plan, date(2026, 10, 1))
        for month in MONTHS:
            amount = str(1000 * number + 1)
            key, day = f"{name}_{month}", date(2026, month, 4)
            world.sync(world.a_deal(key, day, amount, world.CARE, owner=f"user_{name}"))
    run_all_jobs()
    yield plan


def failing_lines(found: Preview) -> dict[tuple[int, str], int]:
    rows = found.statements.exclude(failures=[])
    return {(row.payee_id, row.period_slug): len(row.failures) for row in rows}


def previewed(plan: Plan, text: str, ada: Member, ben: Member) -> Preview:
    draft = services.start_draft(plan=plan, by=ada)
    draft = services.save_draft(
        draft=draft, document=plan_from_yaml(text), seen_edition=1, by=ada
    )
    asked = previews.ask_preview(draft=draft, starts_on=date(2026, 10, 1), by=ben)
    run_all_jobs()
    found = Preview.objects.get(pk=asked.pk)
    assert found.state == "ready", found.problem
    return found


def test_everybody_fails_who_takes_from_a_measure_that_only_the_draft_spoils(
    pool: Plan, ada: Member, ben: Member
) -> None:
    found = previewed(pool, SPOILED, ada, ben)

    seen = failing_lines(found)
    assert len(seen) == 6, "three sellers in two months"
    with pytest.raises(errors.LinesFail):
        previews.publish_previewed(preview=found, by=ben)

    world.publish(pool, SPOILED, date(2026, 10, 1))  # as if nobody had refused it
    world.catch_up()
    rows = Statement.objects.exclude(failures=0)
    assert {(row.payee_id, row.period.slug): row.failures for row in rows} == seen


def test_a_measure_that_the_draft_calls_otherwise_spoils_nothing(
    pool: Plan, ada: Member, ben: Member
) -> None:
    assert failing_lines(previewed(pool, RENAMED, ada, ben)) == {}
