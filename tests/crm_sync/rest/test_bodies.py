"""What is asked for in the body of a request, and where the next page is told."""

from typing import Any

import pytest

from crm_sync.providers.rest.document import Paging, Part
from crm_sync.providers.rest.questions import question_of
from tests.crm_sync.rest.stand_in import Ledger, Reply, Request, running

FIRST = {"size": "50", "token": "", "since": ""}
LATER = {"size": "50", "token": "abc", "since": "2026-11-02"}
QUERY = "query($after: String) { deals(after: $after) { nodes { id } } }"


@pytest.mark.parametrize(
    ("body", "first", "later"),
    [
        (
            {"page": {"cursor": "{token}", "size": "{size}"}, "archived": None},
            {"page": {"size": 50}, "archived": None},
            {"page": {"cursor": "abc", "size": 50}, "archived": None},
        ),
        (
            {"query": QUERY, "variables": {"after": "{token}", "from": "{since}"}},
            {"query": QUERY, "variables": {}},
            {"query": QUERY, "variables": {"after": "abc", "from": "2026-11-02"}},
        ),
        (
            {"object": "deals", "query": {"range": {"at": {"gte": "{since}"}}}},
            {"object": "deals"},
            {"object": "deals", "query": {"range": {"at": {"gte": "2026-11-02"}}}},
        ),
        (
            {"filters": [{"field": "at", "op": "GTE", "value": "{since}"}], "n": 5},
            {"filters": [], "n": 5},
            {"filters": [{"field": "at", "op": "GTE", "value": "2026-11-02"}], "n": 5},
        ),
        (
            {"filter": {"field": "at", "op": "GTE", "value": "{since}"}, "n": 5},
            {"n": 5},
            {"filter": {"field": "at", "op": "GTE", "value": "2026-11-02"}, "n": 5},
        ),
        ({"since": "{since}", "n": 5}, {"n": 5}, {"since": "2026-11-02", "n": 5}),
    ],
)
def test_a_body_leaves_out_what_is_not_known_yet_and_nothing_else(
    body: Any, first: Any, later: Any
) -> None:
    part = Part(path="/search", method="POST", body=body, page=Paging())

    assert question_of(part, FIRST).body == first
    assert question_of(part, LATER).body == later


@pytest.mark.parametrize(
    "said",
    [
        '<{}>; rel="next"',
        "<{}>; rel=next",
        "<http://else.example/>; rel='prev', <{}>; rel='next last'",
        '<http://else.example/>; rel="first"; title="a, b", <{}>; title="c, d"; rel=next',
        '<{}>; title="<x>, rel=prev"; rel="last next"',
    ],
)
def test_the_next_page_stands_in_the_header_however_that_is_written(said: str) -> None:
    def answer(request: Request) -> Reply:
        page = int(request.query.get("page", "1"))
        link = said.format(f"/deals?page={page + 1}") if page < 3 else ""
        return Reply([{"id": page, "name": "Deal"}], headers={"Link": link})

    ledger = Ledger()
    with running(answer) as source:
        ledger.sync(source.provider(document=LISTED))

    assert set(ledger.live()) == {"1", "2", "3"}


LISTED = {
    "source": {"name": "Shop", "base_url": "https://shop.example/"},
    "streams": {
        "deals": {"path": "/deals", "records": "$", "page": {"kind": "link_header"}}
    },
}
