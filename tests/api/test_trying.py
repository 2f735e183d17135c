"""Whoever tests a connection waits for the answer, so no source may keep them waiting."""

from collections.abc import Iterator

import pytest

from tests.api.caller import Caller
from tests.api.test_connections import (  # noqa: F401 - fixtures
    URL,
    a_shop,
    open_inside,
    owner,
    program,
)
from tests.crm_sync.rest.stand_in import Reply, StandIn, running


@pytest.fixture
def busy() -> Iterator[StandIn]:
    with running(lambda request: Reply({}, 429, {"Retry-After": "30"})) as server:
        yield server


@pytest.mark.usefixtures("open_inside")
def test_a_source_that_asks_to_be_left_alone_is_not_waited_for(
    program: Caller,  # noqa: F811
    busy: StandIn,
) -> None:
    made = a_shop(program, busy)

    _, tested = program.post(f"{URL}{made['id']}/test/")

    assert (tested["ok"], tested["passing"]) == (False, True)
    assert tested["problem"] == "The shop asks to be left alone for 30 seconds."
    assert len(busy.requests) == 1
