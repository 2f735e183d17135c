"""How a request enters its business and leaves it, whatever happens in between."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from tenants import middleware
from tenants.access import EVERY_ROLE, MemberRequest, requires
from tenants.accounts.models import Business, Role
from tenants.schema import current_schema, in_public
from tests.databases import Copy
from tests.people import a_group_member, a_member, a_user


@requires(*EVERY_ROLE)
def say_schema(request: MemberRequest, **kwargs: object) -> HttpResponse:
    words = f"{current_schema()} {request.business.slug} {kwargs}"
    return HttpResponse(words)


@requires(*EVERY_ROLE)
def crash(request: MemberRequest) -> HttpResponse:
    raise ZeroDivisionError


@requires(*EVERY_ROLE)
def stream(request: MemberRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(schemas())


def schemas() -> Iterator[str]:
    for _ in range(3):
        yield f"{current_schema()} "


def unguarded(request: Any) -> HttpResponse:
    return HttpResponse("open to all")


@requires(*EVERY_ROLE)
def say_group(request: MemberRequest) -> HttpResponse:
    return HttpResponse(f"{current_schema()} {request.group.slug}")


urlpatterns = [
    path("account/", include("allauth.urls")),
    path("b/<slug:business>/say/<int:number>/", say_schema),
    path("b/<slug:business>/crash/", crash),
    path("b/<slug:business>/stream/", stream),
    path("b/<slug:business>/unguarded/", unguarded),
    path("g/<slug:group>/say/", say_group),
]
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def mona(acme: Business, client: Client) -> Client:
    """A browser of somebody in Acme, asking from outside of any business."""
    client.force_login(a_member(acme, "Mona", Role.REP).user)
    return client


def test_the_view_runs_in_its_business_without_the_slug(mona: Client) -> None:
    assert mona.get("/b/acme/say/7/").content.decode() == "b1 acme {'number': 7}"


def test_the_business_is_left_also_after_a_crash(mona: Client) -> None:
    with in_public():
        with pytest.raises(ZeroDivisionError):
            mona.get("/b/acme/crash/")

        assert current_schema() == "public"


def test_a_streamed_answer_is_made_in_its_business_and_leaves_it(mona: Client) -> None:
    with in_public():
        answer = mona.get("/b/acme/stream/")
        seen = []
        for piece in answer.streaming_content:  # type: ignore[attr-defined]
            seen.append((piece.decode(), current_schema()))

    assert seen == [("b1 ", "public")] * 3


def test_a_page_of_a_group_is_made_in_public(acme: Business, client: Client) -> None:
    client.force_login(a_group_member(acme, "Olga", Role.OWNER).user)

    assert client.get("/g/northwind/say/").content == b"public northwind"


def test_a_view_that_names_no_roles_is_refused(mona: Client) -> None:
    with pytest.raises(middleware.Unguarded):
        mona.get("/b/acme/unguarded/")


def test_a_visitor_is_asked_to_log_in_and_comes_back(client: Client, db: None) -> None:
    answer = client.get("/b/acme/say/7/?a=1")

    assert answer.status_code == 302
    assert answer["Location"] == "/account/login/?next=/b/acme/say/7/%3Fa%3D1"


def test_a_part_of_a_page_sends_the_whole_page_to_the_log_in(
    client: Client, db: None
) -> None:
    answer = client.get("/b/acme/say/7/", headers={"HX-Request": "true"})

    assert answer["HX-Redirect"].startswith("/account/login/")


def test_a_suspended_business_is_not_served(mona: Client, acme: Business) -> None:
    Business.objects.filter(pk=acme.pk).update(state=Business.State.SUSPENDED)

    answer = mona.get("/b/acme/say/7/")

    assert answer.status_code == 503
    assert "Acme is suspended" in answer.content.decode()


@override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1)
def test_only_our_own_proxy_is_believed_about_the_address(rf: Any) -> None:
    request = rf.get(
        "/", headers={"X-Forwarded-For": "6.6.6.6, 192.0.2.7"}, REMOTE_ADDR="10.0.0.1"
    )

    assert middleware.address_of(request) == "192.0.2.7"


def test_threads_keep_their_businesses_apart(fresh_db: Copy) -> None:
    """Two people ask for two businesses at once, many times."""
    user = a_user("Mona")
    for slug in ("acme", "globex"):
        a_member(Business.objects.get(slug=slug), "Mona", Role.REP, user=user)
    wrong: list[str] = []

    def ask(slug: str, schema: str) -> None:
        client = Client()
        client.force_login(user)
        for number in range(20):
            words = client.get(f"/b/{slug}/say/{number}/").content.decode()
            if not words.startswith(f"{schema} {slug} "):
                wrong.append(words)
        connection.close()

    threads = [
        threading.Thread(target=ask, args=place)
        for place in (("acme", "b1"), ("globex", "b2")) * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
