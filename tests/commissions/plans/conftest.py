"""Maya and Theo on Comfort Advisor on the story's day, and two admins who write plans."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.test import Client

from commissions.plans.models import Plan, PlanVersion
from commissions.plans.services import create_plan
from commissions.plans.yaml_form import plan_from_yaml
from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.services import run_all_jobs, without_sending
from tests.commissions.plans.drafts import FLAT
from tests.commissions.statements import world
from tests.commissions.statements.conftest import a_source, on_the_plan
from tests.databases import another_business
from tests.kept import begins_with, begun_with
from tests.people import a_group_member, a_member

NOON = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


@pytest.fixture
def on_the_day(acme: Business) -> Iterator[None]:
    a_source(acme)
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


@dataclass
class November:
    """Somebody on a plan who has sold."""

    maya: Payee
    plan: Plan


def make_november(acme: Business) -> November:
    """Maya and Theo on the plan; Maya sold five maintenance plans in November."""
    a_source(acme)
    with clock.at(NOON), without_sending():
        maya = world.a_payee("Maya Okafor", "user_maya")
        plan = on_the_plan(maya, world.a_payee("Theo Brandt", "user_theo"))
        world.sync(*world.novembers_deals(), world.kesslers_plan_is_won())
        run_all_jobs()
    return November(maya, plan)


kept_november = begins_with("kept_november", make_november)


@pytest.fixture
def maya(request: pytest.FixtureRequest, on_the_day: None) -> Payee:
    made: November | None = begun_with(request, "kept_november")
    return made.maya if made else world.a_payee("Maya Okafor", "user_maya")


@pytest.fixture
def plan(kept_november: November, on_the_day: None) -> Plan:
    """Maya and Theo on the plan; Maya sold five maintenance plans in November."""
    return kept_november.plan


@pytest.fixture
def page(client: Client, ben: Member) -> Client:
    client.force_login(ben.user)
    return client
