"""A list that gives the same page for ever is left soon, and says so."""

from typing import Any

import pytest

from crm_sync.contract import TryAgainLater
from tests.crm_sync.providers.close_source import MONDAY, Source


def fill(close: Source) -> None:
    lead: dict[str, Any] = {"lead": close.lead, "created_at": MONDAY}
    with close.account.store.transaction():
        for number in range(30):
            close.deal(updated_at=MONDAY, created_at=MONDAY)
            close.account.add_lead(f"Lead {number}")
            close.account.add_record("call", **lead)


@pytest.mark.parametrize(
    ("path", "object_"),
    [("opportunity", "deal"), ("lead", "lead"), ("activity/call", "call")],
)
def test_a_list_that_does_not_go_on_is_left_after_few_requests(
    close: Source, path: str, object_: str
) -> None:
    fill(close)
    close.server.faults.change({"stuck": path})
    close.server.requests.clear()

    with pytest.raises(TryAgainLater, match="with the same page"):
        list(
            close.provider(page_size=10, meetings_from=str(MONDAY)[:10]).pages(
                object_, {}
            )
        )

    assert len(close.server.requests) < 80


def test_a_list_of_people_that_does_not_go_on_is_left_as_soon(close: Source) -> None:
    close.server.faults.change({"stuck": "user"})
    close.server.requests.clear()

    with pytest.raises(TryAgainLater, match="with the same page"):
        close.provider().users()

    assert len(close.server.requests) < 20
