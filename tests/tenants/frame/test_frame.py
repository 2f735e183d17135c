"""The frame shows each member the way to what their roles may see, and nothing else."""

import json
from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import path

from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.frame import hooks
from tenants.frame.context import Frame
from tenants.frame.links import Link
from tenants.frame.navigation import Item, links_for, split_links
from tenants.frame.places import places_of
from tenants.frame.timing import ServerTimingMiddleware
from tenants.frame.undo import message_html, say_with_undo
from tests.people import a_group_member, a_member
from tests.tenants.frame.writing import a_request, written


def nothing(request: HttpRequest, business: str) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("b/<slug:business>/one/", nothing, name="one"),
    path("b/<slug:business>/one/two/", nothing, name="two"),
]
ITEMS = (
    Item("one", "One", "one", frozenset({"rep", "finance"})),
    Item("two", "Two", "two", frozenset({"finance"})),
    Item("three", "Three", "not:written", frozenset({"finance"})),
)


@pytest.fixture
def offers() -> Iterator[dict[str, Any]]:
    """The frame's offers, put back after the test."""
    kept = dict(hooks._offers)
    yield hooks._offers
    hooks._offers.clear()
    hooks._offers.update(kept)


@pytest.mark.urls(__name__)
def test_a_role_sees_its_items_and_no_page_that_is_not_written() -> None:
    request = a_request()

    assert [x.text for x in links_for(request, ITEMS, frozenset({"rep"}))] == ["One"]
    assert [x.text for x in links_for(request, ITEMS, frozenset({"finance"}))] == [
        "One",
        "Two",
    ]


@pytest.mark.urls(__name__)
def test_the_item_nearest_to_the_page_is_marked() -> None:
    request = a_request("/b/acme/one/two/three/")

    links = links_for(request, ITEMS, frozenset({"finance"}))

    assert [link.here for link in links] == [False, True]


@pytest.mark.urls(__name__)
def test_a_room_may_put_a_number_beside_an_item(offers: dict[str, Any]) -> None:
    hooks.offer("nav.one", lambda request: 3)

    links = links_for(a_request(), ITEMS, frozenset({"finance"}))

    assert [link.count for link in links] == [3, 0]


@pytest.mark.urls(__name__)
def test_a_room_may_say_where_an_item_leads_today(offers: dict[str, Any]) -> None:
    hooks.offer("link.three", lambda request: "/b/acme/periods/2026-11/")

    links = links_for(a_request(), ITEMS, frozenset({"finance"}))

    assert links[2].url == "/b/acme/periods/2026-11/"


def test_more_than_six_items_become_five_and_the_rest() -> None:
    links = [Link(str(n), f"/{n}/") for n in range(8)]

    shown, more = split_links(links)

    assert (len(shown), len(more)) == (5, 3)
    assert split_links(links[:6]) == (links[:6], [])


def names(member: Member, business: Business | None = None) -> list[str]:
    request = a_request(
        "/b/acme/", business=business, group=business and business.group
    )
    request.resolver_match = None
    sections = places_of(SimpleNamespace(pk=_user_id(member)), request)
    return [link.text for section in sections for link in section["links"]]


def _user_id(member: Member) -> int:
    return int(member.user_id)


def test_the_switcher_offers_only_ones_own_businesses(
    acme: Business, bob: Member, charlie: Member
) -> None:
    assert names(bob) == [acme.name]
    assert acme.name not in names(charlie)


def test_a_lapsed_member_is_offered_nothing(acme: Business) -> None:
    dana = a_member(acme, "Dana", Role.REP, ends_on=date(2021, 1, 1))

    assert names(dana) == []


def test_an_owner_is_offered_the_group_and_all_of_its_businesses(
    acme: Business,
) -> None:
    renata = a_group_member(acme, "Renata", Role.OWNER)

    found = names(renata)

    assert found[0] == "All businesses"
    assert acme.name in found


def test_a_visitor_has_no_place_no_navigation_and_no_bell() -> None:
    frame = Frame(RequestFactory().get("/"))

    assert (frame.place, frame.nav, frame.switcher, frame.bell_url) == (
        None,
        [],
        [],
        "",
    )


def test_a_message_can_be_undone_by_a_post_to_our_own_site_only() -> None:
    request: Any = a_request()
    request._messages = CookieStorage(request)
    say_with_undo(request, "Held Dana <Whitlock>.", "/b/acme/undo/1/")
    say_with_undo(request, "Held Pia.", "https://elsewhere.example/")

    first, second = (message_html(request, message) for message in request._messages)

    assert 'method="post" action="/b/acme/undo/1/"' in first
    assert "Held Dana &lt;Whitlock&gt;." in first
    assert 'role="status"' in first
    assert "elsewhere" not in second


def test_the_as_of_bar_says_what_a_room_offers(offers: dict[str, Any]) -> None:
    from tests.tenants.frame.test_figures import MOMENT

    parts = [
        hooks.AsOfPart("Close synced 10:39", "/c/"),
        hooks.AsOfPart("3 refused", "/r/", True),
    ]
    hooks.offer("as_of", lambda request: hooks.AsOf(MOMENT, parts))

    page = written("{% as_of_bar %}")

    assert "24 Nov 2026 10:42" in page
    assert '<span class="stale"><a href="/r/">3 refused</a></span>' in page


def test_the_server_says_how_long_it_took_and_how_many_queries_it_made(
    db: None,
) -> None:
    from tenants.accounts.models import User

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(json.dumps(User.objects.count()))

    view(HttpRequest())  # the connection's own first words are not counted
    answer = ServerTimingMiddleware(view)(RequestFactory().get("/"))

    assert answer["Server-Timing"].startswith("total;dur=")
    assert answer["Server-Timing"].endswith('desc="1 query"')
