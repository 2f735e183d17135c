"""What servers do that no document says: totals that lie, errors dressed as answers,
tokens that end, ids with slashes, pages that are too large."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import unquote

import pytest

from crm_sync.contract import (
    ConfigurationProblem,
    ConnectionSettings,
    RemoteRecord,
    TryAgainLater,
)
from crm_sync.outgoing.sessions import LARGEST_ANSWER
from crm_sync.providers.rest.provider import RestProvider
from tests.crm_sync.rest.stand_in import (
    MONDAY,
    Answer,
    Ledger,
    Reply,
    Request,
    StandIn,
    iso,
    running,
)

ROWS: list[dict[str, Any]] = [
    {"id": number, "updated_at": iso(MONDAY), "name": f"Deal {number}"}
    for number in range(1, 34)
]
ALL = sorted(str(row["id"]) for row in ROWS)


def declared(source: dict[str, Any] | None = None, **stream: Any) -> dict[str, Any]:
    deals = {"path": "/deals", "records": "data", **stream}
    return {
        "source": {"name": "The shop", **(source or {})},
        "streams": {"deals": deals},
    }


def read(source: StandIn, document: dict[str, Any], secret: str = "key") -> Ledger:
    ledger = Ledger()
    ledger.sync(source.provider(secret, document=document))
    return ledger


def slices(request: Request, most: int = 8) -> tuple[list[Any], int]:
    """The rows from an offset on, never as many as were asked for."""
    at = int(request.query.get("offset", 0))
    return ROWS[at : at + most], at + most


def of_the_page(request: Request) -> Reply:
    rows, _ = slices(request)
    return Reply({"data": rows, "total": len(rows)})


def numbered_of_the_page(request: Request) -> Reply:
    at = (int(request.query["page"]) - 1) * 8
    rows = ROWS[at : at + 8]
    if not rows:
        return Reply({"message": "there is no such page"}, 400)
    return Reply({"data": rows, "total": at + len(rows)})


@pytest.mark.parametrize(
    ("answer", "kind"), [(of_the_page, "offset"), (numbered_of_the_page, "page")]
)
def test_a_total_that_lies_ends_no_list(answer: Answer, kind: str) -> None:
    page = {"kind": kind, "size_param": "limit", "size": 20, "total_path": "total"}

    with running(answer) as source:
        assert sorted(read(source, declared(page=page)).live()) == ALL


def test_a_first_page_for_every_number_is_said() -> None:
    page = {"kind": "page", "size": 10, "param": "p", "total_path": "total"}

    with running(lambda request: Reply({"data": ROWS[:10]})) as source:
        ledger = read(source, declared(page=page))
    with (
        running(lambda request: Reply({"data": ROWS[:10], "total": 33})) as source,
        pytest.raises(ConfigurationProblem, match="when asked for the second by “p”"),
    ):
        read(source, declared(page=page))

    assert "If it has more than 10 records" in ledger.warnings[0]


def test_pages_that_lead_in_a_circle_end_with_an_error() -> None:
    following = {"": "a", "a": "b", "b": "c", "c": "a"}

    def answer(request: Request) -> Reply:
        here = request.query.get("cursor", "")
        return Reply({"data": [{"id": here or "first"}], "next": following[here]})

    with (
        running(answer) as source,
        pytest.raises(TryAgainLater, match="the same page"),
    ):
        read(source, declared(page={"kind": "cursor", "token_path": "next"}))

    assert len(source.requests) < 15


def test_a_list_by_key_may_begin_with_the_row_that_was_named() -> None:
    def answer(request: Request) -> Reply:
        since = int(request.query.get("from", 0))
        return Reply({"data": [row for row in ROWS if int(row["id"]) >= since][:8]})

    with running(answer) as source:
        page = {"kind": "keyset", "param": "from", "size": 8}
        assert sorted(read(source, declared(page=page)).live()) == ALL


def test_a_name_with_a_dot_in_it_leads_to_the_next_page() -> None:
    def answer(request: Request) -> Reply:
        rows, after = slices(request)
        more = {"@odata.nextLink": f"/deals?offset={after}"} if ROWS[after:] else {}
        return Reply({"d": {"data": rows, **more}})

    page = {"kind": "next_url", "token_path": "d.@odata.nextLink"}
    with running(answer) as source:
        document = declared(records="d.data", page=page)
        assert sorted(read(source, document).live()) == ALL


def test_what_leads_to_the_next_page_may_stand_in_a_header() -> None:
    def answer(request: Request) -> Reply:
        rows, after = slices(request)
        return Reply(
            {"data": rows}, 200, {"X-Next": str(after) if ROWS[after:] else ""}
        )

    page = {"kind": "cursor", "param": "offset", "token_header": "X-Next"}
    with running(answer) as source:
        assert sorted(read(source, declared(page=page)).live()) == ALL


def test_any_id_is_asked_for_as_it_is() -> None:
    ids = ["ord/7", "ä 1", "50%", "a?b#c", "1:2", "x@y"]

    def answer(request: Request) -> Reply:
        if request.path == "/deals":
            return Reply({"data": [{"id": id} for id in ids]})
        id = unquote(request.path.removeprefix("/deals/"))
        return Reply({"id": id} if id in ids else {}, 200 if id in ids else 404)

    with running(answer) as source:
        document = declared(one={"path": "/deals/{id}"})
        provider = source.provider(document=document)
        found = [provider.read_one("deal", id) for id in [*ids, "else"]]

    assert [one and one.external_id for one in found] == [*ids, None]


@pytest.mark.parametrize("value", [None, "", False, 0, "no", "2026-11-02", True, "Y"])
def test_a_flag_without_a_value_is_anything_that_is_not_no(value: Any) -> None:
    is_gone = value in ("2026-11-02", True, "Y")
    rows = [{"id": 1, "deleted_at": value}, {"id": 2}]

    with running(lambda request: Reply({"data": rows})) as source:
        document = declared(deletes={"kind": "flag", "path": "deleted_at"})
        pages = list(source.provider(document=document).pages("deal", {}))

    found: list[RemoteRecord] = [one for page in pages for one in page.records]
    assert [one.deleted for one in found] == [is_gone, False]


ERRORS: list[tuple[Any, str]] = [
    ({"success": False, "error": "down for the night", "data": None}, "down for"),
    ({"data": [], "errors": [{"message": "no rights"}]}, "no rights"),
    (
        {"status": "error", "message": "key-of-the-shop is old", "data": []},
        "••• is old",
    ),
    ({"ok": False}, "it does not say which"),
]


@pytest.mark.parametrize(("said", "words"), ERRORS)
def test_an_error_dressed_as_an_answer_is_no_empty_list(said: Any, words: str) -> None:
    answers = [said] * 2 + [{"data": ROWS}]

    def answer(request: Request) -> Reply:
        return Reply(answers.pop(0) if answers[1:] else answers[0])

    with running(answer) as source:
        secret, kept = "key-of-the-shop", {"kind": "bearer"}
        found = read(source, declared({"auth": kept}), secret).live()
        source.answer = lambda request: Reply(said)
        with pytest.raises(ConfigurationProblem, match=words):
            read(source, declared({"auth": kept}), secret)

    assert sorted(found) == ALL


WELL: dict[str, Any] = {
    "success": True,
    "error": None,
    "errors": [],
    "status": "ok",
    "data": [],
}


@pytest.mark.parametrize(
    "reply",
    [
        Reply(WELL),
        Reply({"data": [], "error": "No records found"}),
        Reply(b"", 204),
    ],
)
def test_what_only_says_that_it_has_nothing_is_an_empty_list(reply: Reply) -> None:
    with running(lambda request: reply) as source:
        assert read(source, declared(one={"path": "/deals/{id}"})).live() == {}


def test_an_error_about_one_record_does_not_make_it_deleted() -> None:
    said = {"success": False, "error": "too many requests", "data": None}
    one = {"path": "/deals/{id}", "record": "data"}

    with running(lambda request: Reply(said)) as source:
        provider = source.provider(document=declared(one=one))
        with pytest.raises(TryAgainLater, match="too many requests"):
            provider.read_one("deal", "1")
        said["error"] = "Deal not found"
        assert provider.read_one("deal", "1") is None


def test_what_is_declared_fatal_is_asked_once() -> None:
    with running(lambda request: Reply({"message": "closed"}, 503)) as source:
        with pytest.raises(ConfigurationProblem, match="closed"):
            read(source, declared({"fatal": [503]}))
        assert len(source.requests) == 1


@pytest.mark.parametrize("charset", ["ISO-8859-1", "utf-8"])
def test_an_answer_in_another_encoding_is_read(charset: str) -> None:
    body = '{"data": [{"id": 1, "name": "Grüße"}]}'.encode(charset)
    kind = {"Content-Type": f"application/json; charset={charset}"}

    with running(lambda request: Reply(body, 200, kind)) as source:
        found = read(source, declared()).live()

    assert found["1"]["name"] == "Grüße"


def test_a_record_that_says_two_things_under_one_name_is_refused_alone() -> None:
    body = (
        b'{"data": [{"id": 1, "a": {"b": 1, "b": 2}}, {"id": 2, "a": 1, "a": 1},'
        b' {"id": 3, "\\u0000": "\\ud800"}], "data2": 1}'
    )

    with running(lambda request: Reply(body)) as source:
        pages = list(source.provider(document=declared()).pages("deal", {}))

    refused = [one for page in pages for one in page.refused]
    assert [(one.external_id, one.reason) for one in refused] == [
        ("1", "“b” is there twice, with two values.")
    ]
    assert sorted(one.external_id for page in pages for one in page.records) == [
        "2",
        "3",
    ]


@pytest.mark.parametrize("key", ["key\u2026cut", "one\ntwo"])
def test_a_key_that_cannot_be_sent_is_said_and_not_tried(key: str) -> None:
    with running(lambda request: Reply({"data": ROWS})) as source:
        document = declared({"auth": {"kind": "bearer"}})
        with pytest.raises(ConfigurationProblem, match="“token” has a sign in it"):
            read(source, document, key)
        read(source, document, json.dumps({"token": " pasted\n"}))
        assert source.requests[0].headers["authorization"] == "Bearer pasted"


class Guarded:
    """A source whose tokens count for a few requests, and whose client is known by its
    header alone."""

    def __init__(self) -> None:
        self.token, self.left, self.short = 0, 0, 0

    def answer(self, request: Request) -> Reply:
        if request.path == "/token":
            pair = base64.b64encode(b"shop:s%2Bcret").decode()
            if request.headers.get("authorization") != f"Basic {pair}":
                return Reply({"error": "invalid_client"}, 400)
            self.token += 1
            self.left = 0 if self.token == self.short else 9
            return Reply({"access_token": f"t{self.token}"})
        self.left -= 1
        if request.headers["authorization"] != f"Bearer t{self.token}" or self.left < 0:
            return Reply({"error": "expired"}, 401)
        return Reply({"data": ROWS})


def test_a_token_that_comes_cut_off_is_asked_for_again() -> None:
    guarded = Guarded()
    auth = {"kind": "oauth2_client", "token_url": "/token"}

    with running(guarded.answer) as source:
        source.script = ["", "cut"]
        secret = '{"client_id": "shop", "client_secret": "s+cret"}'
        ledger = read(source, declared({"auth": auth}), secret)

    assert sorted(ledger.live()) == ALL


@pytest.mark.parametrize("nth", [2, 3])
def test_a_token_that_ends_while_the_source_fails_is_renewed_again(nth: int) -> None:
    guarded = Guarded()
    auth = {"kind": "oauth2_client", "token_url": "/token"}

    with running(guarded.answer) as source:
        provider = source.provider(
            '{"client_id": "shop", "client_secret": "s+cret"}',
            document=declared({"auth": auth}),
        )
        ledger = Ledger()
        ledger.sync(provider)
        guarded.left = 0
        guarded.short = guarded.token + 1 if nth == 3 else 0
        source.script = ["", *[""] * (nth - 1), "503"]
        ledger.sync(provider)

    assert sorted(ledger.live()) == ALL


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones() -> None:
    asked = []

    def answer(request: Request) -> Reply:
        at, size = int(request.query.get("offset", 0)), int(request.query["limit"])
        asked.append(size)
        return Reply(
            b" " * (LARGEST_ANSWER + 1)
            if size > 10
            else {"data": ROWS[at : at + size], "more": bool(ROWS[at + size :])}
        )

    page = {"kind": "offset", "size": 40, "has_more_path": "more"}
    with running(answer) as source:
        document = declared(page={**page, "size_param": "limit"})
        assert sorted(read(source, document).live()) == ALL
        assert asked[:3] == [40, 20, 10]

        source.answer = lambda request: Reply(b" " * (LARGEST_ANSWER + 1))
        with pytest.raises(ConfigurationProblem, match="more than 20 MB") as problem:
            read(source, declared(page=page))

    assert "(size_param)" in problem.value.hint


def test_a_refresh_token_that_another_worker_has_used_is_not_used_again() -> None:
    used: list[str] = []

    def answer(request: Request) -> Reply:
        if request.path == "/token":
            used.append(request.body["refresh_token"])
            if used[-1] != f"r{len(used)}":
                return Reply({"error": "invalid_grant"}, 400)
            said = {
                "access_token": f"a{len(used)}",
                "refresh_token": f"r{len(used) + 1}",
            }
            return Reply(said)
        is_new = request.headers["authorization"] == f"Bearer a{len(used)}"
        return Reply({"data": ROWS}, 200 if used and is_new else 401)

    kept = ['{"client_id": "c", "client_secret": "s", "refresh_token": "r1"}']
    document = declared({"auth": {"kind": "oauth2_refresh", "token_url": "/token"}})
    with running(answer) as source:
        workers = [
            RestProvider(
                ConnectionSettings(
                    source.url,
                    kept[0],
                    {"allow_loopback": True, "document": document},
                    wait=lambda seconds: None,
                    keep=lambda secret: kept.__setitem__(0, secret),
                    kept=lambda: kept[0],
                )
            )
            for _ in range(2)
        ]
        found = [list(worker.pages("deal", {})) for worker in workers]

    assert used == ["r1"]
    assert [len(pages[0].records) for pages in found] == [33, 33]
