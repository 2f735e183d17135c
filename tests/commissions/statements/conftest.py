"""Maya's November: real ledger rows, a published plan, and the clock of the story."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from commissions.plans.models import Plan
from commissions_saas.lib import clock
from crm_sync.connections.models import Connection
from crm_sync.ledger.models import Payee
from tenants.accounts.models import Business
from tests.commissions.statements import world

NOON = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def yesterday(acme: Business) -> Iterator[None]:
    """Most tests begin on the eve of the story's day."""
    a_source(acme)
    with clock.at(NOON):
        yield


def a_source(acme: Business) -> None:
    """Make the connection that entries come by, where what is kept has none."""
    values = {"group_id": acme.group_id, "business_id": acme.pk}
    Connection.objects.get_or_create(
        pk=1, defaults={**values, "kind": "close", "name": "Close"}
    )


@pytest.fixture
def maya(acme: Business) -> Payee:
    """The advisor whose statement the story is about."""
    return world.a_payee("Maya Okafor", "user_maya")


@pytest.fixture
def theo(acme: Business) -> Payee:
    """Who shares a deal with Maya."""
    return world.a_payee("Theo Brandt", "user_theo")


@pytest.fixture
def advisor_plan(maya: Payee, theo: Payee) -> Plan:
    return on_the_plan(maya, theo)


def on_the_plan(maya: Payee, theo: Payee) -> Plan:
    """Comfort Advisor 2026 in force since July, with Maya and Theo on it."""
    plan = world.a_plan("comfort_advisor", starts_on=date(2026, 7, 1))
    for payee in (maya, theo):
        world.assign(payee, plan, date(2026, 7, 1), quota="90000")
    return plan
