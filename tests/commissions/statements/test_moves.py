"""What a change of quotas, plans or people moves is shown before it is made."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from commissions.plans import assigning, assigning_bulk
from commissions.plans import errors as plan_errors
from commissions.plans.assigning_bulk import Wanted
from commissions.plans.models import Assignment, Plan
from commissions.statements import errors, services
from commissions.statements.models import PayPeriod, Statement
from commissions.statements.moves import what_moves
from commissions.statements.transfers import Transfer, placement_on, transfer
from crm_sync.ledger.models import Change, Payee
from crm_sync.ledger.placements import place_payee
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import world

OVER_QUOTA = """
plan: Over quota
currency: USD
variables: {quota: money}
measures:
  sold: {sum: deal.amount * deal.share}
components:
  - key: over
    name: Over quota
    per: period
    amount: max(sold.total - quota, 0) * 10%
  - key: team
    name: Team
    credit: [manager]
    amount: deal.amount * deal.share * 1%
"""
JULY, NOVEMBER, DECEMBER = date(2026, 7, 1), date(2026, 11, 1), date(2026, 12, 1)


@pytest.fixture
def plan(maya: Payee, theo: Payee) -> Plan:
    """Maya sold 9,000.00 and Theo 5,000.00 in October and in November; quota 4,000."""
    made = Plan.objects.create(name="Over quota", slug="over-quota")
    world.publish(made, OVER_QUOTA, JULY)
    for payee in (maya, theo):
        world.assign(payee, made, JULY, quota="4000")
    world.sync(
        world.a_deal("mo", date(2026, 10, 9), "9000", "System"),
        world.a_deal("to", date(2026, 10, 9), "5000", "System", owner="user_theo"),
        world.a_deal("mn", date(2026, 11, 9), "9000", "System"),
        world.a_deal("tn", date(2026, 11, 9), "5000", "System", owner="user_theo"),
    )
    world.catch_up()
    return made


def held(payee: Payee) -> Assignment:
    return Assignment.objects.get(payee=payee, closed__isnull=True)


def a_browser(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def wanted(*payees: Payee, quota: str) -> list[Wanted]:
    return [Wanted(payee.pk, {"quota": quota}) for payee in payees]


def test_a_lower_quota_is_priced_and_nothing_is_written(
    plan: Plan, maya: Payee, alice: Member
) -> None:
    before = world.written(), Change.objects.count(), held(maya).pk

    moves = what_moves(
        lambda: assigning.change_values_from(
            assignment=held(maya),
            starts_on=NOVEMBER,
            values={"quota": "3000"},
            by=alice,
        )
    )

    ((payee, slug, difference),) = [
        (row.payee_name, row.period.slug, row.difference) for row in moves.rows
    ]
    assert (payee, slug, difference) == ("Maya Okafor", "2026-11", Decimal("100.00"))
    assert moves.total == Decimal("100.00")
    assert (world.written(), Change.objects.count(), held(maya).pk) == before


def test_what_was_shown_is_what_happens(
    plan: Plan, maya: Payee, theo: Payee, alice: Member
) -> None:
    def change() -> int:
        return assigning_bulk.set_values(
            plan=plan,
            starts_on=NOVEMBER,
            wanted=wanted(maya, theo, quota="4500.50"),
            by=alice,
        )

    moves = what_moves(change)
    assert change() == 2
    world.catch_up()

    shown = {(row.payee_id, row.period.slug): row.after for row in moves.rows}
    assert shown == {
        (maya.pk, "2026-11"): Decimal("449.95"),
        (theo.pk, "2026-11"): Decimal("49.95"),
    }
    for (payee_id, slug), after in shown.items():
        row = Statement.objects.get(payee_id=payee_id, period__slug=slug)
        assert row.total == after
    assert world.statement(maya, "2026-10").total == Decimal("500.00")


def test_a_frozen_statement_would_get_a_proposal_and_is_not_in_the_sum(
    plan: Plan, maya: Payee, alice: Member
) -> None:
    services.freeze(period=PayPeriod.objects.get(slug="2026-10"), by=alice)

    moves = what_moves(
        lambda: assigning.change_values_from(
            assignment=held(maya), starts_on=JULY, values={"quota": "0"}, by=alice
        )
    )

    assert [row.period.slug for row in moves.late] == ["2026-10"]
    assert moves.total == Decimal("400.00")


def test_one_bad_value_refuses_all_and_says_whose(
    plan: Plan, maya: Payee, theo: Payee, alice: Member
) -> None:
    rows = [
        Wanted(maya.pk, {"quota": "5000"}),
        Wanted(theo.pk, {"quota": "many"}),
    ]

    with pytest.raises(plan_errors.WrongValue, match="Theo Brandt: quota: “many”"):
        assigning_bulk.set_values(plan=plan, starts_on=NOVEMBER, wanted=rows, by=alice)

    assert held(maya).values == {"quota": "4000"}


def test_values_that_are_the_same_write_nothing(
    plan: Plan, maya: Payee, alice: Member
) -> None:
    changes = Change.objects.count()

    count = assigning_bulk.set_values(
        plan=plan, starts_on=NOVEMBER, wanted=wanted(maya, quota="4000"), by=alice
    )

    assert (count, Change.objects.count()) == (0, changes)


def test_a_quota_from_a_day_keeps_the_days_before(
    plan: Plan, maya: Payee, alice: Member
) -> None:
    assigning_bulk.set_values(
        plan=plan, starts_on=DECEMBER, wanted=wanted(maya, quota="6000"), by=alice
    )

    rows = Assignment.objects.filter(payee=maya, closed__isnull=True)
    assert [
        (r.starts_on, r.ends_on, r.values["quota"]) for r in rows.order_by("pk")
    ] == [
        (JULY, date(2026, 11, 30), "4000"),
        (DECEMBER, None, "6000"),
    ]


def test_a_transfer_moves_manager_and_plan_on_one_day(
    plan: Plan, maya: Payee, theo: Payee, alice: Member
) -> None:
    boss = world.a_payee("Priya Nair", "user_priya")
    world.assign(boss, plan, JULY, quota="0")
    world.catch_up()
    what = Transfer(
        payee=maya,
        starts_on=NOVEMBER,
        manager=boss,
        territory=None,
        leaves=[held(maya)],
    )

    moves = what_moves(lambda: transfer(what=what, by=alice))
    transfer(what=what, by=alice)
    world.catch_up()

    found = {(row.payee_name, row.difference) for row in moves.rows}
    assert found == {
        ("Maya Okafor", Decimal("-500.00")),  # no plan in November
        ("Priya Nair", Decimal("90.00")),  # Maya's November deal
    }
    assert world.statement(boss, "2026-11").total == Decimal("90.00")
    assert world.statement(maya, "2026-10").total == Decimal("500.00")
    placed = placement_on(maya, NOVEMBER)
    assert placed is not None
    assert placed.manager_id == boss.pk


def test_a_transfer_that_changes_nothing_is_refused(
    plan: Plan, maya: Payee, alice: Member
) -> None:
    what = Transfer(payee=maya, starts_on=NOVEMBER, manager=None, territory=None)

    with pytest.raises(errors.NothingToTransfer, match="Maya Okafor"):
        transfer(what=what, by=alice)


def test_a_transfer_that_cannot_end_well_changes_nothing(
    plan: Plan, maya: Payee, theo: Payee, alice: Member
) -> None:
    """The placement is fine, the plan is not: both stay as they were."""
    what = Transfer(
        payee=maya, starts_on=NOVEMBER, manager=theo, territory=None, plan=plan
    )

    with pytest.raises(plan_errors.WrongValue, match="needs “quota”"):
        transfer(what=what, by=alice)

    assert placement_on(maya, NOVEMBER) is None


def test_the_page_shows_the_price_and_then_enters_it(
    plan: Plan, maya: Payee, theo: Payee, alice: Member
) -> None:
    client = a_browser(alice)
    body = {
        "plan": "over-quota",
        "starts_on": "2026-11-01",
        "payee": [maya.pk, theo.pk],
        f"{maya.pk}-quota": "3000",
        f"{theo.pk}-quota": "4000",
    }

    shown = client.post("/b/acme/quotas/", body | {"do": "preview"}).content.decode()
    assert "This changes 1 statement by" in shown
    assert 'data-total="100.00' in shown
    assert held(maya).values == {"quota": "4000"}

    answer = client.post("/b/acme/quotas/", body | {"do": "commit"})
    assert answer.status_code == 302
    again = client.post("/b/acme/quotas/", body | {"do": "commit"})
    assert again.status_code == 302  # twice is once
    rows = Assignment.objects.filter(payee=maya, closed__isnull=True)
    assert sorted(row.values["quota"] for row in rows) == ["3000", "4000"]


def test_the_form_of_an_assignment_shows_what_it_moves(
    plan: Plan, maya: Payee, alice: Member
) -> None:
    row = held(maya)
    body = {"starts_on": "2026-07-01", "ends_on": "", "value-quota": "5000"}

    shown = a_browser(alice).post(f"/b/acme/moves/assignments/{row.pk}/", body)

    page = shown.content.decode()
    assert "This changes 2 statements by" in page
    assert 'data-total="-200.00' in page
    assert f'action="/b/acme/assignments/{row.pk}/' in page
    assert held(maya).pk == row.pk


def test_a_payee_is_moved_on_the_page(
    plan: Plan, maya: Payee, theo: Payee, alice: Member
) -> None:
    client = a_browser(alice)
    place_payee(payee=maya, manager=None, territory=None, starts_on=JULY)
    url = f"/b/acme/payees/{maya.pk}/move/"
    body = {"starts_on": "2026-11-01", "manager": theo.pk, "do": "preview"}

    assert client.get(url).status_code == 200
    shown = client.post(url, body).content.decode()
    assert "This changes 1 statement by" in shown  # Theo is credited as manager
    assert client.post(url, body | {"do": "commit"}).status_code == 302

    placed = placement_on(maya, NOVEMBER)
    assert placed is not None
    assert placed.manager_id == theo.pk


def test_without_a_plan_the_page_of_quotas_says_what_comes_first(
    client: Client, acme: Business, alice: MemberRow
) -> None:
    client.force_login(alice.user)

    text = client.get("/b/acme/quotas/").content.decode()

    assert "No plan yet" in text and "/b/acme/plans/" in text
    assert "<select" not in text.partition("<main")[2]


def test_the_only_plan_is_shown_and_one_that_nobody_is_on_begins_with_this_period(
    plan: Plan, alice: Member
) -> None:
    client = a_browser(alice)
    before = client.get("/b/acme/quotas/").content.decode()

    Assignment.objects.filter(plan=plan).update(closed=1)

    assert "Over quota from 1 Dec 2026" in before
    assert (
        "Over quota from 1 Nov 2026" in client.get("/b/acme/quotas/").content.decode()
    )
