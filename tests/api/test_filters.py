"""A filter means what it says or is refused: a program that is wrong must not go on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from crm_sync.ledger.facts import Value
from crm_sync.ledger.reading import Incoming
from crm_sync.ledger.recording import Origin, record
from tenants.access import Member
from tenants.accounts.models import Business
from tests.api.caller import Caller, caller
from tests.api.test_entries import a_payee

ENTRIES = "/b/acme/api/v1/entries/"


@pytest.fixture
def finance(acme: Business, alice: Member) -> Caller:
    """Alice's program, and three deals."""
    a_payee("Maya")
    values: dict[str, Value] = {
        "name": "Whitcomb Dental",
        "amount": Decimal("100.00"),
        "won_on": date(2026, 11, 9),
        "owner": "user_Maya",
    }
    deals = [
        Incoming("deal", id, "1", values, {"id": id}, mapped=frozenset(values))
        for id in ("1", "2", "3")
    ]
    record(records=deals, origin=Origin(connection_id=1, source="Close"))
    return caller(alice)


def test_a_cursor_counts_for_the_list_that_gave_it(finance: Caller) -> None:
    _, first = finance.get(ENTRIES, object="deal", limit="2")
    status, second = finance.get(ENTRIES, object="deal", cursor=first["next"])
    assert (status, [one["external_id"] for one in second["entries"]]) == (200, ["3"])

    for query in (
        {"cursor": "garbage"},
        {"object": "deal", "cursor": first["next"][:-1]},
        {"object": "lead", "cursor": first["next"]},
        {"cursor": first["next"]},
        {"object": "deal", "deleted": "all", "cursor": first["next"]},
    ):
        status, said = finance.get(ENTRIES, **query)

        assert (status, said["field"]) == (400, "cursor"), query
        assert said["detail"] == "This cursor is not of this list."
        assert said["hint"].startswith("Begin without a cursor")


def test_yes_and_no_mean_what_they_say_and_each_filter_comes_once(
    finance: Caller,
) -> None:
    for word in ("yes", "true"):
        assert "payload" in finance.get(ENTRIES, payload=word)[1]["entries"][0]
    for address, detail, hint in (
        (f"{ENTRIES}?payload=on", "payload is yes or no.", "Send payload=yes"),
        (f"{ENTRIES}?deleted=maybe", "deleted is yes, no or all.", "Send deleted=all"),
        (f"{ENTRIES}?object=deal&object=lead", "“object” is there twice.", "Send each"),
        (
            f"{ENTRIES}?limit=x",
            "limit is a whole number from 1 to 200.",
            "Write it in digits",
        ),
        (
            f"{ENTRIES}?connection={'9' * 5000}",
            "connection is a whole number of 0 or more.",
            "Write it in digits",
        ),
        (f"{ENTRIES}1/?payload=no", "“payload” is no filter.", "There is none here."),
    ):
        status, said = finance.get(address)

        assert (status, said["detail"]) == (400, detail)
        assert said["hint"].startswith(hint)


def test_who_asks_in_a_way_that_is_not_taken_is_told_which_are(
    finance: Caller,
) -> None:
    status, said = finance.post(ENTRIES)

    assert (status, said["detail"]) == (405, "POST is not taken here.")
    assert said["hint"] == "This address takes GET."
