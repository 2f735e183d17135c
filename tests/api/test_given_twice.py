"""What two sources give, and what a disconnected one has left, is said to whoever asks."""

# ruff: noqa: F811 - fixtures are arguments

from __future__ import annotations

import pytest

from crm_sync.connections.winning import sources_of
from tenants.accounts.models import Business
from tests.api.caller import Caller
from tests.api.test_connections import (  # noqa: F401 - fixtures
    URL,
    a_shop,
    open_inside,
    owner,
    program,
    shop,
    sync,
)
from tests.crm_sync.rest.stand_in import StandIn

pytestmark = pytest.mark.usefixtures("open_inside")


def warned(program: Caller, id: int) -> list[str]:
    found = program.get(f"{URL}{id}/")[1]["warnings"]
    return [one for one in found if "both count" in one]


def test_deals_that_two_sources_give_are_among_the_warnings_of_both(
    program: Caller,
    shop: StandIn,
) -> None:
    first, second = a_shop(program, shop), a_shop(program, shop, name="Second")
    for made in (first, second):
        sync(program, made["id"])

    said = warned(program, second["id"])

    assert said == warned(program, first["id"])
    assert said == [
        "The shop and Second seem to give the same 3 deals, and both count. Say under"
        " Connections which source wins."
    ]


def test_what_a_disconnected_source_has_left_is_said_when_it_is_connected_again(
    program: Caller,
    shop: StandIn,
    acme: Business,
) -> None:
    first = a_shop(program, shop)
    sync(program, first["id"])
    program.delete(first["url"])

    again = a_shop(program, shop)
    sync(program, again["id"])

    assert (
        "The shop (disconnected) and The shop seem to"
        in warned(program, again["id"])[0]
    )
    assert [one.name for one in sources_of(acme)] == [
        "The shop",
        "The shop (disconnected)",
    ]
