"""A declared source under every fault: what is here is what is there, field by field."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest

from crm_sync.contract import ConfigurationProblem, TryAgainLater
from tests.crm_sync.rest.stand_in import (
    MONDAY,
    Ledger,
    Reply,
    Request,
    StandIn,
    as_text,
    iso,
    running,
)

STREAM: dict[str, Any] = {
    "path": "/deals",
    "records": "data",
    "one": {"path": "/deals/{id}", "record": "data"},
}
CHANGES = {"field": "updated_at", "param": "since", "order": "asc", "lookback": "5min"}
PAGES: dict[str, dict[str, Any]] = {
    "page": {"kind": "page", "size_param": "limit", "size": 10},
    "offset": {"kind": "offset", "size_param": "limit", "size": 10},
    "cursor": {
        "kind": "cursor",
        "token_path": "next",
        "size_param": "limit",
        "size": 10,
    },
    "next_url": {"kind": "next_url", "token_path": "next_url"},
    "link_header": {"kind": "link_header"},
}


@dataclass
class Shop:
    """Deals behind an interface that can be asked in every way of paging."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    clock: int = 0
    forbidden: bool = False

    def put(self, id: str, *, at: int | None = None, **values: Any) -> None:
        if at is None:
            self.clock += 1
            at = self.clock
        when = iso(MONDAY + timedelta(seconds=at))
        before = self.rows.pop(id, {"id": int(id), "amount": 10.5, "stage": "open"})
        self.rows[id] = {**before, **values, "updated_at": when}

    def fill(self, count: int, **values: Any) -> None:
        for number in range(1, count + 1):
            self.put(str(number), name=f"Deal {number}", **values)

    def truth(self) -> dict[str, Any]:
        return {id: as_text(row) for id, row in sorted(self.rows.items())}

    def answer(self, request: Request) -> Reply:
        if self.forbidden:
            return Reply({"message": "no scope for key-of-the-test"}, 403)
        if request.path.startswith("/deals/"):
            row = self.rows.get(request.path.removeprefix("/deals/"))
            return Reply({"data": row}) if row else Reply({}, 404)
        rows = sorted(self.rows.values(), key=lambda r: (r["updated_at"], r["id"]))
        since = request.query.get("since", "")
        rows = [row for row in rows if row["updated_at"][:19] >= since[:19]]
        size = int(request.query.get("limit", 10))
        at = int(request.query.get("offset") or 0)
        if "page" in request.query:
            at = (int(request.query["page"]) - 1) * size
        if request.query.get("cursor"):
            at = int(request.query["cursor"].removeprefix("c"))
        more = at + size < len(rows)
        link = f"/deals?offset={at + size}" + (f"&since={since}" if since else "")
        return Reply(
            {
                "data": rows[at : at + size],
                "next": f"c{at + size}" if more else None,
                "next_url": link if more else None,
            },
            headers={"Link": f'<{link}>; rel="next"'} if more else {},
        )


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def source(shop: Shop) -> Iterator[StandIn]:
    with running(shop.answer) as server:
        yield server


def declared(kind: str = "offset", **more: Any) -> dict[str, Any]:
    auth = {"kind": "bearer"}
    stream = {**STREAM, "page": PAGES[kind], "cursor": CHANGES, **more}
    return {
        "source": {"name": "The shop", "auth": auth},
        "streams": {"deals": {k: v for k, v in stream.items() if v is not None}},
    }


def read(source: StandIn, ledger: Ledger, **options: Any) -> None:
    ledger.sync(source.provider(**options))


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("cursor", [CHANGES, {**CHANGES, "order": "none"}, None])
def test_every_way_of_paging_reads_all_and_then_what_changed(
    kind: str, cursor: Any, shop: Shop, source: StandIn
) -> None:
    shop.fill(37)
    document = declared(kind, cursor=cursor)
    ledger = Ledger()

    read(source, ledger, document=document)
    assert ledger.live() == shop.truth()
    assert source.requests[0].headers["authorization"] == "Bearer key-of-the-test"

    shop.put("3", amount=1999.90, name="Ünïcode & +plus")
    shop.put("99", name="New")
    read(source, ledger, document=document)
    assert ledger.live() == shop.truth()
    assert ledger.live()["3"]["amount"] == "1999.9"


