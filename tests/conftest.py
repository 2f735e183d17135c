"""Two businesses made once; each test in a transaction that is rolled back.

`acme` enters Acme's schema. `globex` is entered only where a test does not take `acme`;
else use `with in_business(globex):`. Threads, processes and real commits need `fresh_db`.
"""

from collections.abc import Iterator

import hypothesis
import pytest
from django.core.cache import cache
from pytest_django import DjangoDbBlocker

from tenants.accounts.models import Business
from tenants.schema import in_business
from tests import databases
from tests.kept import shelf

# A shared machine is slow at times; a slow example is no wrong one. The examples are the
# same in each run, so that a change is judged by what it changes; to look for others:
# python3 run.py test --hypothesis-profile exploring
hypothesis.settings.register_profile("exploring", deadline=None, print_blob=True)
hypothesis.settings.register_profile(
    "ours", hypothesis.settings.get_profile("exploring"), derandomize=True
)
hypothesis.settings.load_profile("ours")

pytest_plugins = [
    "tests.passwords",
    "tests.people",
    "tests.servers",
    "tests.demo_site",
    "tests.chromium",
]


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Give this process a copy of the template, in place of pytest-django's own."""
    with django_db_blocker.unblock(), databases.copied(databases.template()):
        shelf.blocker = django_db_blocker
        yield
        shelf.leave([])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let a test find nothing of what only others begin with."""
    shelf.leave(shelf.wanted_by(getattr(item, "fixturenames", [])))


@pytest.fixture
def what_it_begins_with(
    request: pytest.FixtureRequest,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> None:
    """Make what the test begins with, outside of its own transaction."""
    with django_db_blocker.unblock():
        shelf.keep(shelf.wanted_by(request.fixturenames))


@pytest.fixture
def db(what_it_begins_with: None, _django_db_helper: None) -> None:
    """The shared database, in a transaction that is rolled back after the test."""


@pytest.fixture(scope="session", autouse=True)
def what_is_kept_is_kept() -> Iterator[None]:
    """What pages keep for seconds is there to a test's end, however long it takes.

    Else a page that is asked for twice asks the database more where minutes pass.
    """
    from crm_sync.connections import bar

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bar, "KEPT_SECONDS", 3600)
        yield


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    """Each process has its own Redis database, and each test finds it empty."""
    cache.clear()


@pytest.fixture
def fresh_db(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[databases.Copy]:
    """A private database with real commits, for threads, servers and workers."""
    with django_db_blocker.unblock(), databases.copied(databases.template()) as copy:
        yield copy


@pytest.fixture
def businesses(request: pytest.FixtureRequest) -> dict[str, Business]:
    """The businesses by name, in `fresh_db` where the test takes it, else in `db`."""
    fixtures = request.fixturenames
    request.getfixturevalue("fresh_db" if "fresh_db" in fixtures else "db")
    return {row.slug: row for row in Business.objects.exclude(state="template")}


@pytest.fixture
def acme(businesses: dict[str, Business]) -> Iterator[Business]:
    """Acme of the group Northwind, entered."""
    with in_business(businesses["acme"]):
        yield businesses["acme"]


@pytest.fixture
def globex(
    request: pytest.FixtureRequest, businesses: dict[str, Business]
) -> Iterator[Business]:
    """Globex of another group; entered only where the test does not take Acme."""
    if "acme" in request.fixturenames:
        yield businesses["globex"]
        return
    with in_business(businesses["globex"]):
        yield businesses["globex"]
