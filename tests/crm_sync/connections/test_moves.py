"""A record that changes its business: in one step, on both sides, and never twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import connection as database
from django.db import transaction
from psycopg import Error

from crm_sync.connections import routing
from crm_sync.connections.models import Home, Move
from crm_sync.connections.readers import reader_of
from crm_sync.connections.retrying import read_stored_again
from crm_sync.ledger.models import Change, Entry
from tenants.accounts.models import Business, Role
from tenants.jobs.services import run_all_jobs, without_sending
from tenants.rollup.models import BookingFact
from tenants.schema import in_business
from tests.crm_sync.clients import logged_in, page
from tests.crm_sync.connections.scene import Scene, later, names_in
from tests.people import a_group_member, a_member

pytestmark = pytest.mark.usefixtures("at_start")


def booked(*businesses: Business) -> list[Decimal]:
    return [
        sum(
            (row.booked for row in BookingFact.objects.filter(business_id=one.pk)),
            Decimal(0),
        )
        for one in businesses
    ]


@contextmanager
def nothing_enters(business: Business) -> Iterator[None]:
    """The database itself refuses every new entry of one business, as on a full disk."""
    schema = business.schema_name
    with database.cursor() as cursor:
        cursor.execute(
            f"CREATE FUNCTION {schema}.disk_full() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN RAISE EXCEPTION 'disk full'; END$$"
        )
        cursor.execute(
            f"CREATE TRIGGER disk_full BEFORE INSERT ON {schema}.ledger_entry"
            f" FOR EACH ROW EXECUTE FUNCTION {schema}.disk_full()"
        )
    yield
    with database.cursor() as cursor:
        cursor.execute(f"DROP FUNCTION {schema}.disk_full() CASCADE")


def test_nothing_is_lost_where_work_ends_between_the_two_businesses(
    shared: Scene, acme: Business, twin: Business
) -> None:
    shared.deal("Moves", value=200_000, custom={shared.field: "Acme"})
    shared.sync()
    path = f"custom.{shared.field}"
    with without_sending():
        routing.save_routes(
            connection=shared.connection, path=path, routes={"Acme": twin.pk}
        )
    reader = reader_of(shared.connection)

    with (
        nothing_enters(twin),
        pytest.raises(Error, match="disk full"),
        transaction.atomic(),
    ):
        read_stored_again(reader=reader, object_="deal", words="routes")
    half_way = names_in(acme), names_in(twin), booked(acme, twin), Move.objects.count()
    for _ in range(2):
        read_stored_again(reader=reader, object_="deal", words="routes")

    assert half_way == ({"Moves": True}, {}, [Decimal(2000), Decimal(0)], 0)
    assert (names_in(acme), names_in(twin)) == ({"Moves": False}, {"Moves": True})
    assert booked(acme, twin) == [Decimal(0), Decimal(2000)]
    assert Move.objects.count() == 1, "the second time moves nothing"


def test_both_sides_say_what_was_taken_and_given(
    shared: Scene, acme: Business, twin: Business
) -> None:
    deal = shared.deal("Moves", value=200_000, custom={shared.field: "Acme"})
    shared.sync()
    with later(10):
        shared.account.edit(deal, {f"custom.{shared.field}": "Twin"})
        shared.sync()
    here = f"/b/acme/connections/{shared.connection.pk}/"
    there = f"/b/twin/connections/{shared.connection.pk}/"

    olga = logged_in(a_group_member(acme, "Olga", Role.OWNER))
    leaving, coming = page(olga, here), page(olga, there)
    both = page(olga, f"/g/northwind/connections/{shared.connection.pk}/")
    with in_business(twin):
        entry = Entry.objects.get()
        words = Change.objects.order_by("-number")[0].words

    assert "−2,000.00" in leaving or "-2,000.00" in leaving
    assert f"/b/twin/deals/{entry.pk}/" in leaving
    assert "+2,000.00" in coming and "/b/acme/deals/" in coming
    assert "Moved between businesses" in both
    assert words.startswith("Moves: moved here from Acme")


def test_a_member_of_one_business_sees_of_the_other_its_name_alone(
    shared: Scene, acme: Business, twin: Business
) -> None:
    deal = shared.deal("Moves", value=200_000, custom={shared.field: "Acme"})
    shared.deal("Secret of the twin", custom={shared.field: "Twin"})
    shared.sync()
    with later(10):
        shared.account.edit(deal, {f"custom.{shared.field}": "Twin"})
        shared.sync()
    client = logged_in(a_member(acme, "Priya Nair", Role.ADMIN))
    with in_business(twin):
        entry = Entry.objects.get(name="Moves")

    text = page(client, f"/b/acme/connections/{shared.connection.pk}/")

    assert "to Twin" in text and "/b/twin/" not in text
    assert "Secret of the twin" not in text
    assert client.get(f"/b/twin/deals/{entry.pk}/").status_code == 404


def test_a_business_that_nothing_was_routed_to_sees_no_move(
    shared: Scene, acme: Business, twin: Business, globex: Business
) -> None:
    deal = shared.deal("Moves", custom={shared.field: "Acme"})
    shared.sync()
    with later(10):
        shared.account.edit(deal, {f"custom.{shared.field}": "Twin"})
        shared.sync()
    charlie = logged_in(a_member(globex, "Charlie", Role.ADMIN))

    for place in ("/b/globex", "/b/acme", "/b/twin"):
        url = f"{place}/connections/{shared.connection.pk}/"
        assert charlie.get(url).status_code == 404


def test_a_record_that_is_refused_where_it_goes_is_not_said_to_be_given(
    shared: Scene, acme: Business, twin: Business
) -> None:
    deal = shared.deal("Moves", value=200_000, custom={shared.field: "Acme"})
    shared.sync()

    with later(10):
        shared.account.edit(
            deal, {f"custom.{shared.field}": "Twin", f"custom.{shared.product}": None}
        )
        shared.sync()

    move = Move.objects.get()
    assert (move.taken, move.given, move.to_entry_id) == (Decimal(2000), None, None)
    assert booked(acme, twin) == [Decimal(0), Decimal(0)]


def test_a_sync_that_began_before_the_routes_were_saved_routes_by_the_new_ones(
    shared: Scene, acme: Business, twin: Business
) -> None:
    shared.deal("Late", custom={shared.field: "Acme"})
    shared.sync()
    began = reader_of(shared.connection)
    path = f"custom.{shared.field}"
    with without_sending():
        routing.save_routes(
            connection=shared.connection, path=path, routes={"Acme": twin.pk}
        )
        run_all_jobs()

    read_stored_again(reader=began, object_="deal", words="an old reader")

    assert Home.objects.get().business_id == twin.pk
    assert names_in(twin) == {"Late": True}
