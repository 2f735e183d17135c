"""Where a list ends, however its source says so, and what stands in it without a date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from commissions_saas.lib import clock
from crm_sync.contract import ConfigurationProblem, TryAgainLater
from tests.crm_sync.rest.mapped import entries
from tests.crm_sync.rest.stand_in import (
    MONDAY,
    Ledger,
    Reply,
    Request,
    StandIn,
    iso,
    running,
)

Rows = dict[str, dict[str, Any]]


class Numbered:
    """A list in numbered pages, of as many rows as it likes."""

    def __init__(self) -> None:
        self.rows: Rows = {}
        self.most = 10
        self.ends_in_404 = False
        self.ends_in_the_last = False

    def fill(self, count: int) -> None:
        for number in range(1, count + 1):
            self.rows[str(number)] = {"id": number, "updated_at": iso(MONDAY)}

    def answer(self, request: Request) -> Reply:
        size = min(int(request.query["limit"]), self.most)
        at = (int(request.query["page"]) - 1) * size
        if self.ends_in_the_last:
            at = min(at, (len(self.rows) - 1) // size * size)
        rows = list(self.rows.values())[at : at + size]
        if not rows and at and self.ends_in_404:
            return Reply({"detail": "Invalid page."}, 404)
        return Reply({"data": rows, "total": len(self.rows)})


@pytest.fixture
def numbered() -> Numbered:
    return Numbered()


@pytest.fixture
def source(numbered: Numbered) -> Iterator[StandIn]:
    with running(numbered.answer) as server:
        server.now = MONDAY
        yield server


def declared(**more: Any) -> dict[str, Any]:
    page = {"kind": "page", "size_param": "limit", "size": 10, **more.pop("page", {})}
    stream = {"path": "/deals", "records": "data", "page": page, **more}
    return {"source": {"name": "The shop"}, "streams": {"deals": stream}}


def read(source: StandIn, **more: Any) -> Ledger:
    ledger = Ledger()
    ledger.sync(source.provider(document=declared(**more)))
    return ledger


@pytest.mark.parametrize("most", [1, 4, 9, 10])
def test_pages_that_are_shorter_than_asked_are_read_to_the_last_row(
    most: int, numbered: Numbered, source: StandIn
) -> None:
    numbered.fill(41)
    numbered.most = most

    ledger = read(source, page={"total_path": "total"})

    assert set(ledger.live()) == set(numbered.rows)


@pytest.mark.parametrize("count", [10, 41])
def test_a_page_beyond_the_last_may_be_not_found(
    count: int, numbered: Numbered, source: StandIn
) -> None:
    numbered.fill(count)
    numbered.ends_in_404 = True

    assert set(read(source).live()) == set(numbered.rows)


def test_each_page_may_come_twice(numbered: Numbered, source: StandIn) -> None:
    numbered.fill(41)
    source.script = ["", *["again", ""] * 30]

    assert set(read(source).live()) == set(numbered.rows)


@pytest.mark.parametrize("count", [3, 10, 41])
def test_beyond_the_last_page_may_be_the_last_again(
    count: int, numbered: Numbered, source: StandIn
) -> None:
    numbered.fill(count)
    numbered.ends_in_the_last = True

    assert set(read(source).live()) == set(numbered.rows)


def test_an_id_of_any_length_is_refused_by_what_is_wrong_with_it(
    numbered: Numbered, source: StandIn
) -> None:
    numbered.fill(1)
    numbered.rows["long"] = {"id": "x" * 201, "updated_at": iso(MONDAY)}
    numbered.rows["none"] = {"id": "", "updated_at": iso(MONDAY)}

    pages = list(source.provider(document=declared()).pages("deal", {}))

    assert [row.reason for page in pages for row in page.refused] == [
        "Its id is longer than 200 signs.",
        "The record has no id.",
    ]


def test_a_change_of_what_had_no_date_counts_though_our_clock_is_ahead(
    numbered: Numbered, source: StandIn
) -> None:
    numbered.fill(2)
    numbered.rows["1"] |= {"updated_at": None, "amount": 1}
    document = declared(cursor={"field": "updated_at"})
    ledger = Ledger()
    with clock.at(MONDAY + timedelta(days=2)):
        ledger.sync(source.provider(document=document))

    source.now = MONDAY + timedelta(minutes=5)
    edited = iso(MONDAY + timedelta(minutes=4))
    numbered.rows["1"] |= {"updated_at": edited, "amount": 2}
    with clock.at(MONDAY + timedelta(days=2, minutes=5)):
        ledger.sync(source.provider(document=document))

    assert ledger.live()["1"]["amount"] == "2"


def test_a_number_that_is_none_spoils_its_own_record_alone(source: StandIn) -> None:
    body = b'{"data": [{"id": 1, "amount": NaN}, {"id": 2, "amount": 1e3}], "total": 2}'
    source.answer = lambda request: Reply(
        body if request.query["page"] == "1" else {"data": []}
    )

    ledger = read(source)

    assert {id: row["amount"] for id, row in ledger.live().items()} == {
        "1": "NaN",
        "2": "1e3",
    }


def test_ids_are_compared_while_the_source_has_put_its_clock_back(
    numbered: Numbered, source: StandIn
) -> None:
    numbered.fill(2)
    provider = source.provider(document=declared(cursor={"field": "updated_at"}))
    *_, last = provider.pages("deal", {})

    source.now = MONDAY - timedelta(minutes=10)
    *_, behind = provider.pages("deal", last.cursor)
    source.now = MONDAY + timedelta(minutes=1)
    *_, again = provider.pages("deal", behind.cursor)

    assert (behind.compare_ids, again.compare_ids) == (True, False)


def test_as_many_pages_as_may_be_read_are_read(
    numbered: Numbered, source: StandIn
) -> None:
    numbered.fill(20)

    assert set(read(source, page={"max_pages": 2}).live()) == set(numbered.rows)


@pytest.mark.parametrize("kind", ["none", "link_header"])
def test_a_list_without_another_page_may_be_the_only_one(
    kind: str, numbered: Numbered, source: StandIn
) -> None:
    numbered.fill(9)
    source.answer = lambda _: Reply({"data": list(numbered.rows.values())})

    ledger = read(source, page={"kind": kind, "max_pages": 1})

    assert set(ledger.live()) == set(numbered.rows)


def test_more_pages_than_may_be_read_are_told(
    numbered: Numbered, source: StandIn
) -> None:
    numbered.fill(21)

    with pytest.raises(TryAgainLater, match="more at The shop") as told:
        read(source, page={"max_pages": 2})

    assert "max_pages: 2" in told.value.hint


def sent(
    source: StandIn, body: bytes, content_type: str = "application/json"
) -> Ledger:
    source.answer = lambda _: Reply(body, headers={"Content-Type": content_type})
    return read(source, page={"kind": "none"})


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ('{"data": [{"id": 1, "name": "Müller"}]}'.encode("latin-1"), "Müller"),
        ('{"data": [{"id": 1, "name": "Müller"}]}'.encode("utf-16"), "Müller"),
        ('{"data": [{"id": 1, "name": "Mü?"}]}'.encode().replace(b"?", b"\xff"), "Mü�"),
    ],
)
def test_an_answer_that_is_not_in_utf_8_and_does_not_say_so_is_read(
    body: bytes, name: str, source: StandIn
) -> None:
    assert sent(source, body).live()["1"]["name"] == name


def test_letters_that_had_to_be_guessed_are_told(source: StandIn) -> None:
    body = '{"data": [{"id": 1, "name": "Müller"}]}'.encode("latin-1")
    source.answer = lambda _: Reply(body)
    provider = source.provider(document=declared(page={"kind": "none"}))

    assert ["UTF-8" in one for one in provider.probe().warnings] == [True]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html>Log in", "a page for people"),
        (b"", "was empty"),
        (b'{"data": [{"id": 1, "na', "was not complete"),
    ],
)
def test_what_came_instead_of_json_is_told(
    body: bytes, says: str, source: StandIn
) -> None:
    with pytest.raises(TryAgainLater, match=says):
        sent(source, body)


def test_objects_in_a_list_are_text_as_the_source_writes_them(
    source: StandIn,
) -> None:
    rows = [{"id": 1, "tags": "new"}, {"id": 2, "tags": ["a", None, {"b": "ü"}, [5]]}]
    source.answer = lambda _: Reply({"data": rows})
    provider = source.provider(document=declared(page={"kind": "none"}))
    ledger = Ledger()
    ledger.sync(provider)

    assert entries(provider, ledger)["2"]["tags"] == 'a, {"b": "ü"}, ["5"]'


def test_why_no_token_is_given_is_told_without_the_secret(source: StandIn) -> None:
    error = {"error": "invalid_grant", "error_description": "The key s3cret-9 expired."}
    source.answer = lambda _: Reply(error, 400)
    document = declared()
    auth = {"kind": "oauth2_client", "token_url": "/token"}
    document["source"]["auth"] = auth
    secret = '{"client_id": "shop", "client_secret": "s3cret-9"}'

    with pytest.raises(ConfigurationProblem) as told:
        source.provider(secret=secret, document=document).probe()

    assert told.value.message == (
        "The shop gives no new access token (400): The key ••• expired."
    )
