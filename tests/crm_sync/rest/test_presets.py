"""Each preset against a server that behaves as its vendor's does, traps included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from crm_sync.contract import ConfigurationProblem
from crm_sync.providers.rest.presets import preset_names, preset_text
from crm_sync.providers.rest.provider import RestProvider
from crm_sync.providers.rest.reading import read_document
from tests.crm_sync.rest.hubspots import HubSpot
from tests.crm_sync.rest.mapped import entries
from tests.crm_sync.rest.pipedrives import FEE, Pipedrive
from tests.crm_sync.rest.stand_in import Ledger, StandIn, as_text, running

WON: dict[str, Any] = {
    "dealstage": "closedwon",
    "closedate": "2026-11-05T04:30:00Z",
    "amount": "1999.90",
}
PEOPLE: dict[str, Any] = {
    "hubspot_owner_id": "70",
    "deal_currency_code": "USD",
    "pipeline": "default",
}


@pytest.fixture
def hubspot() -> Iterator[tuple[HubSpot, StandIn]]:
    portal = HubSpot()
    with running(portal.answer) as server:
        yield portal, server


@pytest.fixture
def pipedrive() -> Iterator[tuple[Pipedrive, StandIn]]:
    company = Pipedrive()
    with running(company.answer) as server:
        yield company, server


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_is_a_right_document_and_says_when_its_facts_were_checked(
    name: str,
) -> None:
    assert read_document(preset_text(name)).checked_on == "2026-11-22"


def open_hubspot(server: StandIn, secret: str = "pat-1", **more: Any) -> RestProvider:
    return server.provider(secret, preset="hubspot", **more)


def test_hubspot_deals_are_the_ledgers_field_by_field(
    hubspot: tuple[HubSpot, StandIn],
) -> None:
    portal, server = hubspot
    for number in range(1, 231):
        portal.put(str(number), dealname=f"Deal {number}", **WON, **PEOPLE)
    portal.put("7", amount="", dealstage="appointmentscheduled")
    portal.put("8", dealstage="sure")
    portal.put("9", dealstage="closedlost")
    portal.put("10", dealstage="987654", dealer_fee="12.50")
    ledger = Ledger()

    provider = open_hubspot(server)
    ledger.sync(provider)

    here = {id: payload["properties"] for id, payload in ledger.live().items()}
    assert {
        id: {k: v for k, v in row.items() if v is not None} for id, row in here.items()
    } == portal.live()
    found = entries(provider, ledger)
    assert found["10"]["status_type"] == "won"
    assert found["10"]["status"] == "Signed"
    assert found["10"]["amount"] == Decimal("1999.90")
    assert found["10"]["currency"] == "USD"
    assert str(found["10"]["won_on"]) == "2026-11-04"  # it was evening in New York
    assert found["10"]["dealer_fee"] == Decimal("12.50")
    assert [found[id]["status_type"] for id in ("7", "8", "9")] == [
        "active",
        "active",
        "lost",
    ]
    assert "amount" not in found["7"]
    users = {user.external_id: user for user in provider.users()}
    assert (users["70"].name, users["70"].active) == ("Maya Okafor", True)
    assert (users["77"].email, users["77"].active) == ("theo@acme.example", False)


@pytest.mark.parametrize("cap", [300, 10_000])
def test_hubspot_searches_beyond_its_limit_of_results(
    hubspot: tuple[HubSpot, StandIn],
    cap: int,
) -> None:
    portal, server = hubspot
    portal.most_results = 300
    document = preset_text("hubspot").replace("cap: 10000", f"cap: {cap}")
    portal.put("1", dealname="First")
    ledger = Ledger()
    ledger.sync(open_hubspot(server, document=document))
    for number in range(2, 1003):
        portal.put(str(number), dealname=f"Deal {number}")

    ledger.sync(open_hubspot(server, document=document))
    assert sorted(ledger.live()) == sorted(portal.live())

    for number in range(1, 702):
        portal.put(str(number), at=5_000, dealname="Changed by an import at once")
    ledger.sync(open_hubspot(server, document=document))
    assert {p["properties"]["dealname"] for p in ledger.live().values()} == {
        row["dealname"] for row in portal.live().values()
    }


def test_hubspot_changes_that_the_index_shows_late_are_met(
    hubspot: tuple[HubSpot, StandIn],
) -> None:
    portal, server = hubspot
    portal.put("1", dealname="Old")
    portal.put("2", dealname="Old")
    ledger = Ledger()
    ledger.sync(open_hubspot(server))
    portal.lag = timedelta(seconds=30)
    portal.put("1", dealname="New")
    ledger.sync(open_hubspot(server))
    portal.clock += 20
    portal.put("2", dealname="Newer")
    portal.clock += 40

    ledger.sync(open_hubspot(server))

    assert [p["properties"]["dealname"] for p in ledger.live().values()] == [
        "New",
        "Newer",
    ]


def test_hubspot_deals_that_are_archived_merged_or_restored_take_effect(
    hubspot: tuple[HubSpot, StandIn],
) -> None:
    portal, server = hubspot
    for number in range(1, 7):
        portal.put(str(number), dealname=f"Deal {number}")
    portal.archive("6")
    ledger = Ledger()
    ledger.sync(open_hubspot(server))
    assert sorted(ledger.live()) == ["1", "2", "3", "4", "5"]

    portal.archive("1")
    portal.merge("2", "3")
    portal.deals["6"]["archived"] = False
    portal.put("6", dealname="Back")
    ledger.sync(open_hubspot(server))

    assert sorted(ledger.live()) == sorted(portal.live()) == ["2", "4", "5", "6"]


def test_a_renamed_hubspot_stage_is_seen_though_no_deal_says_that_it_changed(
    hubspot: tuple[HubSpot, StandIn],
) -> None:
    portal, server = hubspot
    portal.put("1", dealname="Deal", **WON)
    ledger = Ledger()
    ledger.sync(open_hubspot(server))

    portal.stages = [{**portal.stages[1], "label": "Won and paid"}]
    ledger.sync(open_hubspot(server))

    assert ledger.live()["1"]["stage"]["label"] == "Won and paid"


def test_a_hubspot_token_that_has_expired_is_refreshed_once_and_kept(
    hubspot: tuple[HubSpot, StandIn],
) -> None:
    portal, server = hubspot
    portal.put("1", dealname="Deal")
    secret = {
        "client_id": "c",
        "client_secret": "s-s-s-s",
        "refresh_token": "refresh-1",
    }
    kept: list[str] = []
    ledger = Ledger()

    provider = open_hubspot(server, json.dumps(secret))
    provider._transport._keep = kept.append
    ledger.sync(provider)
    portal.token = "revoked meanwhile"
    provider = open_hubspot(server, kept[-1])
    provider._transport._keep = kept.append
    ledger.sync(provider)

    assert portal.refreshes == 2
    assert json.loads(kept[-1])["refresh_token"] == "refresh-3"
    assert sorted(ledger.live()) == ["1"]
    with pytest.raises(ConfigurationProblem) as problem:
        ledger.sync(open_hubspot(server, json.dumps(secret)))
    assert problem.value.status == 401
    assert "refresh-1" not in str(problem.value)


def open_pipedrive(server: StandIn, **more: Any) -> RestProvider:
    return server.provider("a-token-of-pipedrive", preset="pipedrive", **more)


def test_pipedrive_deals_are_the_ledgers_field_by_field(
    pipedrive: tuple[Pipedrive, StandIn],
) -> None:
    company, server = pipedrive
    for number in range(1, 71):
        company.put(number, title=f"Deal {number}", value=1000.5 * number)
    company.put(3, status="won", won_time="2026-11-05T04:30:00Z")
    company.put(4, is_archived=True, custom_fields={FEE: 12.5})
    company.put(5, status="lost", lost_time="2026-11-06T12:00:00Z")
    ledger = Ledger()

    provider = open_pipedrive(server)
    ledger.sync(provider)

    here = {
        id: {k: v for k, v in row.items() if k != "stage"}
        for id, row in ledger.live().items()
    }
    assert here == as_text(company.live())
    found = entries(provider, ledger)
    assert found["3"]["status_type"] == "won"
    assert found["3"]["amount"] == Decimal("3001.5")
    assert found["3"]["status"] == "Negotiation"
    assert str(found["3"]["won_on"]) == "2026-11-04"
    assert found["4"]["dealer_fee"] == Decimal("12.5")
    assert [u.active for u in provider.users()] == [True, False]


def test_pipedrive_deals_that_are_archived_stay_and_deleted_ones_go(
    pipedrive: tuple[Pipedrive, StandIn],
) -> None:
    company, server = pipedrive
    for number in range(1, 46):
        company.put(number, title=f"Deal {number}", value=1)
    ledger = Ledger()
    ledger.sync(open_pipedrive(server))

    company.put(1, is_archived=True)
    company.put(2, status="deleted")
    company.put(3, title="Renamed")
    for number in range(10, 40):
        company.put(number, at=5_000, title="One second")
    ledger.sync(open_pipedrive(server))

    assert sorted(ledger.live()) == sorted(company.live())
    assert ledger.live()["1"]["is_archived"] is True
    assert ledger.live()["3"]["title"] == "Renamed"
    assert ledger.live()["39"]["title"] == "One second"


def test_pipedrive_is_reached_by_its_address_with_the_version_or_without(
    pipedrive: tuple[Pipedrive, StandIn],
) -> None:
    company, server = pipedrive
    company.put(1, title="Deal", value=1)

    for path in ("", "api/v2/", "api/v2", "v1"):
        server.url = (
            server.url.split("/api")[0].split("/v1")[0].rstrip("/") + f"/{path}"
        )
        assert open_pipedrive(server).probe().deals == 1


def test_a_first_look_says_that_there_may_be_more_than_a_first_page(
    pipedrive: tuple[Pipedrive, StandIn],
) -> None:
    company, server = pipedrive
    for number in range(1, 4):
        company.put(number, title="Deal", value=1)

    found = open_pipedrive(server).probe()

    assert (found.deals, found.at_least) == (3, True)
