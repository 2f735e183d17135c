"""What is shown before it is done, and what many at once write, is what is so after."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from commissions.plans import assigning, services
from commissions.plans.models import Assignment, Plan, Preview
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements import batch, impact, previews
from commissions.statements.errors import NotUpToDate
from commissions.statements.models import Statement
from commissions.statements.moves import what_moves
from commissions.statements.recalculate import recalculate
from crm_sync.ledger import dated
from crm_sync.ledger.catalogue import save_fields
from crm_sync.ledger.facts import FieldFact
from crm_sync.ledger.models import Payee, SellRight
from crm_sync.ledger.services import create_product
from tenants.access import Member
from tests.commissions.statements import standing, world
from tests.commissions.statements.world import a_deal, sync

NOVEMBER = date(2026, 11, 1)
FLAT = """
plan: Flat
currency: USD
components:
  - key: flat
    amount: deal.amount * 10%
"""
STREAK_AND_PLACE = """
plan: Streak
currency: USD
measures:
  month: {sum: deal.amount, over: month}
  streak: {value: "IF(month.total >= 4000, streak.before + 1, 0)"}
  points: {sum: "deal.amount", over: month}
  place: {measure: points, of: plan, take: rank}
components:
  - key: bonus
    per: period
    amount: streak.total * 10 + IF(place.total == 1, 1, 0)
"""
POOL = """
plan: Pool
currency: USD
measures:
  points: {sum: deal.amount, over: month}
  pool: {measure: points, of: plan, take: part, amount: "100"}
components:
  - key: bonus
    per: period
    amount: pool.total
examples:
  - name: A part
    period: 2026-11
    given: {pool: 5}
    expect: {components: {bonus: 5.00}}
"""
STREAK = """
plan: Streak
currency: USD
variables: {quota: money}
measures:
  month: {sum: deal.amount, over: month}
  streak: {value: "IF(month.total >= quota, streak.before + 1, 0)"}
components:
  - key: bonus
    per: period
    amount: streak.total * 10
"""
BEYOND = POOL.replace("{sum: deal.amount", "{sum: deal.amount - quota").replace(
    "measures:", "variables: {quota: money}\nmeasures:", 1
)
Totals = dict[tuple[int, str], Decimal]


def a_plan(text: str) -> Plan:
    plan = Plan.objects.create(name="Plan", slug="plan")
    world.publish(plan, text, date(2026, 7, 1))
    return plan


def totals() -> Totals:
    rows = Statement.objects.values_list("payee_id", "period__slug", "total")
    return {(payee_id, slug): total for payee_id, slug, total in rows}


def assert_it_stands_as_if_reckoned_anew() -> None:
    standing.settle()
    stands, anew = standing.canonical(), standing.from_scratch()
    assert stands == anew, "\n".join(standing.difference(stands, anew))


def test_a_tab_in_a_deals_name_does_not_stop_the_batch(
    maya: Payee, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line that fails names the deal, and stands beside one that did not."""
    save_fields([FieldFact("deal", "dealer_fee", "Dealer fee", "money")])
    world.assign(
        maya, a_plan(FLAT.replace("* 10%", "- deal.dealer_fee")), date(2026, 10, 1)
    )
    monkeypatch.setattr(batch, "FEWEST_CREDITS", 0)
    fee = Decimal(5)
    sync(a_deal("old", date(2026, 10, 10), "500", "Roof", dealer_fee=fee))
    sync(a_deal("new", date(2026, 11, 10), "900", "Roof", name="Big\tdeal"))
    recalculate()
    (line,) = world.live(world.statement(maya, "2026-11"))
    assert "Big\tdeal" in line.failed

    later: dict[str, Any] = {"dealer_fee": fee, "version": "9999"}
    sync(a_deal("old", date(2026, 10, 10), "700", "Roof", **later))
    later["name"] = "Big\tdeal"
    sync(a_deal("new", date(2026, 11, 10), "900", "Roof", **later))
    recalculate()

    assert world.statement(maya, "2026-10").total == Decimal(695)
    assert world.statement(maya, "2026-11").total == Decimal(895)
    monkeypatch.undo()
    assert_it_stands_as_if_reckoned_anew()


