"""One Close for several businesses: each record goes where its field says."""

import pytest

from crm_sync.connections import routing
from crm_sync.connections.errors import BadRoute
from crm_sync.connections.models import UnroutedRecord
from crm_sync.ledger.models import Change, Field
from tenants.accounts.models import Business
from tenants.jobs.models import Job
from tenants.jobs.services import run_now
from tenants.schema import in_business
from tests.crm_sync.connections.scene import Scene, later, names_in

pytestmark = pytest.mark.usefixtures("at_start")


def test_records_go_to_the_business_that_their_field_names(
    shared: Scene, acme: Business, twin: Business
) -> None:
    shared.deal("For Acme", custom={shared.field: "Acme"})
    shared.deal("For Twin", custom={shared.field: "Twin"})
    shared.deal("For nobody", custom={shared.field: "Elsewhere"})

    job = shared.sync()

    assert job.state == Job.State.DONE, job.problem
    assert names_in(acme) == {"For Acme": True}
    assert names_in(twin) == {"For Twin": True}
    assert (
        UnroutedRecord.objects.get().reason == "No business is named for “Elsewhere”."
    )


def test_a_move_takes_from_one_business_what_it_gives_to_the_other(
    shared: Scene, acme: Business, twin: Business
) -> None:
    deal = shared.deal("Moves", custom={shared.field: "Acme"})
    shared.sync()

    with later(10):
        shared.account.edit(deal, {f"custom.{shared.field}": "Twin"})
        shared.sync()

    assert names_in(acme) == {"Moves": False}
    assert names_in(twin) == {"Moves": True}
    with in_business(acme):
        change = Change.objects.order_by("-number").first()
    assert change is not None
    assert change.words == "Moves: moved to Twin"


def test_a_deal_that_moves_back_counts_again(
    shared: Scene, acme: Business, twin: Business
) -> None:
    deal = shared.deal("Moves", custom={shared.field: "Acme"})
    shared.sync()
    for minutes, name in ((10, "Twin"), (20, "Acme")):
        with later(minutes):
            shared.account.edit(deal, {f"custom.{shared.field}": name})
            shared.sync()

    assert names_in(acme) == {"Moves": True}
    assert names_in(twin) == {"Moves": False}


def test_new_routes_move_what_is_here_and_find_homes_for_the_rest(
    shared: Scene, acme: Business, twin: Business
) -> None:
    shared.deal("Was Acme's", custom={shared.field: "Acme"})
    shared.deal("Was nobody's", custom={shared.field: "Elsewhere"})
    shared.sync()

    job = routing.save_routes(
        connection=shared.connection,
        path=f"custom.{shared.field}",
        routes={"Acme": twin.pk, "Elsewhere": acme.pk},
    )
    assert job is not None
    run_now(job)

    assert names_in(acme) == {"Was Acme's": False, "Was nobody's": True}
    assert names_in(twin) == {"Was Acme's": True}
    assert not UnroutedRecord.objects.exists()


def test_a_business_that_joins_later_knows_the_fields_of_its_source(
    shared: Scene, acme: Business, twin: Business
) -> None:
    with in_business(twin):
        Field.objects.all().delete()

    routing.save_routes(
        connection=shared.connection, path="x", routes={"Twin": twin.pk}
    )

    with in_business(twin):
        assert Field.objects.filter(object="deal", key="product").exists()


def test_a_record_that_names_two_businesses_goes_to_neither(
    shared: Scene, acme: Business, twin: Business
) -> None:
    deal = shared.deal("Torn", custom={shared.field: ["Acme", "Twin"]})
    shared.deal("Also theirs", custom={shared.field: ["Elsewhere", "Acme"]})
    shared.sync()

    row = UnroutedRecord.objects.get()

    assert row.reason == (
        "It names several businesses: “Acme” and “Twin”. Leave one of them there."
    )
    assert names_in(acme) == {"Also theirs": True}
    assert names_in(twin) == {}
    with later(10):
        shared.account.edit(deal, {f"custom.{shared.field}": ["Twin"]})
        shared.sync()
    assert names_in(twin) == {"Torn": True}
    assert not UnroutedRecord.objects.exists()


def test_two_values_of_one_business_are_no_question(
    shared: Scene, acme: Business, twin: Business
) -> None:
    shared.deal("South and west", custom={shared.field: ["South", "West"]})
    shared.sync()
    unnamed = UnroutedRecord.objects.get().reason

    job = routing.save_routes(
        connection=shared.connection,
        path=f"custom.{shared.field}",
        routes={"South": acme.pk, "West": acme.pk},
    )
    assert job is not None
    run_now(job)

    assert unnamed == "No business is named for “South”, “West”."
    assert names_in(acme) == {"South and west": True}


def test_a_route_never_leads_out_of_the_group(shared: Scene, globex: Business) -> None:
    with pytest.raises(BadRoute, match="this group only"):
        routing.save_routes(
            connection=shared.connection, path="x", routes={"Globex": globex.pk}
        )
