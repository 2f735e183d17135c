"""The Salesforce preset against a server that behaves as Salesforce does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm_sync.connections.mapping import Seen, document_of, read_record
from crm_sync.contract import TryAgainLater
from crm_sync.providers.rest.presets import preset_text
from crm_sync.providers.rest.provider import RestProvider
from crm_sync.providers.rest.reading import read_document
from tests.crm_sync.rest.mapped import entries
from tests.crm_sync.rest.salesforces import Salesforce
from tests.crm_sync.rest.stand_in import Ledger, Reply, StandIn, as_text, running


@pytest.fixture
def salesforce() -> Iterator[tuple[Salesforce, StandIn]]:
    org = Salesforce()
    with running(org.answer) as server:
        yield org, server


def open_salesforce(server: StandIn, secret: str = "session-1") -> RestProvider:
    return server.provider(secret, preset="salesforce")


def test_salesforce_opportunities_are_the_ledgers_field_by_field(
    salesforce: tuple[Salesforce, StandIn],
) -> None:
    org, server = salesforce
    for number in range(1, 66):
        org.put(number, Name=f"Deal {number}", Amount=1000.25)
    org.put(3, IsWon=True, IsClosed=True, CloseDate="2026-11-04", StageName="Signed")
    org.put(4, IsClosed=True, Dealer_Fee__c=7)
    ledger = Ledger()

    provider = open_salesforce(server)
    ledger.sync(provider)

    here = {
        id: {k: v for k, v in row.items() if k != "attributes"}
        for id, row in ledger.live().items()
    }
    assert here == as_text(org.live())
    found = entries(provider, ledger)
    third = found["0065g0000000003AAA"]
    assert (third["status_type"], third["status"]) == ("won", "Signed")
    assert third["amount"] == Decimal("1000.25")
    assert str(third["won_on"]) == "2026-11-04"
    assert found["0065g0000000004AAA"]["status_type"] == "lost"
    assert found["0065g0000000004AAA"]["dealer_fee_c"] == Decimal(7)
    assert not any(key.startswith("attributes") for key in third)


def test_salesforce_deletes_and_changes_take_effect(
    salesforce: tuple[Salesforce, StandIn],
) -> None:
    org, server = salesforce
    for number in range(1, 46):
        org.put(number, Name=f"Deal {number}")
    ledger = Ledger()
    ledger.sync(open_salesforce(server))

    org.put(1, IsDeleted=True)
    org.put(2, Name="Renamed")
    for number in range(10, 40):
        org.put(number, Name="Mass update")
    ledger.sync(open_salesforce(server))

    assert {i: r["Name"] for i, r in ledger.live().items()} == {
        i: r["Name"] for i, r in org.live().items()
    }


def test_salesforces_limit_is_told_as_a_403_and_waited_for(
    salesforce: tuple[Salesforce, StandIn],
) -> None:
    org, server = salesforce
    org.put(1, Name="Deal")
    org.limited = 1

    with pytest.raises(TryAgainLater, match="asks to be left alone") as problem:
        Ledger().sync(open_salesforce(server))

    assert 60 <= problem.value.after < 120


def test_a_salesforce_field_that_may_not_be_seen_is_left_out_and_said(
    salesforce: tuple[Salesforce, StandIn],
) -> None:
    org, server = salesforce
    org.hidden = ("Amount",)
    org.put(1, Name="Deal", Amount=5)
    ledger = Ledger()

    ledger.sync(open_salesforce(server))

    assert len(ledger.live()) == 1
    assert ledger.warnings == [
        "The field Amount cannot be seen with these credentials."
    ]


def test_an_address_that_is_too_long_asks_for_fewer_fields_and_says_which(
    salesforce: tuple[Salesforce, StandIn],
) -> None:
    org, server = salesforce
    org.put(1, Name="Deal", Amount=5)
    full = org.answer

    def answer(request: Any) -> Reply:
        is_long = "__c" in f"{request.query.get('q')}{request.query.get('fields')}"
        return Reply(b"<h1>URI too long</h1>", 414) if is_long else full(request)

    server.answer = answer
    ledger, provider = Ledger(), open_salesforce(server)
    ledger.sync(provider)
    id = next(iter(ledger.live()))

    assert ledger.warnings == [
        "The fields Dealer_Fee__c are not read: Salesforce takes no address so long."
    ]
    assert open_salesforce(server).read_one("deal", id) is not None


def test_a_salesforce_locator_that_is_gone_starts_the_reading_anew(
    salesforce: tuple[Salesforce, StandIn],
) -> None:
    org, server = salesforce
    for number in range(1, 46):
        org.put(number, Name=f"Deal {number}")
    asked = []

    def forget(request: Any) -> None:
        asked.append(request.path)
        if "/query/" in request.path and len(asked) < 6:
            org.locators.clear()

    server.before = forget
    ledger = Ledger()
    with pytest.raises(TryAgainLater, match="invalid query locator"):
        ledger.sync(open_salesforce(server))

    server.before = None
    ledger.sync(open_salesforce(server))
    assert sorted(ledger.live()) == sorted(org.live())


def test_a_salesforce_session_is_renewed_with_the_refresh_token(
    salesforce: tuple[Salesforce, StandIn],
) -> None:
    org, server = salesforce
    org.put(1, Name="Deal")
    secret = {"client_id": "c", "client_secret": "s", "refresh_token": "r"}
    ledger = Ledger()

    ledger.sync(open_salesforce(server, json.dumps(secret)))

    assert (org.refreshes, len(ledger.live())) == (1, 1)


def test_a_short_salesforce_id_is_the_same_record_as_the_long_one() -> None:
    document = read_document(preset_text("salesforce"))
    from crm_sync.providers.rest.records import id_of

    stream = document.objects[0]

    assert id_of(stream, {"Id": "0015000000Gv7qJ"}) == "0015000000Gv7qJAAR"
    assert id_of(stream, {"Id": "0015000000Gv7qJAAR"}) == "0015000000Gv7qJAAR"


def test_an_amount_without_a_currency_is_in_that_of_the_business(
    salesforce: tuple[Salesforce, StandIn],
) -> None:
    org, server = salesforce
    org.put(1, Name="Deal", Amount=5, IsWon=True, IsClosed=True, CloseDate="2026-11-04")
    provider = open_salesforce(server)
    ledger = Ledger()
    ledger.sync(provider)
    fields = provider.fields("deal")
    document = document_of("deal", provider.default_mapping("deal", fields))

    (record,) = ledger.records.values()
    read = read_record(record, document, ZoneInfo("UTC"), Seen())

    assert "currency" not in read.values
    assert "currency" not in read.mapped  # so its being blank refuses nothing
