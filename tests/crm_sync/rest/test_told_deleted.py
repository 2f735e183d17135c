"""A list of deleted records deletes what says so itself, and nothing is lost by a
source that answers with another list, leaves one out or loses most of it at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings

from commissions_saas.lib import clock
from crm_sync.connections import services
from crm_sync.connections.models import Connection
from crm_sync.ledger.models import Entry
from crm_sync.providers.rest.presets import preset_text
from tenants.accounts.models import Business
from tenants.jobs.services import run_all_jobs
from tests.crm_sync.rest.hubspots import HubSpot
from tests.crm_sync.rest.stand_in import Ledger, Reply, Request, StandIn, running


@pytest.fixture
def portal() -> HubSpot:
    made = HubSpot()
    for number in range(1, 4):
        made.put(str(number), dealname=f"Deal {number}", amount="10")
    return made


@pytest.fixture
def hubspot(portal: HubSpot) -> Iterator[StandIn]:
    with running(portal.answer) as server:
        yield server


def deaf(portal: HubSpot) -> Any:
    """A HubSpot that does not hear `archived=true`."""

    def answer(request: Request) -> Reply:
        request.query["archived"] = "false"
        return portal.answer(request)

    return answer


@dataclass
class Source:
    """A connection to a stand-in, read by the job that reads in earnest."""

    connection: Connection

    def sync(self, hours: int = 0) -> Connection:
        with clock.at(clock.now() + timedelta(hours=hours)):
            services.start_sync(connection=self.connection)
            run_all_jobs()
        self.connection.refresh_from_db()
        assert self.connection.problem == ""
        return self.connection

    def live(self) -> set[str]:
        rows = Entry.objects.filter(connection_id=self.connection.pk, deleted=False)
        return set(rows.values_list("external_id", flat=True))


def connected(business: Business, server: StandIn, **options: Any) -> Source:
    assert business.group is not None
    made = services.create_connection(
        group=business.group,
        business=business,
        kind="rest",
        name="The shop",
        secret="pat-1",
        base_url=server.url,
        options={"allow_loopback": True, "hurry": "0", **options},
    )
    with override_settings(ALLOW_PRIVATE_SOURCES=True):
        services.test_connection(connection=made)
    return Source(made)


def test_live_deals_in_the_list_of_archived_ones_stay(
    portal: HubSpot, hubspot: StandIn
) -> None:
    ledger = Ledger()
    ledger.sync(hubspot.provider("pat-1", preset="hubspot"))
    portal.archive("3")
    hubspot.answer = deaf(portal)

    ledger.sync(hubspot.provider("pat-1", preset="hubspot"))

    assert sorted(ledger.live()) == ["1", "2", "3"]
    assert [one for one in ledger.warnings if "deal 1 as deleted" in one]
    hubspot.answer = portal.answer
    ledger.sync(hubspot.provider("pat-1", preset="hubspot"))
    assert sorted(ledger.live()) == ["1", "2"]


def test_a_deal_that_was_deleted_here_by_mistake_comes_back_when_it_is_listed(
    acme: Business, portal: HubSpot, hubspot: StandIn
) -> None:
    flag = 'deletes: {kind: flag, path: archived, value: "true"}'
    trusting = preset_text("hubspot").replace(flag, "")
    source = connected(acme, hubspot, document=trusting)
    source.sync()
    hubspot.answer = deaf(portal)
    source.sync()
    assert source.live() == set()

    hubspot.answer = portal.answer
    source.sync()

    assert source.live() == {"1", "2", "3"}
