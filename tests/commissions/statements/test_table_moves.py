"""What other rows of a rate table move is shown before they hold, and not made unseen."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from commissions.library.models import LibraryTable
from commissions.plans import library
from commissions.plans.assigning import set_table
from commissions.plans.models import Plan, RateTable, RateTableRows
from commissions.plans.services import save_draft, start_draft
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements import services
from commissions.statements.models import PayPeriod
from commissions.statements.moves import make_if_seen, what_moves
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.audit.models import AuditRow
from tests.commissions.statements import world
from tests.databases import Copy
from tests.people import a_group_member, a_member
from tests.security.test_races_and_cents import at_once

TIERED = """
plan: Tiered
currency: USD
measures: {sold: {sum: deal.amount, over: month}}
components:
  - {key: deals, name: Deals, base: deal.amount, amount: "marginal(sold.before, base, tiers.steps)"}
"""
TABLE, MOVES = "/b/acme/tables/steps/", "/b/acme/tables/steps/moves/"
DEARER = {"rows": "from,rate\n0,6%\n5000,10%", "starts_on": "2026-11-01"}
JANUARY, JULY = date(2026, 1, 1), date(2026, 7, 1)


@pytest.fixture
def ada(acme: Business) -> Member:
    return a_member(acme, "Ada", Role.ADMIN)


@pytest.fixture
def steps(ada: Member) -> RateTable:
    rows = [{"from": "0", "rate": "5%"}, {"from": "5000", "rate": "8%"}]
    made = set_table(key="steps", name="Steps", starts_on=JANUARY, rows=rows, by=ada)
    return made.table


@pytest.fixture
def plan(steps: RateTable, maya: Payee) -> Plan:
    """Maya sold 9,000.00 in October and in November: 570.00 each."""
    made = Plan.objects.create(name="Tiered", slug="tiered")
    world.publish(made, TIERED, JULY)
    world.assign(maya, made, JULY)
    world.sync(
        world.a_deal("october", date(2026, 10, 9), "9000", "System"),
        world.a_deal("november", date(2026, 11, 9), "9000", "System"),
    )
    world.catch_up()
    return made


@pytest.fixture
def page(ada: Member, client: Client) -> Client:
    client.force_login(ada.user)
    return client


def seal(body: str) -> str:
    (found,) = re.findall(r'name="seen" value="([0-9a-f]{64})"', body)
    return str(found)


def live_rows() -> int:
    return RateTableRows.objects.filter(closed__isnull=True).count()


def test_new_rows_are_priced_first_and_hold_once_that_was_seen(
    plan: Plan, maya: Payee, page: Client
) -> None:
    body = page.post(MOVES, DEARER).content.decode()

    # 5,000 at 1 % more and 4,000 at 2 % more.
    assert "This changes 1 statement by" in body and 'data-total="130.0000"' in body
    assert "Tiered" in body
    assert live_rows() == 1
    answer = page.post(MOVES, {**DEARER, "seen": seal(body)})
    world.catch_up()

    assert answer["Location"] == TABLE
    assert world.statement(maya, "2026-11").total == Decimal("700.00")
    assert world.statement(maya, "2026-10").total == Decimal("570.00")


def test_rows_whose_figures_moved_meanwhile_are_not_saved(
    plan: Plan, maya: Payee, page: Client
) -> None:
    shown = page.post(MOVES, DEARER).content.decode()
    world.sync(world.a_deal("late", date(2026, 11, 20), "1000", "System"))

    answer = page.post(MOVES, {**DEARER, "seen": seal(shown)})
    again = answer.content.decode()

    assert answer.status_code == 409
    assert "figures moved" in again and 'data-total="150.0000"' in again
    assert live_rows() == 1
    assert page.post(MOVES, {**DEARER, "seen": seal(again)}).status_code == 302


def test_a_frozen_statement_is_no_part_of_the_price(
    plan: Plan, maya: Payee, alice: Member, page: Client
) -> None:
    october = PayPeriod.objects.get(slug="2026-10")
    services.freeze(period=october, by=alice)

    body = page.post(MOVES, {**DEARER, "starts_on": "2026-10-01"}).content.decode()

    assert "This changes 2 statements by" in body and 'data-total="130.0000"' in body
    assert "proposal for adjustment" in body


def test_of_too_many_statements_none_is_worked_out(plan: Plan, ada: Member) -> None:
    rows = [{"from": "0", "rate": "9%"}]
    moves = what_moves(
        lambda: set_table(key="steps", name="Steps", starts_on=JULY, rows=rows, by=ada),
        most=1,
    )

    assert (moves.rows, moves.too_many) == ((), 5)
    assert live_rows() == 1


def test_nobody_gives_rows_to_a_table_that_their_own_plan_reads(
    plan: Plan, maya: Payee, ada: Member, acme: Business, page: Client
) -> None:
    Payee.objects.filter(pk=maya.pk).update(user_id=ada.user_id)

    answer = page.post(MOVES, DEARER)

    assert answer.status_code == 422
    assert "so someone else must set its rows" in answer.content.decode()
    acme.solo_mode = True
    acme.save(update_fields=["solo_mode"])
    assert page.post(MOVES, DEARER).status_code == 200


def test_a_plan_in_force_reads_it_whatever_its_draft_says(
    plan: Plan, ada: Member, page: Client
) -> None:
    draft = start_draft(plan=plan, by=ada)
    flat = TIERED.replace("marginal(sold.before, base, tiers.steps)", "base * 5%")
    document = plan_from_yaml(flat)
    save_draft(draft=draft, document=document, seen_edition=1, by=ada)

    assert "Read by" in page.get(TABLE).content.decode()


def test_rows_that_are_no_table_come_back_as_they_were_typed(
    plan: Plan, page: Client
) -> None:
    answer = page.post(MOVES, {**DEARER, "rows": "from,rate\n0,lots"})

    assert answer.status_code == 422
    assert "0,lots" in answer.content.decode()


def test_a_new_table_never_gives_another_one_rows(plan: Plan, page: Client) -> None:
    answer = page.post("/b/acme/tables/new/", {**DEARER, "key": "steps"})

    assert answer.status_code == 422
    assert "There is a rate table “steps” already." in answer.content.decode()
    assert live_rows() == 1


def test_a_newer_edition_of_the_library_is_priced_first(
    plan: Plan, steps: RateTable, acme: Business, page: Client
) -> None:
    library.put_table(table=steps, by=a_group_member(acme, "Nina", Role.OWNER))
    rows = [{"from": "0", "rate": "0.04"}]
    change = {"starts_on": "2026-01-01", "ends_on": "", "rows": rows, "reference": ""}
    LibraryTable.objects.update(edition=2, dated_rows=[change])
    take = f"/b/acme/library/tables/{LibraryTable.objects.get().pk}/take/"

    body = page.post(take).content.decode()

    # 9,000 at 4 % for each of the two months.
    assert 'data-total="-420.0000"' in body and "Take over edition 2" in body
    assert page.post(take, {"seen": seal(body)})["Location"] == TABLE
    assert RateTableRows.objects.get(closed__isnull=True).rows == rows


def test_rows_that_are_saved_twice_at_once_hold_once(
    fresh_db: Copy, acme: Business, plan: Plan, ada: Member
) -> None:
    rows = [{"from": "0", "rate": "6%"}, {"from": "5000", "rate": "10%"}]

    def change() -> RateTableRows:
        day = date(2026, 11, 1)
        return set_table(key="steps", name="Steps", starts_on=day, rows=rows, by=ada)

    seen = what_moves(change, most=None).seal

    found = at_once(acme, *(lambda: make_if_seen(change, seen) for _ in range(3)))

    assert found == [None, None, None]  # for all of them, they are saved
    assert RateTableRows.objects.filter(starts_on=date(2026, 11, 1)).count() == 1
    assert AuditRow.objects.filter(action="plans.table.set").count() == 2
