"""Other routes are tried before they are saved: what moves, and the money of it."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commissions.plans.models import Plan
from commissions.statements.models import Line
from crm_sync.connections import routing, sharing
from crm_sync.connections.errors import BadRoute, RoutesChanged
from crm_sync.connections.models import Home, Move, Route, RouteTable, UnroutedRecord
from crm_sync.ledger.models import Change, Entry, Payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.models import Job
from tenants.jobs.services import run_all_jobs, without_sending
from tenants.schema import in_business
from tests.commissions.statements import world
from tests.crm_sync.clients import logged_in, page
from tests.crm_sync.connections.scene import Scene, later, names_in
from tests.crm_sync.connections.test_mapping_page import A_TENTH
from tests.people import a_group_member, a_member

pytestmark = pytest.mark.usefixtures("at_start")


@pytest.fixture
def owner(acme: Business) -> Member:
    return a_group_member(acme, "Renata Hale", Role.OWNER)


@pytest.fixture
def paying(shared: Scene, acme: Business, twin: Business) -> Iterator[Scene]:
    """Two deals at Acme that pay a tenth, one at the twin that pays a twentieth."""
    with without_sending():
        for business, text in ((acme, A_TENTH), (twin, A_TENTH.replace("10%", "5%"))):
            with in_business(business):
                plan = Plan.objects.create(name="A tenth", slug="a-tenth")
                text = (
                    text.replace("total: 10.00", "total: 5.00")
                    if "5%" in text
                    else text
                )
                world.publish(plan, text, date(2026, 11, 1))
                maya = Payee.objects.get(name="Maya Okafor")
                world.assign(maya, plan, date(2026, 11, 1))
        shared.deal("Stays", value=100_000, custom={shared.field: "Acme"})
        shared.deal("Moves", value=200_000, custom={shared.field: "South"})
        shared.deal("Was there", value=300_000, custom={shared.field: "Twin"})
        shared.deal("Waits", value=400_000, custom={shared.field: "Elsewhere"})
        _save(shared, {"Acme": acme, "South": acme, "Twin": twin})
        shared.sync()
        run_all_jobs()
        yield shared


def _save(scene: Scene, routes: dict[str, Business]) -> None:
    values = {value: business.pk for value, business in routes.items()}
    path = f"custom.{scene.field}"
    routing.save_routes(connection=scene.connection, path=path, routes=values)


def _try(scene: Scene, routes: dict[str, Business], by: Member) -> RouteTable:
    return routing.try_routes(
        connection=scene.connection,
        path=f"custom.{scene.field}",
        routes={value: business.pk for value, business in routes.items()},
        by=by,
    )


def paid(business: Business) -> Decimal:
    with in_business(business):
        rows = Line.objects.filter(closed_run__isnull=True)
        return sum((row.amount for row in rows), Decimal(0))


def everything(*businesses: Business) -> list[object]:
    found: list[object] = [
        sorted(Route.objects.values_list("value", "business_id")),
        sorted(Home.objects.values_list("external_id", "business_id", "value")),
        UnroutedRecord.objects.count(),
        Move.objects.count(),
    ]
    for business in businesses:
        with in_business(business):
            found.append((paid(business), Change.objects.count()))
            found.append(sorted(Entry.objects.values_list("external_id", "counts")))
    return found


def test_a_trial_says_what_moves_in_each_business_and_moves_nothing(
    paying: Scene, acme: Business, twin: Business, owner: Member
) -> None:
    before = everything(acme, twin)

    table = _try(paying, {"Acme": acme, "South": twin, "Twin": twin}, owner)
    figures = sharing.figures_of(table)

    assert table.state == RouteTable.State.READY, table.problem
    assert figures["moves"] == [{"from": "Acme", "to": "Twin", "count": 1}]
    places = {place["business"].slug: place for place in figures["places"]}
    assert places["acme"]["booked"] == {"USD": Decimal(-2000)}
    assert places["twin"]["booked"] == {"USD": Decimal(2000)}
    assert places["acme"]["net"] == {"USD": Decimal(-200)}
    assert places["twin"]["net"] == {"USD": Decimal(100)}
    assert figures["booked"] == {"USD": 0}, "the group's total stays"
    assert figures["net"] == {"USD": Decimal(-100)}, "each business has its own plan"
    assert everything(acme, twin) == before


def test_while_routes_are_tried_others_may_be_written_down(
    paying: Scene, acme: Business, twin: Business, owner: Member
) -> None:
    """A row that names the connection asks for a lock that the trial leaves free: else
    who presses again waits until the trial has ended."""
    with CaptureQueriesContext(connection) as asked:
        _try(paying, {"Acme": acme, "Twin": twin}, owner)

    held = [
        one["sql"].partition("FOR ")[2]
        for one in asked.captured_queries
        if 'FROM "connections_connection"' in one["sql"] and "FOR " in one["sql"]
    ]
    assert held
    assert set(held) == {"NO KEY UPDATE"}


def test_a_trial_shows_records_that_would_name_two_businesses(
    paying: Scene, acme: Business, twin: Business, owner: Member
) -> None:
    paying.deal("Torn", value=5_000, custom={paying.field: ["Acme", "Elsewhere"]})
    paying.deal("Nobody's", value=6_000, custom={paying.field: ["North", "West"]})
    with later(10):
        paying.sync()
    routes = {"Acme": acme, "South": acme, "Twin": twin, "Elsewhere": twin}

    table = _try(paying, routes | {"North": acme, "West": twin}, owner)
    url = f"/g/northwind/connections/{paying.connection.pk}/routes/{table.pk}/"
    shown = page(logged_in(owner), url)

    said = "1 record: It names several businesses: "
    assert f"{said}“Acme” and “Elsewhere” (Twin). Leave one of them" in shown
    assert f"{said}“North” (Acme) and “West” (Twin). Leave one of them" in shown
    assert "2 records would be in no business" in shown
    assert names_in(acme)["Torn"], "nothing has moved yet"


def test_saving_does_what_the_trial_said_and_keeps_both_versions(
    paying: Scene, acme: Business, twin: Business, owner: Member
) -> None:
    table = _try(
        paying, {"Acme": acme, "South": twin, "Twin": twin, "Elsewhere": acme}, owner
    )

    routing.save_tried(table=table, by=owner)
    run_all_jobs()

    assert (paid(acme), paid(twin)) == (Decimal(500), Decimal(250))
    assert names_in(acme) == {"Stays": True, "Moves": False, "Waits": True}
    assert names_in(twin) == {"Moves": True, "Was there": True}
    assert not UnroutedRecord.objects.exists()
    versions = [table.version for table in routing.tables_of(paying.connection)]
    assert versions == [3, 2, 1]
    move = Move.objects.get()
    assert (move.taken, move.given) == (Decimal(2000), Decimal(2000))
    assert move.why == "routes of Close saved by Renata Hale"


def test_what_others_saved_meanwhile_is_never_overwritten(
    paying: Scene, acme: Business, twin: Business, owner: Member
) -> None:
    table = _try(paying, {"South": twin}, owner)
    _save(paying, {"Acme": acme, "South": acme, "Twin": twin, "Elsewhere": twin})

    with pytest.raises(RoutesChanged, match="version 3 is in force"):
        routing.save_tried(table=table, by=owner)

    assert Route.objects.count() == 4


def test_figures_that_have_moved_are_shown_before_anything_is_saved(
    paying: Scene, acme: Business, twin: Business, owner: Member
) -> None:
    client = logged_in(owner)
    table = _try(paying, {"Acme": acme, "South": twin, "Twin": twin}, owner)
    paying.deal("New one", value=50_000, custom={paying.field: "South"})
    with later(10):
        paying.sync()
        run_all_jobs()
    url = f"/g/northwind/connections/{paying.connection.pk}/routes/{table.pk}/save/"

    first = client.post(url)
    routes = Route.objects.get(value="South").business_id
    second = client.post(url)

    text = first.content.decode()
    assert first.status_code == 409
    assert "Records have changed since you looked" in text
    assert "2 records would move" in text and "2,500.00" in text
    assert routes == acme.pk, "nothing was saved by the first"
    assert second.status_code == 302
    assert Route.objects.get(value="South").business_id == twin.pk


def test_a_change_that_moves_no_figure_is_no_reason_to_look_again(
    paying: Scene, acme: Business, twin: Business, owner: Member
) -> None:
    table = _try(paying, {"Acme": acme, "South": twin, "Twin": twin}, owner)
    paying.deal("Of the twin", value=50_000, custom={paying.field: "Twin"})
    with later(10):
        paying.sync()
        run_all_jobs()

    routing.save_tried(table=table, by=owner)

    assert Route.objects.get(value="South").business_id == twin.pk


def test_saving_twice_saves_once(
    paying: Scene, acme: Business, twin: Business, owner: Member
) -> None:
    table = _try(paying, {"Acme": acme, "South": twin, "Twin": twin}, owner)
    routing.save_tried(table=table, by=owner)

    with pytest.raises(RoutesChanged, match="saved already"):
        routing.save_tried(table=table, by=owner)


def test_an_earlier_version_is_tried_and_taken_back(
    paying: Scene, acme: Business, twin: Business, owner: Member
) -> None:
    client = logged_in(owner)
    before = (paid(acme), paid(twin))
    _save(paying, {"Acme": acme, "South": twin, "Twin": twin})
    run_all_jobs()
    second = RouteTable.objects.get(version=2)
    url = f"/g/northwind/connections/{paying.connection.pk}/routes/"

    assert "See what going back moves" in page(client, url)
    tried = client.post(f"{url}{second.pk}/again/")
    shown = page(client, tried["Location"])
    client.post(f"{tried['Location']}save/")
    run_all_jobs()

    assert "1 record would move" in shown
    assert (paid(acme), paid(twin)) == before
    assert RouteTable.objects.get(version=4).values == second.values


def test_many_records_are_tried_in_a_job(
    paying: Scene,
    acme: Business,
    twin: Business,
    owner: Member,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(routing, "TRIED_AT_ONCE", 1)
    client = logged_in(owner)
    table = _try(paying, {"Acme": acme, "South": twin, "Twin": twin}, owner)
    url = f"/g/northwind/connections/{paying.connection.pk}/routes/{table.pk}/"

    waiting = page(client, url)
    too_soon = client.post(f"{url}save/")
    run_all_jobs()
    shown = page(client, url)
    paying.deal("Of the twin", value=50_000, custom={paying.field: "Twin"})
    with later(10):
        paying.sync()
    moved = client.post(f"{url}save/")
    job = Job.objects.filter(kind="try_routes").latest("created_at")
    waits = job.state
    run_all_jobs()
    saved = client.post(f"{url}save/")

    assert "See what the new routes of Close move" in waiting
    assert too_soon.status_code == 409
    assert "1 record would move" in shown
    assert moved.status_code == 409 and waits == Job.State.QUEUED
    assert "They are worked out again." in moved.content.decode()
    assert saved.status_code == 302


def test_routes_that_cannot_be_saved_cannot_be_tried(
    paying: Scene, globex: Business, owner: Member
) -> None:
    with pytest.raises(BadRoute, match="this group only"):
        _try(paying, {"Globex": globex}, owner)
    with pytest.raises(BadRoute, match="at least one value"):
        _try(paying, {}, owner)


def test_records_without_a_business_are_listed_by_money(
    paying: Scene, owner: Member
) -> None:
    client = logged_in(owner)
    paying.deal("Small one", value=1_000, custom={paying.field: "Elsewhere"})
    with later(10):
        paying.sync()

    text = page(client, f"/g/northwind/connections/{paying.connection.pk}/")

    assert "2 wait, worth" in text and "4,010.00" in text
    assert text.index("Waits") < text.index("Small one")


def test_counts_are_of_each_value_not_of_its_business(
    paying: Scene, acme: Business
) -> None:
    facts = sharing.group_facts(paying.connection)

    counts = {row["value"]: row["records"] for row in facts["routes"]}
    assert counts == {"Acme": 1, "South": 1, "Twin": 1}


def test_a_table_of_another_group_does_not_exist(
    paying: Scene, acme: Business, twin: Business, globex: Business, owner: Member
) -> None:
    table = _try(paying, {"Acme": acme, "South": twin, "Twin": twin}, owner)
    here = f"connections/{paying.connection.pk}/routes/{table.pk}/"
    stranger: Client = logged_in(a_group_member(globex, "Olga", Role.OWNER))
    inside = logged_in(a_member(acme, "Priya Nair", Role.ADMIN))

    assert stranger.get(f"/g/northwind/{here}").status_code == 404
    assert stranger.post(f"/g/northwind/{here}save/").status_code == 404
    assert inside.post(f"/g/northwind/{here}save/").status_code == 404
    assert Route.objects.get(value="South").business_id == acme.pk


def test_a_value_leads_to_one_business(
    paying: Scene, acme: Business, twin: Business, owner: Member
) -> None:
    url = f"/g/northwind/connections/{paying.connection.pk}/routes/"
    path = f"custom.{paying.field}"
    sent = {"path": path, "value": ["Acme", "Acme "], "business": [acme.pk, twin.pk]}

    answer = logged_in(owner).post(url, sent)

    assert answer.status_code == 422
    assert "“Acme” leads to two businesses." in answer.content.decode()
