"""A program makes a webhook, gets its address and secret once, and sends to it."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from crm_sync.connections.models import Connection, Delivery, ObjectSchema
from tenants.accounts.models import Business, Role
from tenants.jobs.services import run_all_jobs
from tests.api.caller import Caller, caller
from tests.people import a_group_member, a_member

URL = "/g/northwind/api/v1/connections/"
SCHEMAS = {
    "deal": {
        "name": {"type": "text"},
        "amount": {"type": "money", "required": True},
        "won_on": {"type": "date"},
    }
}
DEAL = {
    "objectname": "deal",
    "id": "A-1",
    "action": "create",
    "data": {"name": "Whitcomb Dental", "amount": 41250.10, "won_on": "2026-11-09"},
}


@pytest.fixture
def program(acme: Business) -> Caller:
    return caller(a_group_member(acme, "Olga", Role.OWNER))


def made(program: Caller, **more: Any) -> tuple[int, Any]:
    data = {
        "kind": "webhook",
        "name": "Zapier",
        "business": "acme",
        "options": {"schemas": SCHEMAS},
        **more,
    }
    return program.post(URL, data)


def send(webhook: dict[str, str], message: object, secret: str = "") -> int:
    answer = Client().post(
        urlsplit(webhook["url"]).path,
        json.dumps(message),
        content_type="application/json",
        headers={
            "X-Client-Id": webhook["client_id"],
            "X-Client-Secret": secret or webhook["secret"],
        },
    )
    return answer.status_code


def test_the_answer_has_all_that_a_sender_needs(program: Caller) -> None:
    status, said = made(program)

    assert status == 201
    assert said["webhook"]["url"].startswith("http")
    assert said["objects"] == ["deal"]
    assert send(said["webhook"], DEAL) == 202
    assert Delivery.objects.get().state == Delivery.State.WAITING


def test_what_has_come_and_is_not_taken_yet_is_counted(program: Caller) -> None:
    _, said = made(program)
    place = f"{URL}{said['id']}/"
    assert said["events"]["waiting"] == 0

    send(said["webhook"], DEAL)
    before = program.get(place)[1]["events"]
    run_all_jobs()
    after = program.get(place)[1]["events"]

    assert (before["state"], before["waiting"]) == ("active", 1)
    assert (after["waiting"], after["last_day"]["done"]) == (0, 1)
    assert after["last_event_at"]


def test_the_secret_is_answered_once_and_never_again(program: Caller) -> None:
    _, said = made(program)
    secret = said["webhook"]["secret"]

    again = program.get(f"{URL}{said['id']}/")[1]
    listed = program.get(URL)[1]

    assert again["webhook"] == {
        "url": said["webhook"]["url"],
        "client_id": said["webhook"]["client_id"],
    }
    assert secret not in json.dumps([again, listed])
    assert secret.encode() not in bytes(Connection.objects.get().secret)


def test_its_schemas_are_agreed_and_drift_is_refused(program: Caller) -> None:
    _, said = made(program)

    status = send(said["webhook"], {**DEAL, "data": {"amount": "a lot"}})

    assert ObjectSchema.objects.get().fields["amount"]["required"] is True
    assert status == 422


def test_another_secret_counts_and_the_one_before_it_for_a_day_more(
    program: Caller,
) -> None:
    _, said = made(program)

    status, fresh = program.post(f"{URL}{said['id']}/secret/")

    assert status == 200
    assert fresh["webhook"]["secret"] != said["webhook"]["secret"]
    assert send(fresh["webhook"], DEAL) == 202
    assert send(said["webhook"], {**DEAL, "id": "A-2"}) == 202


def test_a_connection_that_is_asked_has_no_secret_of_ours(program: Caller) -> None:
    _, said = program.post(
        URL, {"kind": "close", "business": "acme", "credentials": "api_x"}
    )

    status, problem = program.post(f"{URL}{said['id']}/secret/")

    assert said["webhook"] is None
    assert (status, problem["hint"][:4]) == (409, "Only")


def test_a_declared_source_that_sends_has_an_address_and_a_secret_of_ours(
    program: Caller,
) -> None:
    _, said = program.post(
        URL,
        {
            "kind": "rest",
            "business": "acme",
            "base_url": "https://shop.example/",
            "options": {"document": SENDING},
        },
    )

    status, fresh = program.post(f"{URL}{said['id']}/secret/")

    webhook = fresh["webhook"]
    assert status == 200
    assert send_signed(webhook, webhook["secret"]) == 202
    assert send_signed(webhook, "another") == 401
    _, later = program.get(f"{URL}{said['id']}/")
    assert later["webhook"] == {k: webhook[k] for k in ("url", "client_id")}


SENDING = {
    "source": {"name": "Shop", "base_url": "https://shop.example/"},
    "streams": {"deals": {"path": "/deals", "records": "data"}},
    "webhook": {
        "verify": {"kind": "hmac", "header": "X-Signature"},
        "object_id": "id",
    },
}


def send_signed(webhook: dict[str, str], secret: str) -> int:
    body = b'{"id": "A-1"}'
    signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    answer = Client().post(
        urlsplit(webhook["url"]).path,
        body,
        content_type="application/json",
        headers={"X-Signature": signed},
    )
    return answer.status_code


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("credentials", {"secret": "mine"}),
        ("base_url", "https://a.example/"),
        ("objects", ["deal"]),
    ],
)
def test_what_only_a_source_that_is_asked_has_is_refused(
    program: Caller, name: str, value: object
) -> None:
    status, said = made(program, **{name: value})

    assert (status, said["field"]) == (400, name)
    assert not Connection.objects.exists()


def test_nothing_is_made_where_a_schema_is_not_right(program: Caller) -> None:
    status, _ = made(program, options={"schemas": {"Deal!": {"a": {"type": "text"}}}})

    assert status == 400
    assert not Connection.objects.exists()


def test_only_owners_make_one_and_a_stranger_finds_no_group(
    acme: Business, program: Caller
) -> None:
    _, said = made(program)
    admin = caller(a_member(acme, "Priya", Role.ADMIN))

    assert made(admin)[0] == 404  # whoever is only in a business knows no group
    assert admin.post(f"{URL}{said['id']}/secret/")[0] == 404
