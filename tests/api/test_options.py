"""A program's options are known and of the right shape, or nothing is connected."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sync.connections.models import Connection
from tenants.accounts.models import Business, Role
from tests.api.caller import Caller, caller
from tests.people import a_group_member

URL = "/g/northwind/api/v1/connections/"
DOCUMENT = {
    "source": {"auth": {"kind": "bearer"}},
    "streams": {"deals": {"path": "/deals", "records": "data"}},
}


@pytest.fixture
def program(acme: Business) -> Caller:
    return caller(a_group_member(acme, "Olga", Role.OWNER))


def connect(program: Caller, kind: str, options: dict[str, Any]) -> tuple[int, Any]:
    data: dict[str, Any] = {"kind": kind, "business": "acme", "options": options}
    if kind == "rest":
        data["base_url"] = "https://api.example.com/"
        data["credentials"] = {"token": "sekret-123456"}
        data["options"] = {"document": DOCUMENT, **options}
    if kind == "close":
        data["credentials"] = "api_xxxxxx"
    return program.post(URL, data)


@pytest.mark.parametrize("kind", ["rest", "close", "hubspot", "webhook"])
def test_how_long_is_waited_is_not_a_programs_to_say(
    program: Caller, kind: str
) -> None:
    for options in (
        {"timeout": "abc"},
        {"timeout": [1]},
        {"timeout": 10**9, "tries": 10**9},
        {"tries": None},
        {"hurry": "x"},
        {"longest_wait": "zz"},
        {"retry_seconds": "0"},
        {"page_size": 10**9},
        {"allow_private": True},
        {"activity_types": 4},
    ):
        status, said = connect(program, kind, options)

        assert (status, said["field"]) == (400, "options"), options
        assert said["detail"] == f"{next(iter(options))} is no option of a program."
        assert said["hint"].startswith("The options are: ")
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    ("kind", "name", "values"),
    [
        ("rest", "document", [7, None, ["a"]]),
        ("rest", "preset", [7, "fax"]),
        ("rest", "people", [3, "all", ["payees"]]),
        ("close", "types", [3, "x", ["a"], {"a": 3}, {"a": ""}, {"": "a"}, {"x": "y"}]),
        ("close", "app_url", [3, "javascript:alert(1)", "https://[::1", ""]),
        ("close", "meetings_from", [3, "soon"]),
        ("close", "members", [3, "owner"]),
        ("close", "webhooks", [0, "no"]),
        ("webhook", "schemas", [3, [], {"deal": 3}, {"deal": {}}, {"A b": {}}]),
        ("webhook", "schemas", [{"deal": {"amount": 3}}, {"deal": {"amount": {}}}]),
        ("webhook", "schemas", [{"deal": {"amount": {"type": ["money"]}}}]),
        ("webhook", "schemas", [{"deal": {"a": {"type": "text", "required": 1}}}]),
    ],
)
def test_an_option_of_another_shape_is_refused_with_the_right_one(
    program: Caller, kind: str, name: str, values: list[Any]
) -> None:
    for value in values:
        status, said = connect(program, kind, {name: value})

        assert (status, said["detail"]) == (400, f"The option {name} is not right.")
        assert said["hint"].startswith("It ")
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("rest", {"people": "matched", "webhooks": False}),
        (
            "close",
            {
                "types": {"actitype_1": "visit"},
                "app_url": "https://app.close.com",
                "meetings_from": "2020-01-01T00:00:00Z",
            },
        ),
        (
            "webhook",
            {"schemas": {"deal": {"amount": {"type": "number", "required": True}}}},
        ),
    ],
)
def test_options_that_fit_are_kept(
    program: Caller, kind: str, options: dict[str, Any]
) -> None:
    status, made = connect(program, kind, options)

    assert status == 201, made
    kept = Connection.objects.get().options
    assert {name: kept[name] for name in options} == options


def test_all_that_is_wrong_in_a_document_is_told_at_once(program: Caller) -> None:
    streams = {"deals": {"pth": "/d", "page": {"kind": "cursor"}}}

    status, said = connect(program, "rest", {"document": {"streams": streams}})

    assert status == 400
    assert [one.partition(": ")[0] for one in said["problems"]] == [
        "streams.deals.page.token_path",
        "streams.deals.path",
        "streams.deals.pth",
    ]