@pytest.mark.parametrize("kind", PAGES)
def test_what_is_gone_is_known_by_comparing_ids(
    kind: str, shop: Shop, source: StandIn
) -> None:
    shop.fill(25)
    document = declared(kind, cursor=None)
    ledger = Ledger()
    read(source, ledger, document=document)

    del shop.rows["7"]
    shop.put("8", name="Renamed")
    read(source, ledger, document=document)

    assert ledger.live() == shop.truth()


def test_where_no_single_record_can_be_read_a_second_list_confirms_what_is_gone(
    shop: Shop, source: StandIn
) -> None:
    shop.fill(25)
    document = declared(cursor=None, one=None)
    ledger = Ledger()
    read(source, ledger, document=document)
    del shop.rows["7"]

    read(source, ledger, document=document)
    assert ledger.live() == shop.truth()

    shop.rows.clear()
    read(source, ledger, document=document)
    assert len(ledger.live()) == 24  # a key that sees nothing deletes nothing


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("seed", range(3))
def test_every_fault_at_once_leaves_no_difference(
    kind: str, seed: int, shop: Shop, source: StandIn
) -> None:
    chance = random.Random(seed)
    shop.fill(60)
    document = declared(kind)
    ledger = Ledger()
    faults = ["429", "500", "503", "cut", "again", "", "", ""]

    def busy(request: Request) -> None:
        """Somebody edits, adds and takes away while it is read."""
        if chance.random() < 0.6:
            shop.put(str(chance.randint(1, 60)), amount=chance.randint(1, 10**6) / 100)
        if chance.random() < 0.2:
            shop.put(str(100 + len(shop.rows)), name="Another")

    for _ in range(3):
        source.before = busy
        source.script = [chance.choice(faults) for _ in range(40)]
        with contextlib.suppress(TryAgainLater):
            read(source, ledger, document=document)
        source.before, source.script = None, []
        shop.clock += 1
        read(source, ledger, document=document)
        assert ledger.live() == shop.truth()


@pytest.mark.parametrize("kind", PAGES)
def test_rows_of_one_moment_on_the_border_of_pages_are_all_met(
    kind: str, shop: Shop, source: StandIn
) -> None:
    shop.fill(5)
    document = declared(kind)
    ledger = Ledger()
    read(source, ledger, document=document)
    for number in range(100, 145):
        shop.put(str(number), at=500, name="One moment")
    late = iter(range(200, 220))

    def busy(request: Request) -> None:
        number = next(late, None)
        if number is not None:
            shop.put(str(number), at=500, name="The same moment, later")

    source.before = busy
    read(source, ledger, document=document)
    source.before = None
    read(source, ledger, document=document)

    assert ledger.live() == shop.truth()


def test_one_record_from_the_future_does_not_hide_all_others(
    shop: Shop, source: StandIn
) -> None:
    source.now = MONDAY + timedelta(hours=1)
    shop.fill(5)
    shop.put("6", at=86_400 * 300)
    document = declared()
    ledger = Ledger()
    read(source, ledger, document=document)

    shop.put("1", at=3_500, name="Changed after")
    read(source, ledger, document=document)

    assert ledger.live() == shop.truth()


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_source_whose_clock_is_wrong_loses_nothing(
    hours: int, shop: Shop, source: StandIn
) -> None:
    source.now = MONDAY + timedelta(hours=hours)
    shop.fill(15)
    document = declared()
    ledger = Ledger()

    for number in range(3):
        shop.put(str(number + 1), name=f"Changed {number}")
        read(source, ledger, document=document)

        assert ledger.live() == shop.truth()


def test_a_run_that_is_cut_off_goes_on_where_it_was(
    shop: Shop, source: StandIn
) -> None:
    shop.fill(5)
    document = declared(cursor={**CHANGES, "lookback": "0s"})
    ledger = Ledger()
    read(source, ledger, document=document)
    for number in range(6, 106):
        shop.put(str(number))
    pages = source.provider(document=document).pages("deal", ledger.cursor)
    for page in islice(pages, 5):
        for record in page.records:
            ledger.take(record)
        ledger.cursor = page.cursor
    asked = len(source.requests)

    read(source, ledger, document=document)

    assert ledger.live() == shop.truth()
    assert len(source.requests) - asked < 12


