"""Answers of many shapes: rows in rows, objects by their ids, deletes that are null."""

import base64
from typing import Any

import pytest

from crm_sync.connections.words import from_epoch
from crm_sync.contract import ConfigurationProblem
from tests.crm_sync.rest.stand_in import Ledger, Reply, Request, running

DEALS: list[dict[str, Any]] = [{"id": n, "name": f"Deal {n}"} for n in (1, 2, 3)]


def declared(records: str, *, source: Any = None, **stream: Any) -> dict[str, Any]:
    return {
        "source": {"name": "Shop", "base_url": "https://shop.example/", **source}
        if source
        else {"name": "Shop", "base_url": "https://shop.example/"},
        "streams": {"deals": {"path": "/deals", "records": records, **stream}},
    }


def read(answer: Any, document: dict[str, Any], secret: str = "key") -> Ledger:
    ledger = Ledger()
    with running(lambda request: Reply(answer)) as source:
        ledger.sync(source.provider(secret, document=document))
    return ledger


def test_what_each_edge_has_is_a_row() -> None:
    edges = [{"cursor": str(n), "node": one} for n, one in enumerate(DEALS)]

    ledger = read({"data": {"deals": {"edges": edges}}}, declared(EDGES))

    assert list(ledger.live()) == ["1", "2", "3"]
    assert ledger.live()["1"] == {"id": "1", "name": "Deal 1"}, "without its cursor"


def test_an_edge_without_a_row_is_no_empty_list() -> None:
    edges = [{"node": DEALS[0]}, {"node": None}]

    with pytest.raises(ConfigurationProblem, match="has no list at"):
        read({"data": {"deals": {"edges": edges}}}, declared(EDGES))


def test_an_object_is_a_list_of_its_values_where_that_is_said() -> None:
    answer = {"deals": {f"d{n}": {"name": f"Deal {n}"} for n in (1, 2)}}

    ledger = read(answer, declared("deals[*]", key=["key"]))

    assert ledger.live() == {
        "d1": {"key": "d1", "name": "Deal 1"},
        "d2": {"key": "d2", "name": "Deal 2"},
    }
    assert list(read({"deals": DEALS}, declared("deals[*]")).live()) == ["1", "2", "3"]
    with pytest.raises(ConfigurationProblem, match="has no list at"):
        read(answer, declared("deals"))


def test_a_record_whose_data_is_null_is_gone_and_one_without_any_is_not() -> None:
    rows = [{"id": n, "data": {"name": "x"} if n < 3 else None} for n in (1, 2, 3)]
    flag = {"kind": "flag", "path": "data", "value": "null"}

    there = read({"rows": rows}, declared("rows", deletes=flag)).live()
    wrong = declared("rows", deletes={**flag, "path": "daat"})

    assert list(there) == ["1", "2"]
    assert list(read({"rows": rows}, wrong).live()) == ["1", "2", "3"]


def test_a_key_may_be_the_name_of_a_user_who_has_no_password() -> None:
    wanted = "Basic " + base64.b64encode(b"sk_live:").decode()

    def answer(request: Request) -> Reply:
        if request.headers.get("authorization") != wanted:
            return Reply({"error": "Invalid API Key"}, 401)
        return Reply({"data": DEALS})

    auth = {"kind": "basic", "username": "key", "password": ""}
    document = declared("data", source={"auth": auth})
    ledger = Ledger()
    with running(answer) as source:
        ledger.sync(source.provider('{"key": "sk_live"}', document=document))

    assert list(ledger.live()) == ["1", "2", "3"]


def test_a_moment_of_older_odata_is_read() -> None:
    assert from_epoch("/Date(1762300800000)/") == "2025-11-05T00:00:00+00:00"
    assert from_epoch("/Date(1762300800000+0100)/") == "2025-11-05T00:00:00+00:00"
    assert from_epoch("/Date(soon)/") == "/Date(soon)/"


EDGES = "data.deals.edges[*].node"
