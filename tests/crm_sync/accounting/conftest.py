"""Maya sells, Theo shares, and the books say what is invoiced and paid."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee
from tenants.accounts.models import Business
from tests.crm_sync.accounting import books

NOW = datetime(2026, 11, 24, 16, 42, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon(acme: Business) -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def maya(acme: Business) -> Payee:
    return books.a_payee("Maya Okafor", "user_maya")


@pytest.fixture
def theo(acme: Business) -> Payee:
    return books.a_payee("Theo Brandt", "user_theo")
