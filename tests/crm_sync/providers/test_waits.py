"""However a source says how long it wants to be left alone, it is left alone so long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from crm_sync.contract import ConnectionSettings, Provider, TryAgainLater
from crm_sync.providers import open_provider
from tests.crm_sync.rest.stand_in import MONDAY, Reply, Request, StandIn, running

ME = {"id": "user_1", "organizations": [{"id": "orga_1", "name": "Acme"}]}
DOCUMENT = {
    "source": {"name": "Shop", "base_url": "https://shop.example/"},
    "streams": {"deals": {"path": "/deals", "records": "data", "key": ["id"]}},
}
Ask = Callable[[], object]


@pytest.fixture
def source() -> Iterator[StandIn]:
    """A source that refuses once, as the test says, and then has no records."""

    def answer(request: Request) -> Reply:
        path = request.path.strip("/")
        return Reply(ME if path == "me" else {"data": [], "has_more": False})

    with running(answer) as server:
        server.now = MONDAY
        yield server


def refusing(source: StandIn, reply: Reply) -> None:
    answer, left = source.answer, [reply]
    source.answer = lambda request: left.pop() if left else answer(request)


def asking(kind: str, source: StandIn) -> tuple[Ask, list[Decimal]]:
    waited: list[Decimal] = []
    options = {"allow_loopback": True, "document": DOCUMENT}
    settings = ConnectionSettings(source.url, "key", options, wait=waited.append)
    provider: Provider = open_provider(kind, settings)
    if kind == "close":
        return (lambda: provider._transport.get("me/")), waited  # type: ignore[attr-defined]
    return (lambda: list(provider.pages("deal", {}))), waited


@pytest.mark.parametrize("kind", ["close", "rest"])
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("20", 20),
        ("20.5", 20),
        ("Mon, 02 Nov 2026 09:00:20 GMT", 20),
        ("Monday, 02-Nov-26 09:00:20 GMT", 20),
    ],
)
def test_a_wait_may_be_said_as_a_span_or_as_a_date(
    kind: str, status: int, said: str, seconds: int, source: StandIn
) -> None:
    refusing(source, Reply({}, status, {"Retry-After": said}))
    ask, waited = asking(kind, source)

    ask()

    assert seconds <= sum(waited) < seconds + 1


@pytest.mark.parametrize("kind", ["close", "rest"])
@pytest.mark.parametrize("parted", [",", ";"])
def test_a_wait_may_stand_in_the_limit_itself(
    kind: str, parted: str, source: StandIn
) -> None:
    limit = f"limit=10{parted} remaining=0{parted} reset=20.4"
    refusing(source, Reply({}, 429, {"RateLimit": limit, "Retry-After": ""}))
    ask, waited = asking(kind, source)

    ask()

    assert 20 <= sum(waited) < 22


def test_a_limit_in_short_is_understood_as_well(source: StandIn) -> None:
    refusing(source, Reply({}, 429, {"RateLimit": '"default";r=0;t=20'}))
    ask, waited = asking("close", source)

    ask()

    assert 20 <= sum(waited) < 22


@pytest.mark.parametrize("kind", ["close", "rest"])
@pytest.mark.parametrize("said", ["Mon, 02 Nov 2026 08:00:00 GMT", "0"])
def test_a_moment_that_is_past_is_hardly_a_wait(
    kind: str, said: str, source: StandIn
) -> None:
    refusing(source, Reply({}, 429, {"Retry-After": said}))
    ask, waited = asking(kind, source)

    ask()

    assert sum(waited) < 1


@pytest.mark.parametrize("kind", ["close", "rest"])
@pytest.mark.parametrize("said", ["soon", "-5", "NaN", "1, 2", "", "9" * 400])
def test_what_is_no_wait_is_a_minute(kind: str, said: str, source: StandIn) -> None:
    refusing(source, Reply({}, 429, {"Retry-After": said}))
    ask, waited = asking(kind, source)

    try:
        ask()
    except TryAgainLater as problem:
        assert 60 <= problem.after < 61
    else:
        assert 60 <= sum(waited) < 61


@pytest.mark.parametrize("kind", ["close", "rest"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_beyond_all_sense_is_a_quarter_of_an_hour(
    kind: str, status: int, source: StandIn
) -> None:
    refusing(source, Reply({}, status, {"Retry-After": "999999999"}))
    ask, waited = asking(kind, source)

    with pytest.raises(TryAgainLater) as problem:
        ask()

    assert 900 <= problem.value.after < 901
    assert not waited


@pytest.mark.parametrize("kind", ["close", "rest"])
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 524, 529])
def test_a_trouble_of_any_number_is_asked_about_again(
    kind: str, status: int, source: StandIn
) -> None:
    refusing(source, Reply(b"<h1>Sorry</h1>", status))
    ask, waited = asking(kind, source)

    ask()

    assert len(waited) == 1
