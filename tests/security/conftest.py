"""What the attackers of these tests find: October at Acme, ready to be paid."""

import logging
from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from commissions_saas.lib import clock
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tests.payouts.conftest import (  # noqa: F401 — fixtures
    NOVEMBER_2,
    alice,
    bob,
    helen,
    kept_october,
    kept_run,
    maya,
    october,
    run,
    theo,
)
from tests.people import a_group_member, a_member


@pytest.fixture
def log_in() -> Callable[[Member], Client]:
    """A browser in which somebody is logged in; a fault of ours answers 500."""

    def log_in(member: Member) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(member.user)
        return client

    return log_in


@pytest.fixture
def early_november(acme: Business) -> Iterator[None]:
    """The business's clock stands where October is ready to be paid."""
    with clock.at(NOVEMBER_2):
        yield


@pytest.fixture
def without_logs() -> Iterator[None]:
    """Long traces of faults would take longer than the tests."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def boss(acme: Business, log_in: Callable[[Member], Client]) -> Client:
    """Somebody who may do everything in the business and the group."""
    owner = a_group_member(acme, "Olga", Role.OWNER)
    a_member(acme, "Olga", Role.FINANCE, Role.ADMIN, Role.REP, user=owner.user)
    return log_in(owner)
