"""The Close of these tests, in which deals pay and a field waits for what they pay."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from commissions_saas.lib import clock
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.services import without_sending
from tests.crm_sync.connections.scene import START, Scene, at
from tests.crm_sync.providers.close_source import close_source
from tests.crm_sync.writeback.stage import Stage
from tests.people import a_member


@pytest.fixture(autouse=True)
def at_start() -> Iterator[None]:
    at["now"] = START - timedelta(minutes=1)
    with clock.at(START), without_sending():
        yield


@pytest.fixture
def priya(acme: Business) -> Member:
    """An admin of Acme, who also does its finance."""
    return a_member(acme, "Priya Nair", Role.ADMIN, Role.FINANCE)


@pytest.fixture
def stage(acme: Business, priya: Member, tmp_path: Path) -> Iterator[Stage]:
    with close_source(tmp_path / "close.db") as source:
        scene = Scene(source, acme, shared=False)
        yield Stage(scene, priya)
