"""Maya and Theo on Comfort Advisor on the story's day, and two admins who write plans."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from django.test import Client

from commissions.plans.models import Plan, PlanVersion
from commissions.plans.services import create_plan
from commissions.plans.yaml_form import plan_from_yaml
from commissions_saas.lib import clock
from crm_sync.connections.models import Connection
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.services import run_all_jobs, without_sending
from tests.commissions.plans.drafts import FLAT
from tests.commissions.statements import world
from tests.databases import another_business
from tests.people import a_group_member, a_member

NOON = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


@pytest.fixture
def on_the_day(acme: Business) -> Iterator[None]:
    Connection.objects.create(
        pk=1, group_id=acme.group_id, business_id=acme.pk, kind="close", name="Close"
    )
    with clock.at(NOON), without_sending():
        yield


@pytest.fixture
def ada(businesses: dict[str, Business]) -> Member:
    return a_member(businesses["acme"], "Ada", Role.ADMIN)


@pytest.fixture
def ben(businesses: dict[str, Business]) -> Member:
    return a_member(businesses["acme"], "Ben", Role.ADMIN)


@pytest.fixture
def nina(acme: Business) -> Member:
    """An owner of Acme's group."""
    return a_group_member(acme, "Nina", Role.OWNER)


@pytest.fixture
def beta(acme: Business) -> Business:
    """A second business of Acme's group."""
    return another_business(acme, slug="beta", name="Beta")


@pytest.fixture
def flat(site: str, acme: Business, ada: Member) -> PlanVersion:
    """A draft that Ada may edit in her browser."""
    return create_plan(document=plan_from_yaml(FLAT), by=ada)


@pytest.fixture
def maya(on_the_day: None) -> Payee:
    return world.a_payee("Maya Okafor", "user_maya")


@pytest.fixture
def plan(maya: Payee) -> Plan:
    """Maya and Theo on the plan; Maya sold five maintenance plans in November."""
    theo = world.a_payee("Theo Brandt", "user_theo")
    plan = world.a_plan("comfort_advisor", starts_on=date(2026, 7, 1))
    for payee in (maya, theo):
        world.assign(payee, plan, date(2026, 7, 1), quota="90000")
    world.sync(*world.novembers_deals(), world.kesslers_plan_is_won())
    run_all_jobs()
    return plan


@pytest.fixture
def page(client: Client, ben: Member) -> Client:
    client.force_login(ben.user)
    return client
