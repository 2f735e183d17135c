"""The Close of these tests, for one business or for two, at one moment."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from commissions_saas.lib import clock
from crm_sync.connections import routing, schemas
from crm_sync.connections.inbound import create_inbound
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.services import without_sending
from tests.crm_sync.clients import logged_in
from tests.crm_sync.connections.office import Office
from tests.crm_sync.connections.scene import START, Scene, at
from tests.crm_sync.connections.senders import SAMPLE, Sender
from tests.crm_sync.providers.close_source import close_source
from tests.people import a_member


@pytest.fixture
def at_start() -> Iterator[None]:
    at["now"] = START - timedelta(minutes=1)
    with clock.at(START):
        yield


@pytest.fixture
def scene(acme: Business, tmp_path: Path) -> Iterator[Scene]:
    with close_source(tmp_path / "close.db") as source:
        made = Scene(source, acme, shared=False)
        made.payees()
        yield made


@pytest.fixture
def office(acme: Business, tmp_path: Path) -> Iterator[Office]:
    with close_source(tmp_path / "close.db") as source:
        yield Office(source, acme)


@pytest.fixture
def shared(acme: Business, twin: Business, tmp_path: Path) -> Iterator[Scene]:
    with close_source(tmp_path / "close.db") as source:
        made = Scene(source, acme, shared=True)
        made.payees(acme)
        made.payees(twin)
        routing.save_routes(
            connection=made.connection,
            path=f"custom.{made.field}",
            routes={"Acme": acme.pk, "Twin": twin.pk},
        )
        yield made


@pytest.fixture
def admin(acme: Business) -> Client:
    return logged_in(a_member(acme, "Priya Nair", Role.ADMIN))


@pytest.fixture
def finance(alice: Member) -> Client:
    return logged_in(alice)


@pytest.fixture
def sender(acme: Business) -> Iterator[Sender]:
    assert acme.group is not None
    with without_sending():
        made, shown = create_inbound(
            group=acme.group, business=acme, name="Webhook", by=None
        )
        sample = json.loads(json.dumps(SAMPLE), parse_float=str, parse_int=str)
        schemas.save_schema(
            connection=made,
            object_="deal",
            fields=schemas.fields_of_sample(sample),
            sample=sample,
            by=None,
        )
        made.refresh_from_db()
        yield Sender(made, shown)
