"""What the attackers of these tests find: October at Acme, ready to be paid."""

from collections.abc import Callable

import pytest
from django.test import Client

from tenants.access import Member
from tests.payouts.conftest import (  # noqa: F401 — fixtures
    helen,
    maya,
    october,
    run,
    theo,
)


@pytest.fixture
def log_in() -> Callable[[Member], Client]:
    """A browser in which somebody is logged in; a fault of ours answers 500."""

    def log_in(member: Member) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(member.user)
        return client

    return log_in
