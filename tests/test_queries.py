"""The pages of money cost the same however many rows are behind them."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commissions.plans.models import Plan
from commissions.statements.models import PayPeriod
from commissions_saas.lib import clock
from crm_sync.connections.models import Connection
from payouts.runs.services import prepare
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.schema import in_public
from tests.commissions.statements import world
from tests.people import a_group_member

MOST_QUERIES = 12
MOST_BYTES = 50 * 1024
NOVEMBER_2 = datetime(2026, 11, 2, 16, 0, tzinfo=UTC)
FEW, MANY = 3, 40
MORE_THAN_A_PAGE = 17


@pytest.fixture
def plan(acme: Business) -> Plan:
    """Comfort Advisor, in force at Acme."""
    Connection.objects.create(
        pk=1, group_id=acme.group_id, business_id=acme.pk, kind="close", name="Close"
    )
    return world.a_plan("comfort_advisor", starts_on=date(2026, 7, 1))


def sellers(plan: Plan, count: int, month: int) -> None:
    """Let some payees sell three systems each in a month."""
    deals = []
    for number in range(count):
        user = f"user_{month}_{number}"
        payee = world.a_payee(f"Seller {month:02} {number:02}", user)
        world.assign(payee, plan, date(2026, 7, 1), quota="90000")
        deals += [
            world.a_deal(
                f"deal_{month}_{number}_{day}",
                date(2026, month, day),
                "9000",
                world.SYSTEM,
                owner=user,
            )
            for day in (3, 9, 17)
        ]
    world.sync(*deals)
    world.catch_up()


def queries(client: Client, path: str) -> int:
    """Open a page and return how many queries it made; a schema's name is not one."""
    with in_public():
        client.get(path)  # what is learnt once for the process is not the page's
        with CaptureQueriesContext(connection) as made:
            answer = client.get(path)
    assert answer.status_code == 200
    assert len(answer.content) <= MOST_BYTES
    asked = [each["sql"] for each in made.captured_queries]
    return len([sql for sql in asked if not sql.startswith("SET search_path")])


def test_the_list_of_deals_costs_the_same_for_many_deals(
    client: Client, plan: Plan, alice: Member
) -> None:
    client.force_login(alice.user)
    with clock.at(NOVEMBER_2):
        sellers(plan, MORE_THAN_A_PAGE, 9)
        few = queries(client, "/b/acme/deals/")
        sellers(plan, MANY, 10)
        many = queries(client, "/b/acme/deals/")

    assert few == many <= MOST_QUERIES


def test_a_run_costs_the_same_for_many_payees(
    client: Client, plan: Plan, alice: Member
) -> None:
    client.force_login(alice.user)
    with clock.at(NOVEMBER_2):
        sellers(plan, FEW, 8)
        sellers(plan, FEW, 9)
        sellers(plan, MANY, 10)
        for slug in ("2026-08", "2026-09", "2026-10"):
            period = PayPeriod.objects.get(slug=slug)
            prepare.prepare_run(period=period, by=alice)
        few = queries(client, "/b/acme/runs/2/")
        many = queries(client, "/b/acme/runs/3/")

    assert few == many <= MOST_QUERIES


def test_the_matrix_costs_the_same_for_many_businesses_and_payees(
    client: Client, plan: Plan, acme: Business
) -> None:
    client.force_login(a_group_member(acme, "Olga Owner", Role.OWNER).user)
    with clock.at(NOVEMBER_2):
        sellers(plan, FEW, 9)
        few = queries(client, "/g/northwind/")
        sellers(plan, MANY, 10)
        with in_public():
            for number in range(5):
                Business.objects.create(
                    group_id=acme.group_id,
                    schema_name=f"b{900 + number}",
                    slug=f"acme-{number}",
                    name=f"Acme {number}",
                    currency="USD",
                )
        many = queries(client, "/g/northwind/")

    assert few == many <= MOST_QUERIES