def test_a_restricted_key_stops_the_reading_and_takes_nothing_for_deleted(
    shop: Shop, source: StandIn
) -> None:
    shop.fill(15)
    ledger = Ledger()
    read(source, ledger, document=declared())
    shop.forbidden = True

    with pytest.raises(ConfigurationProblem) as problem:
        read(source, ledger, document=declared())

    assert problem.value.status == 403
    assert str(problem.value).startswith(
        "The shop does not allow this to be read (403): no scope for •••."
    )
    assert ledger.live() == shop.truth()


def test_a_missing_list_is_an_error_and_no_empty_list(source: StandIn) -> None:
    document = declared(records="results")

    with pytest.raises(ConfigurationProblem, match="has no list at results"):
        read(source, Ledger(), document=document)


def test_a_link_to_another_server_is_not_followed(shop: Shop, source: StandIn) -> None:
    with running(shop.answer) as other:
        source.answer = lambda request: Reply(
            {"data": [{"id": 1}], "next_url": f"{other.url}deals?offset=10"}
        )

        with pytest.raises(ConfigurationProblem, match="another server"):
            read(source, Ledger(), document=declared("next_url"))

        assert other.requests == []


def test_a_page_that_leads_to_itself_ends_with_an_error(source: StandIn) -> None:
    source.answer = lambda request: Reply({"data": [{"id": 1}], "next": "c1"})

    with pytest.raises(TryAgainLater, match="the same page"):
        read(source, Ledger(), document=declared("cursor"))


def test_a_record_without_an_id_is_refused_alone(shop: Shop, source: StandIn) -> None:
    shop.fill(3)
    shop.rows["2"] = {"name": "No id", "updated_at": iso(MONDAY)}
    shop.rows["2"]["id"] = ""

    pages = list(source.provider(document=declared()).pages("deal", {}))

    assert {r.external_id for p in pages for r in p.records} == {"1", "3"}
    assert [row.reason for p in pages for row in p.refused] == ["The record has no id."]


@pytest.mark.parametrize(
    ("given", "header"),
    [
        ({"Retry-After": "30"}, "retry-after"),
        ({"Retry-After": "Mon, 02 Nov 2026 09:00:30 GMT"}, "retry-after"),
        ({"X-Reset": "1793610030"}, "x-reset"),
        ({"X-RateLimit-Reset": "30"}, "retry-after"),
    ],
)
def test_a_source_is_left_alone_for_as_long_as_it_says(
    given: dict[str, str], header: str, shop: Shop, source: StandIn
) -> None:
    source.now = MONDAY
    shop.fill(1)
    document = declared()
    kind = "epoch" if header == "x-reset" else "seconds"
    document["source"]["rate"] = {"header": header, "retry_after": kind}
    answers = [Reply({}, 429, given)]
    source.answer = lambda request: answers.pop() if answers else shop.answer(request)
    waited: list[Any] = []
    provider = source.provider(document=document)
    provider._transport._sleep = waited.append

    list(provider.pages("deal", {}))

    assert 30 <= waited[0] < 31


def test_a_long_wait_is_left_to_the_job(source: StandIn) -> None:
    source.answer = lambda request: Reply({}, 429, {"Retry-After": "600"})

    with pytest.raises(TryAgainLater) as problem:
        read(source, Ledger(), document=declared())

    assert problem.value.after >= 600


def test_a_key_that_sees_far_less_than_before_deletes_nothing(
    shop: Shop, source: StandIn
) -> None:
    shop.fill(60)
    document = declared(cursor=None)
    ledger = Ledger()
    read(source, ledger, document=document)
    kept = dict(shop.rows)

    shop.rows = {id: row for id, row in kept.items() if int(id) <= 12}
    read(source, ledger, document=document)
    assert len(ledger.live()) == 60

    shop.rows = {id: row for id, row in kept.items() if int(id) <= 45}
    read(source, ledger, document=document)
    assert ledger.live() == shop.truth()
