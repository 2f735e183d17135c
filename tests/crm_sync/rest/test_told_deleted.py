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
from crm_sync.connections.health import verdict
from crm_sync.connections.models import Connection
from crm_sync.ledger.models import Entry
from crm_sync.providers.rest.presets import preset_text
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.services import run_all_jobs
from tests.api.caller import caller
from tests.crm_sync.clients import logged_in, page
from tests.crm_sync.rest.hubspots import HubSpot
from tests.crm_sync.rest.pipedrives import Pipedrive
from tests.crm_sync.rest.stand_in import Ledger, Reply, Request, StandIn, running
from tests.crm_sync.rest.test_declared import Shop, declared
from tests.people import a_group_member

MAP = {"name": "name", "amount": {"from": "amount", "type": "money_major"}}


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


def connected(
    business: Business, server: StandIn, *, secret: str = "pat-1", **options: Any
) -> Source:
    assert business.group is not None
    made = services.create_connection(
        group=business.group,
        business=business,
        kind="rest",
        name="The shop",
        secret=secret,
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


def test_an_account_of_pipedrive_without_archived_deals_is_read_and_told_so(
    acme: Business,
) -> None:
    company = Pipedrive()
    company.put(1, title="Deal", value=1)

    def answer(request: Request) -> Reply:
        if request.path.endswith("/archived"):
            return Reply({"success": False, "error": "unknown method"}, 404)
        return company.answer(request)

    with running(answer) as server:
        secret = "a-token-of-pipedrive"
        source = connected(acme, server, preset="pipedrive", secret=secret)
        said = source.sync().warnings
        assert source.live() == {"1"}
        assert [one for one in said if "nothing at /api/v2/deals/archived" in one]
        server.answer = company.answer

        assert source.sync().warnings == []


def test_a_list_of_people_in_parts_is_read_without_the_part_that_is_not_there() -> None:
    parts = [{}, {"path": "/people/gone", "optional": "yes"}]
    document = declared()
    document["streams"]["users"] = {"path": "/people", "parts": parts, "records": "p"}

    def answer(request: Request) -> Reply:
        is_there = request.path == "/people"
        return Reply(
            {"p": [{"id": 7, "name": "Maya"}]} if is_there else {},
            200 if is_there else 404,
        )

    with running(answer) as server:
        provider = server.provider(document=document)
        assert [one.name for one in provider.users()] == ["Maya"]
    assert [one for one in provider.warnings() if "/people/gone" in one]


def confirm(
    member: Member, owner: Member | None, connection: Connection, gone: int
) -> None:
    """On the page, or as a program of the owner."""
    if owner is None:
        url = f"/b/acme/connections/{connection.pk}/sync/"
        logged_in(member).post(url, {"gone": str(gone)})
    else:
        url = f"/g/northwind/api/v1/connections/{connection.pk}/sync/"
        assert caller(owner).post(url, {"confirm_deleted": gone + 1})[0] == 409
        assert caller(owner).post(url, {"confirm_deleted": gone})[0] == 202
    run_all_jobs()


@pytest.fixture
def owner(acme: Business) -> Member:
    return a_group_member(acme, "Olga", Role.OWNER)


@pytest.mark.parametrize("left", [0, 20])
def test_what_most_is_gone_at_once_waits_for_a_person_who_says_so(
    left: int, acme: Business, alice: Member, owner: Member
) -> None:
    shop, there = Shop(), 15 if left == 0 else 60
    shop.fill(there)
    document = declared(cursor=None, map=MAP)
    with running(shop.answer) as server:
        source = connected(acme, server, document=document)
        source.sync()
        kept = dict(shop.rows)
        shop.rows = {id: row for id, row in kept.items() if int(id) <= left}
        said = source.sync()

        gone = there - left
        assert len(source.live()) == there
        assert verdict(said, "UTC").state == "held_back"
        assert f"{gone} of {there} records" in said.warnings[-1]

        client, address = logged_in(alice), f"/b/acme/connections/{said.pk}/"
        assert f"Confirm that {gone} records are gone" in page(client, address)
        client.post(f"{address}sync/", {"gone": str(gone - 1)})
        run_all_jobs()
        assert len(source.live()) == there
        confirm(alice, owner if left else None, said, gone)

    said.refresh_from_db()
    assert (len(source.live()), said.warnings) == (left, [])
    assert verdict(said, "UTC").state == "healthy"


def test_what_is_there_again_is_held_back_no_more(acme: Business) -> None:
    shop = Shop()
    shop.fill(3)
    with running(shop.answer) as server:
        source = connected(acme, server, document=declared(cursor=None, map=MAP))
        source.sync()
        kept, shop.rows = shop.rows, {}
        assert verdict(source.sync(), "UTC").state == "held_back"
        shop.rows = kept

        assert verdict(source.sync(), "UTC").state == "healthy"

    assert len(source.live()) == 3