def test_the_batch_takes_back_that_a_credit_was_left_out(
    maya: Payee, alice: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_product(name="Wall")
    text = FLAT + '    when: deal.product == "Wall"\n'
    world.assign(maya, a_plan(text), NOVEMBER)
    dated.allow_selling(
        payee=maya, kind="product", name="Wall", starts_on=date(2026, 7, 1), by=alice
    )
    sync(
        a_deal("roof", date(2026, 11, 10), "1000", "Roof"),
        a_deal("wall", date(2026, 11, 11), "1000", "Wall"),
    )
    monkeypatch.setattr(batch, "FEWEST_CREDITS", 0)
    recalculate()
    assert world.statement(maya, "2026-11").credits_left_out

    dated.end_selling(right=SellRight.objects.get(closed__isnull=True), by=alice)
    recalculate()

    assert world.statement(maya, "2026-11").credits_left_out == []
    monkeypatch.undo()
    assert_it_stands_as_if_reckoned_anew()


def test_a_later_wave_of_the_impact_reads_the_drafts_of_the_waves_before(
    maya: Payee, theo: Payee
) -> None:
    """The streak begins in October; November's places are settled in a second wave."""
    october = date(2026, 10, 1)
    plan = a_plan(STREAK_AND_PLACE)
    for payee in (maya, theo):
        world.assign(payee, plan, october)
    for month, product in ((10, "Roof"), (11, "Wall")):
        day = date(2026, month, 10)
        sync(a_deal(f"m{month}", day, "3000", product))
        sync(a_deal(f"t{month}", day, "3001", "Roof", owner="user_theo"))
    standing.settle()
    text = STREAK_AND_PLACE.replace("4000", "2000").replace(
        '"deal.amount"', "deal.amount + (5 if deal.product == 'Wall' else 0)"
    )

    found = impact.compare(plan, plan_from_yaml(text), october)
    world.publish(plan, text, october)
    standing.settle()

    shown = {(row.payee_id, row.period_slug): row.after for row in found.rows}
    assert shown == totals()
    assert shown[maya.pk, "2026-11"] == Decimal(21)


@pytest.fixture
def pool(maya: Payee, theo: Payee) -> Plan:
    """Maya and Theo share a pool, and have sold the same."""
    plan = a_plan(POOL)
    for payee in (maya, theo):
        world.assign(payee, plan, NOVEMBER)
    day = date(2026, 11, 10)
    sync(a_deal("m", day, "1000", "Roof"))
    sync(a_deal("t", day, "1000", "Roof", owner="user_theo"))
    standing.settle()
    return plan


def test_the_impact_is_refused_while_what_it_reads_is_worked_out(
    pool: Plan, theo: Payee
) -> None:
    document = plan_from_yaml(POOL.replace('"100"', '"200"'))
    sync(a_deal("late", date(2026, 11, 11), "6000", "Roof", owner="user_theo"))

    with pytest.raises(NotUpToDate, match="still being worked out"):
        impact.compare(pool, document, NOVEMBER)

    standing.settle()
    found = impact.compare(pool, document, NOVEMBER)
    shown = {row.payee_id: (row.now, row.after) for row in found.rows}
    assert shown[theo.pk] == (Decimal("87.50"), Decimal(175))


def test_a_draft_is_published_at_figures_that_are_worked_out(
    pool: Plan, alice: Member, bob: Member
) -> None:
    """A deal between looking and pressing is worked out before it is looked at again."""
    draft = services.start_draft(plan=pool, by=alice)
    draft = services.save_draft(
        draft=draft,
        document=plan_from_yaml(POOL.replace('"100"', '"200"')),
        seen_edition=draft.edition,
        by=alice,
    )

    def looked_at() -> Preview:
        asked = previews.ask_preview(draft=draft, starts_on=NOVEMBER, by=bob)
        previews.compute(asked.pk)
        return Preview.objects.get(pk=asked.pk)

    seen = looked_at()
    sync(a_deal("late", date(2026, 11, 11), "6000", "Roof", owner="user_theo"))
    with pytest.raises(NotUpToDate):
        previews.publish_previewed(preview=seen, by=bob)
    again = looked_at()
    assert (again.state, "being worked out" in again.problem) == ("failed", True)

    standing.settle()
    previews.publish_previewed(preview=looked_at(), by=bob)


def shown_and_done(
    payee: Payee, starts_on: date, quota: str, by: Member
) -> tuple[Totals, Totals]:
    """Show what another quota moves, then enter it; return what was shown and moved."""
    row = Assignment.objects.get(payee=payee, closed__isnull=True)

    def change() -> object:
        return assigning.change_assignment(
            assignment=row,
            starts_on=starts_on,
            ends_on=None,
            values={"quota": quota},
            by=by,
        )

    before = totals()
    moves = what_moves(change)
    change()
    standing.settle()
    moved = {key: now for key, now in totals().items() if now != before[key]}
    return {(row.payee_id, row.period.slug): row.after for row in moves.rows}, moved


def test_what_moves_carries_a_state_from_month_to_month(
    maya: Payee, alice: Member
) -> None:
    september = date(2026, 9, 1)
    world.assign(maya, a_plan(STREAK), september, quota="4000")
    for month in (9, 10, 11):
        sync(a_deal(f"m{month}", date(2026, month, 10), "3000", "Roof"))
    standing.settle()

    shown, moved = shown_and_done(maya, september, "2000", alice)

    assert shown == moved
    assert [int(each) for each in shown.values()] == [10, 20, 30]


def test_what_moves_reaches_who_takes_from_others(
    maya: Payee, theo: Payee, alice: Member
) -> None:
    plan = a_plan(BEYOND)
    for payee in (maya, theo):
        world.assign(payee, plan, NOVEMBER, quota="100")
    day = date(2026, 11, 10)
    sync(a_deal("m", day, "1000", "Roof"))
    sync(a_deal("t", day, "1000", "Roof", owner="user_theo"))
    standing.settle()

    shown, moved = shown_and_done(maya, NOVEMBER, "400", alice)

    assert shown == moved
    assert {payee_id for payee_id, _ in shown} == {maya.pk, theo.pk}


def test_a_line_of_zero_that_fails_since_the_look_moves_the_figures(
    maya: Payee,
) -> None:
    """The statement differs already, and no amount of it moves."""
    plan = a_plan(FLAT)
    world.assign(maya, plan, NOVEMBER)
    sync(a_deal("paid", date(2026, 11, 10), "1000", "Roof"))
    sync(a_deal("free", date(2026, 11, 11), "0", "Roof"))
    standing.settle()
    split = "deal.amount * 20% / (1 if deal.product == 'Roof' else 0)"
    document = plan_from_yaml(FLAT.replace("deal.amount * 10%", split))

    seen = impact.compare(plan, document, NOVEMBER)
    sync(a_deal("free", date(2026, 11, 11), "0", "Wall", version="9999"))
    then = impact.compare(plan, document, NOVEMBER)

    assert [row.after for row in seen.rows] == [row.after for row in then.rows]
    assert [len(row.failures) for row in then.rows] == [1]
    assert seen.figures != then.figures
