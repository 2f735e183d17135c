"""A call of a shared source has no field of its own for the business: its lead has."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from crm_sync.connections import routing
from crm_sync.connections.models import Connection, UnroutedRecord
from crm_sync.ledger.models import Entry
from tenants.accounts.models import Business
from tenants.jobs.services import run_all_jobs, without_sending
from tenants.schema import in_business
from tests.crm_sync.connections.scene import Scene, later

pytestmark = pytest.mark.usefixtures("at_start")

NOON = datetime(2026, 11, 12, 18, 0, tzinfo=UTC)


@pytest.fixture
def house(shared: Scene) -> Iterator[Scene]:
    """A shared source of which leads and calls are read, too."""
    row = Connection.objects.get(pk=shared.connection.pk)
    row.options = {**row.options, "objects": ["deal", "call", "lead"]}
    row.save(update_fields=["options"])
    shared.connection = row
    yield shared


def a_lead(house: Scene, business: str | None, name: str = "Whitcomb") -> str:
    lead = house.account.add_lead(name)
    if business is not None:
        house.account.edit(lead, {f"custom.{house.field}": business})
    return lead


def a_call(house: Scene, lead: str) -> str:
    return house.account.add_record("call", lead=lead, user=house.maya, created_at=NOON)


def calls_in(business: Business) -> set[str]:
    with in_business(business):
        rows = Entry.objects.filter(object="call", deleted=False, counts=True)
        return set(rows.values_list("external_id", flat=True))


def test_a_call_is_in_the_business_of_its_lead(
    house: Scene, acme: Business, twin: Business
) -> None:
    here, there = (a_call(house, a_lead(house, name)) for name in ("Acme", "Twin"))
    nowhere = a_call(house, a_lead(house, None))
    # Its own field wins, also where nobody knows what it says.
    own = a_call(house, a_lead(house, "Acme"))
    house.account.edit(own, {f"custom.{house.field}": "Elsewhere"})

    house.sync()

    assert (calls_in(acme), calls_in(twin)) == ({here}, {there})
    waiting = UnroutedRecord.objects.filter(object="call")
    assert set(waiting.values_list("external_id", flat=True)) == {nowhere, own}


def test_a_deal_does_not_follow_its_lead(house: Scene, acme: Business) -> None:
    deal = house.deal("Whitcomb")
    lead = house.source.server.store.doc(deal)["lead_id"]
    house.account.edit(lead, {f"custom.{house.field}": "Acme"})

    house.sync()

    assert UnroutedRecord.objects.get(object="deal").external_id == deal


def test_calls_move_with_their_lead_and_come_in_when_it_gets_a_business(
    house: Scene, acme: Business, twin: Business
) -> None:
    moves, waits = a_lead(house, "Acme"), a_lead(house, None)
    first, second = a_call(house, moves), a_call(house, waits)
    house.sync()
    assert calls_in(acme) == {first}

    with later(20):
        for lead in (moves, waits):
            house.account.edit(lead, {f"custom.{house.field}": "Twin"})
        house.sync()

    assert (calls_in(acme), calls_in(twin)) == (set(), {first, second})
    assert not UnroutedRecord.objects.filter(object="call").exists()


def test_new_routes_take_calls_along(
    house: Scene, acme: Business, twin: Business
) -> None:
    call = a_call(house, a_lead(house, "Acme"))
    house.sync()

    with without_sending():
        routing.save_routes(
            connection=house.connection,
            path=f"custom.{house.field}",
            routes={"Acme": twin.pk},
        )
    run_all_jobs()

    assert (calls_in(acme), calls_in(twin)) == (set(), {call})
