"""A program that had no answer sends its request again: no source is read twice by it."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sync.connections.models import Connection
from tenants.accounts.models import Business, Role
from tests.api.caller import Caller, caller
from tests.people import a_group_member

URL = "/g/northwind/api/v1/connections/"
PIPEDRIVE = {
    "kind": "pipedrive",
    "name": "Sales",
    "credentials": {"api_token": "a-token-of-the-test"},
    "options": {"people": "matched"},
}
ROUTES = {"path": "custom.company", "values": {"Acme": "acme", "Other": "acme"}}


@pytest.fixture
def program(acme: Business) -> Caller:
    return caller(a_group_member(acme, "Olga", Role.OWNER))


@pytest.mark.parametrize("place", [{"business": "acme"}, {"routes": ROUTES}, {}])
def test_the_same_request_again_makes_no_second_connection(
    place: dict[str, Any], program: Caller
) -> None:
    status, first = program.post(URL, {**PIPEDRIVE, **place})
    assert (status, first["warnings"]) == (201, [])

    status, again = program.post(URL, {**PIPEDRIVE, **place})

    assert (status, again["id"]) == (200, first["id"])
    assert Connection.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Other"},
        {"expected_every": 300},
        {"options": {"people": "payees"}},
    ],
)
def test_another_connection_to_the_same_source_is_made_and_warned_of(
    other: dict[str, Any], program: Caller
) -> None:
    program.post(URL, PIPEDRIVE)

    status, made = program.post(URL, {**PIPEDRIVE, **other})

    assert status == 201
    assert made["warnings"] == [
        "Sales reads this source with this key already. What both read counts twice:"
        " disconnect one of them."
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"routes": {**ROUTES, "values": {"Acme": "acme"}}},
        {"routes": ROUTES, "credentials": {"api_token": "another-token"}},
    ],
)
def test_what_differs_is_another_connection(
    other: dict[str, Any], program: Caller
) -> None:
    _, first = program.post(URL, {**PIPEDRIVE, "routes": ROUTES})

    status, made = program.post(URL, {**PIPEDRIVE, **other})

    assert status == 201
    assert made["id"] != first["id"]


def test_what_was_disconnected_is_connected_anew(program: Caller) -> None:
    _, first = program.post(URL, PIPEDRIVE)
    assert program.delete(first["url"])[0] == 204

    assert program.post(URL, PIPEDRIVE)[0] == 201


def test_whose_records_were_read_first_is_no_option(program: Caller) -> None:
    _, made = program.post(URL, PIPEDRIVE)
    row = Connection.objects.get(pk=made["id"])
    row.options = {**row.options, "organisation": {"id": "orga_1", "name": "Acme"}}
    row.save(update_fields=["options"])

    assert "organisation" not in program.get(made["url"])[1]["options"]
