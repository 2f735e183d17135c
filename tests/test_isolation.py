"""Walks every route as everybody, and expects a stranger to find nothing at all."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoDbBlocker

from tenants.access import BUSINESS_ROLES, COUNTS_AS, GROUP_ROLES, Member, is_guarded
from tenants.accounts.models import Business, Role, User
from tenants.schema import in_business
from tenants.urls_for import business_url, group_url
from tests.people import a_group_member, a_member, a_user
from tests.routes import BUSINESS_ROUTES, GROUP_ROUTES, Route

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"|X-CSRFToken": "[^"]+"')
IN_BUSINESS, IN_GROUP = "b/<slug:business>/", "g/<slug:group>/"
# Pages of the site that others wrote; they ask for a log-in where they need one.
OF_OTHERS = ("account/", "healthz", "readyz")


@dataclass(frozen=True)
class Found:
    """A route as the resolver has it."""

    name: str
    path: str
    pattern: URLPattern


def all_routes() -> list[Found]:
    return list(walk(get_resolver(), "", ""))


def walk(resolver: URLResolver, path: str, names: str) -> Iterator[Found]:
    for part in resolver.url_patterns:
        here = path + str(part.pattern)
        if isinstance(part, URLResolver):
            inner = f"{names}{part.namespace}:" if part.namespace else names
            yield from walk(part, here, inner)
        else:
            yield Found(f"{names}{part.name}", here, part)


ROUTES = all_routes()
BUSINESS_NAMES = sorted({r.name for r in ROUTES if r.path.startswith(IN_BUSINESS)})
GROUP_NAMES = sorted({r.name for r in ROUTES if r.path.startswith(IN_GROUP)})


@dataclass(frozen=True)
class Known:
    """Somebody of each role at Acme, and strangers; each has logged in once for all."""

    sessions: dict[str, str]

    def client(self, who: str) -> Client:
        client = Client(raise_request_exception=True)
        client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[who]
        return client


@pytest.fixture(scope="module")
def known(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Known]:
    """Made in a transaction around all tests of this file, each of which is inside it."""
    with django_db_blocker.unblock(), transaction.atomic():
        acme = Business.objects.get(slug="acme")
        globex = Business.objects.get(slug="globex")
        roles = (*BUSINESS_ROLES, *GROUP_ROLES)
        people: dict[str, Member] = {role: somebody(acme, role) for role in roles}
        people["Charlie"] = a_member(globex, "Charlie", Role.ADMIN)
        people["Carla"] = a_member(globex, "Carla", *BUSINESS_ROLES)
        people["Olga"] = a_group_member(globex, "Olga", Role.OWNER)
        people["Otto"] = a_group_member(globex, "Otto", *GROUP_ROLES)
        yield Known({who: session_of(people[who].user) for who in people})
        transaction.set_rollback(True)


def session_of(user: User) -> str:
    return log_in(user).cookies[settings.SESSION_COOKIE_NAME].value


def log_in(user: User) -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(user)
    return client


def ask(client: Client, route: Route, url: str) -> Any:
    return client.post(url) if route.posts else client.get(url)


def body(response: Any) -> str:
    return TOKEN.sub("", response.content.decode())


def may_open(route: Route, role: Role) -> bool:
    if role == Role.AUDITOR:
        return not route.posts
    worth = {role} | COUNTS_AS.get(role, frozenset())
    return bool(worth & route.roles)


def somebody(business: Business, role: Role) -> Member:
    make = a_group_member if role in GROUP_ROLES else a_member
    return make(business, f"The {role.label}", role)


def test_every_route_has_a_line_in_the_table() -> None:
    missing = set(BUSINESS_NAMES) - set(BUSINESS_ROUTES)
    missing |= set(GROUP_NAMES) - set(GROUP_ROUTES)

    assert not missing, f"Add to tests/routes.py: {sorted(missing)}"


def test_no_line_of_the_table_is_left_over() -> None:
    gone = set(BUSINESS_ROUTES) - set(BUSINESS_NAMES)
    gone |= set(GROUP_ROUTES) - set(GROUP_NAMES)

    assert not gone


def test_every_page_of_a_business_or_group_says_who_may_open_it() -> None:
    inside = [r for r in ROUTES if r.path.startswith((IN_BUSINESS, IN_GROUP))]
    open_to_nobody_knows = [
        r.name for r in inside if not is_guarded(r.pattern.callback)
    ]

    assert inside
    assert not open_to_nobody_knows


def test_every_page_of_the_site_says_whether_it_needs_a_log_in() -> None:
    prefixes = (IN_BUSINESS, IN_GROUP, *OF_OTHERS)
    ours = [r for r in ROUTES if not r.path.startswith(prefixes)]
    undecided = [
        r.name
        for r in ours
        if not hasattr(r.pattern.callback, "is_public")
        and not hasattr(r.pattern.callback, "is_for_users")
    ]

    assert not undecided


@pytest.mark.parametrize("name", sorted({*BUSINESS_NAMES} & {*BUSINESS_ROUTES}))
def test_a_page_of_a_business_opens_to_its_roles_and_to_nobody_else(
    name: str, known: Known, acme: Business, globex: Business
) -> None:
    route = BUSINESS_ROUTES[name]
    arguments = route.make(acme)
    url = business_url(acme, name, *arguments)

    for role in (*BUSINESS_ROLES, *GROUP_ROLES):
        with in_business(acme):
            response = ask(known.client(role), route, url)
        if may_open(route, role):
            assert response.status_code not in (403, 404), role
            assert response.status_code < 500, role
        else:
            assert response.status_code in (403, 404), role

    check_strangers(url, known.client("Charlie"))
    assert ask(known.client("Olga"), route, url).status_code == 404
    check_nobody(route, url, business_url("no-such-business", name, *arguments))
    if arguments and not route.everywhere:
        there = business_url(globex, name, *arguments)
        assert ask(known.client("Carla"), route, there).status_code == 404


@pytest.mark.parametrize("name", sorted({*GROUP_NAMES} & {*GROUP_ROUTES}))
def test_a_page_of_a_group_opens_to_its_roles_and_to_nobody_else(
    name: str, known: Known, acme: Business, globex: Business
) -> None:
    route = GROUP_ROUTES[name]
    assert acme.group is not None and globex.group is not None
    arguments = route.make(acme)
    url = group_url(acme.group, name, *arguments)

    for role in GROUP_ROLES:
        response = ask(known.client(role), route, url)
        assert (response.status_code in (403, 404)) is not may_open(route, role), role
        assert response.status_code < 500
    for role in BUSINESS_ROLES:
        response = ask(known.client(role), route, url)
        allowed = role in route.roles and may_open(route, role)
        assert (response.status_code not in (403, 404)) is allowed, role

    check_strangers(url, known.client("Olga"))
    check_nobody(route, url, group_url("no-such-group", name, *arguments))
    if arguments and not route.everywhere:
        there = group_url(globex.group, name, *arguments)
        assert ask(known.client("Otto"), route, there).status_code == 404


def check_strangers(url: str, client: Client) -> None:
    """Somebody from elsewhere gets the very page that does not exist."""
    place = "/".join(url.split("/")[:3])
    inside = f"{place}/api/v1" if is_for_programs(url) else place
    missing = client.get(f"{inside}/there-is-no-such-page/")
    for answer in (client.get(url), client.post(url)):
        assert answer.status_code == missing.status_code == 404
        assert body(answer) == body(missing)


def is_for_programs(url: str) -> bool:
    """Programs get a status and a sentence where people get a page."""
    return url.split("/")[3] == "api"


def check_nobody(route: Route, url: str, nowhere: str) -> None:
    """Without a log-in, what exists and what does not look the same."""
    for address in (url, nowhere):
        answer = ask(Client(), route, address)
        if is_for_programs(address):
            assert answer.status_code == 401
            continue
        assert answer.status_code == 302
        assert answer["Location"].startswith("/account/login/?next=/")


def test_no_such_business_looks_like_no_such_page(
    known: Known, globex: Business
) -> None:
    client = known.client("Charlie")

    in_none = client.get(business_url("no-such-business", "accounts:start"))
    in_own = client.get("/b/globex/there-is-no-such-page/")

    assert in_none.status_code == in_own.status_code == 404
    assert body(in_none) == body(in_own)


def test_a_person_without_any_role_finds_nothing(acme: Business) -> None:
    client = log_in(a_user("Nina"))

    answer = client.get(business_url(acme, "accounts:start"))

    assert answer.status_code == 404
