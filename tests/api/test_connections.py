"""A program connects a source that it brings itself, and finds its records in the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from crm_sync.connections.models import Connection
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.models import Job
from tenants.jobs.services import run_all_jobs
from tenants.schema import in_business
from tests.api.caller import Caller, caller
from tests.crm_sync.providers.close_source import Source, close_source
from tests.crm_sync.rest.stand_in import Reply, Request, StandIn, running
from tests.people import a_group_member

URL = "/g/northwind/api/v1/connections/"
ENTRIES = "/b/acme/api/v1/entries/"
SECRET = "canary-of-a-secret-0042"


@pytest.fixture
def owner(acme: Business) -> Member:
    return a_group_member(acme, "Olga", Role.OWNER)


@pytest.fixture
def program(owner: Member) -> Caller:
    return caller(owner)


@pytest.fixture
def open_inside() -> Iterator[None]:
    with override_settings(ALLOW_PRIVATE_SOURCES=True):
        yield


DEALS: list[dict[str, Any]] = [
    {
        "id": number,
        "title": f"Deal {number}",
        "value": 1000.1 * number,
        "currency": "USD",
        "stage": "Won" if number % 2 else "Open",
        "closed_at": "2026-11-04T23:30:00Z" if number % 2 else None,
        "owner": {"id": 7, "email": "maya@acme.example", "name": "Maya"},
        "custom": {"Dealer fee": 12.5, "vip": True},
        "updated_at": f"2026-11-05T10:00:{number:02d}Z",
    }
    for number in range(1, 6)
]


@pytest.fixture
def shop() -> Iterator[StandIn]:
    def answer(request: Request) -> Reply:
        if request.headers.get("x-api-key") != SECRET:
            return Reply({"error": f"bad key {request.headers.get('x-api-key')}"}, 401)
        found = [row for row in DEALS if f"/deals/{row['id']}" == request.path]
        if request.path != "/deals":
            return Reply(found[0]) if found else Reply({}, 404)
        page = int(request.query["page"])
        return Reply({"deals": DEALS[(page - 1) * 2 : page * 2], "count": len(DEALS)})

    with running(answer) as server:
        yield server


DOCUMENT = {
    "source": {
        "name": "The shop",
        "auth": {"kind": "api_key", "header": "X-Api-Key", "key": "api_key"},
    },
    "streams": {
        "deals": {
            "path": "/deals",
            "records": "deals",
            "page": {"kind": "page", "total_path": "count", "size": 2},
            "one": {"path": "/deals/{id}"},
            "cursor": {"field": "updated_at"},
        }
    },
}


def a_shop(program: Caller, shop: StandIn, **more: Any) -> dict[str, Any]:
    status, made = program.post(
        URL,
        {
            "kind": "rest",
            "name": "The shop",
            "base_url": shop.url,
            "credentials": {"api_key": SECRET},
            "options": {"document": DOCUMENT},
            **more,
        },
    )
    assert status == 201, made
    return made  # type: ignore[no-any-return]


def sync(program: Caller, id: int) -> dict[str, Any]:
    status, job = program.post(f"{URL}{id}/sync/")
    assert status == 202
    run_all_jobs()
    status, job = program.get(job["url"])
    assert status == 200
    return job  # type: ignore[no-any-return]


def entries(program: Caller, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        more = {"cursor": cursor} if cursor else {}
        status, page = program.get(ENTRIES, limit="2", **query, **more)
        assert status == 200
        found += page["entries"]
        cursor = page["next"]
        if not cursor:
            return found


@pytest.mark.usefixtures("open_inside")
def test_a_source_that_a_program_declares_is_in_the_ledger_without_a_page(
    program: Caller, shop: StandIn
) -> None:
    made = a_shop(program, shop)
    status, tested = program.post(f"{URL}{made['id']}/test/")
    assert (status, tested["ok"], tested["deals"]) == (200, True, 5)

    job = sync(program, made["id"])

    assert (job["state"], job["ended"], job["problem"]) == ("done", True, "")
    found = sorted(entries(program, object="deal"), key=lambda r: r["external_id"])
    assert [row["external_id"] for row in found] == ["1", "2", "3", "4", "5"]
    first, second = found[0], found[1]
    assert first["values"] == {
        "name": "Deal 1",
        "amount": "1000.1",
        "currency": "USD",
        "status": "Won",
        "status_type": "won",
        "won_on": "2026-11-04",
        "owner": "Maya",
        "id": "1",
        "owner_email": "maya@acme.example",
        "owner_name": "Maya",
        "dealer_fee": "12.5",
        "vip": "yes",
        "updated_at": "2026-11-05",
    }
    assert (first["amount"], first["currency"]) == ("1000.10", "USD")
    assert (first["counts"], first["occurred_on"]) == (True, "2026-11-04")
    assert [(c["role"], c["share"]) for c in first["credits"]] == [("owner", "1")]
    assert first["credits"][0]["email"] == "maya@acme.example"
    assert (second["counts"], second["occurred_on"], second["deleted"]) == (
        False,
        None,
        False,
    )
    status, shown = program.get(made["url"])
    assert shown["counts"]["acme"]["objects"]["deal"] == {
        "entries": 5,
        "counting": 3,
        "deleted": 0,
    }
    assert shown["last_sync"]["state"] == "done"
    assert shown["state"] == "active"


@pytest.mark.usefixtures("open_inside")
def test_close_is_connected_and_synced_by_a_program(
    program: Caller, tmp_path: Path
) -> None:
    with close_source(tmp_path / "close.db") as close:
        ids = a_close_with_deals(close)
        status, made = program.post(
            URL,
            {
                "kind": "close",
                "name": "Close",
                "base_url": close.server.url,
                "credentials": {"api_key": close.key},
                "objects": ["deal"],
            },
        )
        assert status == 201, made
        assert program.post(f"{URL}{made['id']}/test/")[1]["ok"] is True

        job = sync(program, made["id"])

    assert job["state"] == "done", job
    found = {row["external_id"]: row for row in entries(program, object="deal")}
    assert sorted(found) == sorted(ids)
    assert {row["amount"] for row in found.values()} == {"18400.00"}
    credits = found[ids[0]]["credits"]
    assert credits[0]["source_users"] == [close.admin]
    assert credits[0]["payee"] == "Maya Okafor"


def a_close_with_deals(close: Source) -> list[str]:
    with close.account.store.transaction():
        return [close.deal() for _ in range(3)]


def test_an_address_inside_is_refused_unless_the_operator_allows_it(
    program: Caller, shop: StandIn
) -> None:
    for address in (
        shop.url,
        "https://127.0.0.1/",
        "https://169.254.169.254/",
        "https://[::7f00:1]/",
        "https://2130706433/",
        "http://example.com/",
    ):
        for kind in ("rest", "hubspot", "close"):
            options = {"document": DOCUMENT} if kind == "rest" else {}
            status, said = program.post(
                URL,
                {
                    "kind": kind,
                    "name": "Inside",
                    "base_url": address,
                    "credentials": "x" * 20,
                    "options": options,
                },
            )
            assert status == 400, (address, kind)
            assert said["detail"]

    assert not Connection.objects.exists()
    assert shop.requests == []


@pytest.mark.parametrize(
    ("sent", "field", "says"),
    [
        ({"kind": "fax"}, "kind", "There is no source of the kind “fax”."),
        ({"kind": "files"}, "kind", "There is no source of the kind"),
        ({"kind": "close", "secret": "x"}, "secret", "“secret” is not known here."),
        ({"kind": "close", "options": []}, "options", "options is an object."),
        (
            {"kind": "close", "options": {"allow_loopback": True}},
            "options",
            "allow_loopback is no option of a program.",
        ),
        ({"kind": "close", "business": "globex"}, "business", "has no business"),
        ({"kind": "close", "credentials": 7}, "credentials", "credentials is a key"),
        ({"kind": "close", "objects": "deal"}, "objects", "objects is a list"),
        ({"kind": "rest"}, "", "This connection declares no source."),
        (
            {"kind": "rest", "options": {"document": {"streams": {}}}},
            "",
            "The document is not right. streams: Declare at least one, such as deals.",
        ),
    ],
)
def test_what_cannot_be_connected_is_refused_in_a_sentence(
    program: Caller, sent: dict[str, Any], field: str, says: str
) -> None:
    status, said = program.post(URL, sent)

    assert status == 400
    assert says in said["detail"] and (said["hint"] or said["problems"])
    assert said.get("field", "") == field
    assert not Connection.objects.exists()


@pytest.mark.usefixtures("open_inside")
def test_a_wrong_key_is_said_and_shown_nowhere(
    program: Caller, shop: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = "canary-of-a-wrong-secret"
    made = a_shop(program, shop, credentials={"api_key": wrong})

    status, tested = program.post(f"{URL}{made['id']}/test/")
    job = sync(program, made["id"])
    shown = program.get(made["url"])[1]

    assert (status, tested["ok"]) == (200, False)
    assert tested["problem"] == "The shop refused the credentials (401): bad key •••."
    assert job["state"] == "failed"
    assert shown["state"] == "refused"
    assert shown["errors"][0]["problem"] == tested["problem"]
    everything = json.dumps([made, tested, job, shown]) + caplog.text
    assert wrong not in everything
    stored = Connection.objects.values().get(pk=made["id"])
    assert wrong not in str({k: v for k, v in stored.items() if k != "secret"})
    assert wrong.encode() not in bytes(stored["secret"])

    status, _ = program.patch(made["url"], {"credentials": {"api_key": SECRET}})
    assert status == 200
    assert sync(program, made["id"])["state"] == "done"
    assert len(entries(program)) == 5


@pytest.mark.usefixtures("open_inside")
def test_a_mapping_is_changed_and_stored_records_are_read_through_it(
    program: Caller, shop: StandIn
) -> None:
    made = a_shop(program, shop)
    sync(program, made["id"])
    fields = program.get(f"{made['url']}mapping/")[1]["mappings"][0]["fields"]
    asked = len(shop.requests)

    fields["amount"] = {"source": "custom.Dealer fee", "type": "money"}
    status, saved = program.put(
        f"{made['url']}mapping/", {"object": "deal", "fields": fields}
    )
    run_all_jobs()

    assert (status, saved["version"]) == (200, 1)
    assert {row["amount"] for row in entries(program)} == {"12.50"}
    assert len(shop.requests) == asked
    paths = {row["path"] for row in program.get(f"{made['url']}fields/")[1]["fields"]}
    assert {"owner.email", "custom.vip", "value"} <= paths


@pytest.mark.usefixtures("open_inside")
def test_pages_of_entries_stay_as_they_are_while_others_come_in(
    program: Caller, shop: StandIn
) -> None:
    made = a_shop(program, shop)
    sync(program, made["id"])
    _, first = program.get(ENTRIES, limit="2")

    DEALS.append({**DEALS[0], "id": 77, "updated_at": "2026-11-05T11:00:00Z"})
    try:
        sync(program, made["id"])
    finally:
        DEALS.pop()
    _, second = program.get(ENTRIES, limit="2", cursor=first["next"])

    seen = [row["external_id"] for row in first["entries"] + second["entries"]]
    assert sorted([*seen, *{"1", "2", "3", "4", "5"}.difference(seen)]) == list("12345")


def test_filters_of_entries_are_checked(program: Caller, acme: Business) -> None:
    for query, says in (
        ({"limit": "201"}, "limit is a whole number from 1 to 200."),
        ({"limit": "-1"}, "limit is a whole number"),
        ({"counts": "maybe"}, "counts is yes or no."),
        ({"order_by": "secret"}, "“order_by” is no filter."),
    ):
        status, said = program.get(ENTRIES, **query)
        assert (status, says in said["detail"]) == (400, True)


@pytest.mark.usefixtures("open_inside")
def test_a_rep_finds_only_the_deals_that_credit_them(
    program: Caller, shop: StandIn, bob: Member, alice: Member
) -> None:
    sync(program, a_shop(program, shop)["id"])

    assert caller(bob).get(ENTRIES)[1]["entries"] == []
    assert len(caller(alice).get(ENTRIES)[1]["entries"]) == 5
    assert caller(alice).get(URL)[0] == 404


@pytest.mark.usefixtures("open_inside")
def test_jobs_of_another_group_are_not_there(
    program: Caller, shop: StandIn, globex: Business
) -> None:
    job = program.post(f"{URL}{a_shop(program, shop)['id']}/sync/")[1]
    stranger = caller(a_group_member(globex, "Otto", Role.OWNER))

    status, said = stranger.get(f"/g/contoso/api/v1/jobs/{job['id']}/")

    assert (status, said["detail"]) == (404, "There is nothing here.")
    assert Job.objects.filter(pk=job["id"]).exists()


@pytest.mark.usefixtures("open_inside")
def test_a_refused_record_is_listed_with_its_reason(
    program: Caller, shop: StandIn, acme: Business
) -> None:
    DEALS.append({**DEALS[0], "id": 78, "value": "a lot"})
    try:
        made = a_shop(program, shop)
        sync(program, made["id"])
    finally:
        DEALS.pop()

    _, said = program.get(f"{made['url']}refused/")
    assert [(row["external_id"], row["reason"]) for row in said["refused"]] == [
        ("78", "Amount “a lot” is not a number like 1234.50.")
    ]
    with in_business(acme):
        assert len(entries(program)) == 5
