"""Rows that cannot even become a record are kept, each for itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from crm_sync.connections import services
from crm_sync.connections.models import Connection
from crm_sync.ledger.models import Entry, RefusedRecord
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.jobs.models import Job
from tenants.jobs.services import run_now
from tests.api.caller import caller
from tests.crm_sync.rest.stand_in import Reply, Request, StandIn, running

DOCUMENT = {
    "source": {"name": "Shop", "base_url": "https://shop.example/"},
    "streams": {
        "deals": {
            "path": "/deals",
            "records": "data",
            "page": {"kind": "page", "size_param": "limit", "size": 2},
            "map": {
                "name": "name",
                "amount": {"from": "amount", "type": "money_major", "currency": "ccy"},
                "status_type": {"from": "state", "type": "text"},
                "won_on": {"from": "won", "type": "date"},
                "owner": {"from": "owner", "type": "id"},
            },
        }
    },
}


@pytest.fixture
def rows() -> list[Any]:
    return []


@pytest.fixture
def shop(rows: list[Any]) -> Iterator[StandIn]:
    def answer(request: Request) -> Reply:
        at = 2 * (int(request.query["page"]) - 1)
        return Reply({"data": rows[at : at + 2]})

    with running(answer) as server, override_settings(ALLOW_PRIVATE_SOURCES=True):
        yield server


@pytest.fixture
def source(shop: StandIn, acme: Business) -> Connection:
    assert acme.group is not None
    return services.create_connection(
        group=acme.group,
        business=acme,
        kind="rest",
        name="Shop",
        secret="",
        base_url=shop.url,
        options={"document": DOCUMENT, "people": "payees"},
    )


def sync(source: Connection) -> Job:
    return run_now(services.start_sync(connection=source))


def deal(id: Any, **more: Any) -> dict[str, Any]:
    given = {"amount": 10, "ccy": "USD", "state": "won", "won": "2026-11-05"}
    return {"id": id, "name": f"Deal {id}", "owner": "maya", **given, **more}


def test_each_row_without_an_id_waits_for_itself(
    source: Connection, rows: list[Any]
) -> None:
    rows += [deal("", name=f"No id {number}") for number in range(5)]
    rows += [deal("x" * 201), deal("good")]

    sync(source)

    waiting = RefusedRecord.objects.order_by("id")
    assert [row.reason for row in waiting].count("The record has no id.") == 5
    assert {row.payload["name"] for row in waiting} == {
        row["name"] for row in rows if row["id"] != "good"
    }
    assert [row.external_id for row in Entry.objects.all()] == ["good"]

    sync(source)

    assert RefusedRecord.objects.count() == 6


@pytest.mark.parametrize("owner", ["o" * 201, "o" * 5000])
def test_an_owner_whose_id_nobody_can_have_holds_up_one_deal(
    owner: str, source: Connection, rows: list[Any]
) -> None:
    rows += [deal(1, owner=owner), deal(2, owner=owner, state="open"), deal(3)]

    job = sync(source)

    assert (job.state, job.problem) == ("done", "")
    assert RefusedRecord.objects.get().external_id == "1"
    assert Entry.objects.count() == 2


LONG = "123456789012345678901234567890.12"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("1e3", "1000.00"),
        ("1234.5600", "1234.56"),
        ("0.123456789", "0.123456789"),
        ("-99.99", "-99.99"),
        ("99999999999999.9999", "99999999999999.9999"),
        ('"1,234.56"', "1234.56"),
        ('"(1,234.56)"', "-1234.56"),
        ('"5.00-"', "-5.00"),
        ('"\u22125"', "-5.00"),
        ("0", "0.00"),
        ("-0.0", "0.00"),
    ],
)
def test_an_amount_is_for_programs_what_the_source_sent(
    sent: str, kept: str, source: Connection, shop: StandIn, alice: Member
) -> None:
    body = json.dumps({"data": [deal(1, amount="?")]}).replace('"?"', sent)
    shop.answer = lambda request: Reply(
        body.encode() if request.query["page"] == "1" else {"data": []}
    )

    sync(source)

    status, said = caller(alice).get("/b/acme/api/v1/entries/")
    assert status == 200
    assert [row["amount"] for row in said["entries"]] == [kept]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (LONG, f"Amount “{LONG}” is outside the range of amounts."),
        ("1e400", "Amount “1e400” is outside the range of amounts."),
        ("NaN", "Amount “NaN” is not a number like 1234.50."),
        ('"0,500"', "Amount “0,500” is not a number like 1234.50."),
        ('"€5"', "Amount is in €, and the record in USD."),
        ('"5 a"', "Amount “5 a” is not a number like 1234.50."),
    ],
)
def test_an_amount_that_cannot_be_kept_is_refused_and_said(
    sent: str, reason: str, source: Connection, shop: StandIn
) -> None:
    body = json.dumps({"data": [deal(1, amount="?")]}).replace('"?"', sent)
    shop.answer = lambda request: Reply(
        body.encode() if request.query["page"] == "1" else {"data": []}
    )

    sync(source)

    assert RefusedRecord.objects.get().reason == reason
    assert not Entry.objects.exists()
