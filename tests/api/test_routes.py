"""Routes that a program has read can be sent as they are, and are refused in words."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.accounts.models import Business, Role
from tests.api.caller import Caller, caller
from tests.people import a_group_member

URL = "/g/northwind/api/v1/connections/"


@pytest.fixture
def program(acme: Business) -> Caller:
    return caller(a_group_member(acme, "Olga", Role.OWNER))


def made(program: Caller, routes: Any) -> tuple[int, Any]:
    data = {"kind": "close", "credentials": "api_xxxxxx", "routes": routes}
    return program.post(URL, data)


def test_routes_are_sent_as_they_were_read(program: Caller) -> None:
    values = {"Acme": "acme", "Other": "acme"}
    status, first = made(program, {"path": "custom.company", "values": values})
    assert status == 201, first
    shown = first["routes"]
    assert shown[0] == {"path": "custom.company", "value": "Acme", "business": "acme"}

    status, changed = program.patch(first["url"], {"routes": shown[:1]})
    assert (status, changed["routes"]) == (200, shown[:1])
    status, second = made(program, shown)
    assert (status, second["routes"]) == (201, shown)


@pytest.mark.parametrize(
    ("routes", "says"),
    [
        ([7], "routes name a field and its values."),
        ([{"path": "a", "value": "x"}], "Each route names these three."),
        (
            [{"path": "a", "value": "x", "business": None}],
            "This group has no business “None”.",
        ),
        ({"path": "a", "values": {"x": ["acme"]}}, "This group has no business"),
        (
            [
                {"path": "a", "value": "x", "business": "acme"},
                {"path": "b", "value": "y", "business": "acme"},
            ],
            "The routes name several fields.",
        ),
        (
            [{"path": "a", "value": "x", "business": "acme"}] * 2,
            "A value is there twice in routes.",
        ),
    ],
)
def test_routes_that_are_none_are_refused_with_what_to_do(
    program: Caller, routes: Any, says: str
) -> None:
    status, said = made(program, routes)

    assert (status, said["field"]) == (400, "routes")
    assert says in said["detail"] and said["hint"]
