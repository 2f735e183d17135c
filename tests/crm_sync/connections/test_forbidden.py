"""A list of a source that may not be read for a while takes nothing away from us."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from crm_sync.connections import services
from crm_sync.connections.models import Connection, SourceUser
from crm_sync.ledger.models import Entry, Payee
from tenants.accounts.models import Business
from tenants.jobs.services import run_now
from tests.crm_sync.rest.stand_in import Reply, Request, StandIn, running

DEAL = {
    "id": "1",
    "name": "First",
    "amount": 10,
    "ccy": "USD",
    "stage_id": "s1",
    "won": "2026-11-05",
    "owner": "u1",
}
LISTS: dict[str, Any] = {
    "/deals": [DEAL],
    "/users": [{"id": "u1", "email": "nina@acme.example", "name": "Nina"}],
    "/stages": [{"id": "s1", "label": "Signed", "type": "won"}],
}
DOCUMENT = {
    "source": {"name": "Shop", "base_url": "https://shop.example/"},
    "streams": {
        "deals": {
            "path": "/deals",
            "records": "data",
            "join": {"stage": {"stream": "stages", "by": "stage_id"}},
            "map": {
                "name": "name",
                "amount": {"from": "amount", "type": "money_major", "currency": "ccy"},
                "status": "stage.label",
                "status_type": "stage.type",
                "won_on": {"from": "won", "type": "date"},
                "owner": {"from": "owner", "type": "id"},
            },
        },
        "users": {"path": "/users", "records": "data"},
        "stages": {
            "path": "/stages",
            "records": "data",
            "map": {"id": "id", "label": "label", "type": "type"},
        },
    },
}


@pytest.fixture
def forbidden() -> set[str]:
    return set()


@pytest.fixture
def shop(forbidden: set[str]) -> Iterator[StandIn]:
    def answer(request: Request) -> Reply:
        if request.path in forbidden:
            return Reply({"error": "not now"}, 403)
        return Reply({"data": LISTS[request.path]})

    with running(answer) as server, override_settings(ALLOW_PRIVATE_SOURCES=True):
        yield server


@pytest.fixture
def source(shop: StandIn, acme: Business) -> Connection:
    assert acme.group is not None
    made = services.create_connection(
        group=acme.group,
        business=acme,
        kind="rest",
        name="Shop",
        secret="",
        base_url=shop.url,
        options={"document": DOCUMENT, "people": "payees"},
    )
    run_now(services.start_sync(connection=made))
    return made


def test_people_who_cannot_be_listed_have_not_left(
    source: Connection, forbidden: set[str]
) -> None:
    forbidden.add("/users")

    run_now(services.start_sync(connection=source))

    assert SourceUser.objects.get().active
    assert Payee.objects.get(name="Nina").leaves_on is None


def test_deals_keep_their_stage_while_the_stages_cannot_be_listed(
    source: Connection, forbidden: set[str]
) -> None:
    before = Entry.objects.get()
    forbidden.add("/stages")

    job = run_now(services.start_sync(connection=source))

    assert (job.state, before.status) == ("failed", "Signed")
    assert job.problem == "Shop does not allow this to be read (403): not now."
    assert Entry.objects.get().status == "Signed"
    forbidden.clear()
    assert run_now(services.start_sync(connection=source)).state == "done"
