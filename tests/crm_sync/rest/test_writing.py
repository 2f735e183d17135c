"""A declared source takes values where its document says how, and nowhere else."""

from decimal import Decimal
from typing import Any

import pytest

from crm_sync.contract import ConfigurationProblem, ConnectionSettings, TryAgainLater
from crm_sync.providers.rest.provider import RestProvider
from crm_sync.providers.rest.reading import InvalidDocument, read_document
from tests.crm_sync.rest.stand_in import Reply, Request, StandIn, running

HASH = "0123456789abcdef0123456789abcdef01234567"


def document(**write: Any) -> dict[str, Any]:
    rule = {"path": "/deals/{id}", "body": {"{field}": "{value}"}, **write}
    return {
        "source": {"name": "Widget CRM", "base_url": "https://widgets.example/"},
        "streams": {
            "deals": {
                "path": "/deals",
                "records": "data",
                "cursor": {"field": "updated_at"},
                "changed_by": "editor",
                "map": {"amount": {"from": "value", "type": "money_major"}},
                "write": rule,
            }
        },
    }


def preset(source: StandIn, name: str, **credentials: str) -> RestProvider:
    secret = "{" + ", ".join(f'"{k}": "{v}"' for k, v in credentials.items()) + "}"
    options = {"preset": name, "allow_loopback": True, "timeout": 60, "hurry": "0"}
    return RestProvider(ConnectionSettings(source.url, secret, options))


@pytest.mark.parametrize(
    ("name", "key", "field", "path", "body", "emptied"),
    [
        (
            "hubspot",
            "access_token",
            "properties.commission",
            "/crm/v3/objects/deals/7",
            {"properties": {"commission": "12.30"}},
            {"properties": {"commission": ""}},
        ),
        (
            "pipedrive",
            "api_token",
            f"custom_fields.{HASH}",
            "/api/v2/deals/7",
            {"custom_fields": {HASH: 12.30}},
            {"custom_fields": {HASH: None}},
        ),
        (
            "salesforce",
            "access_token",
            "Commission__c",
            "/services/data/v60.0/sobjects/Opportunity/7",
            {"Commission__c": 12.30},
            {"Commission__c": None},
        ),
    ],
)
def test_a_preset_changes_one_field_of_one_deal(
    name: str, key: str, field: str, path: str, body: object, emptied: object
) -> None:
    with running(lambda request: Reply(b"", 204)) as source:
        provider = preset(source, name, **{key: "pat-1"})
        provider.write("deal", "7", field, Decimal("12.30"))
        provider.write("deal", "7", field, None)

    asked = [(one.method, one.path, one.body) for one in source.requests]
    assert asked == [("PATCH", path, body), ("PATCH", path, emptied)]


def test_a_post_names_the_value_so_that_the_source_does_it_once() -> None:
    with running(lambda request: Reply({})) as source:
        given = document(
            method="POST", path="/deals/{id}/fields/{field}", body={"is": "{value}"}
        )
        source.provider(document=given).write("deal", "a/7", "paid", "x", key="k-1")

    (asked,) = source.requests
    assert asked.path == "/deals/a%2F7/fields/paid"
    assert (asked.body, asked.headers["idempotency-key"]) == ({"is": "x"}, "k-1")


@pytest.mark.parametrize(
    ("write", "says"),
    [
        ({"path": "/deals"}, "Say by {id} where the id stands"),
        ({"body": {"a": "b"}}, "Say by {value}, once"),
        ({"body": {"a": "{value}"}}, "Say by {field}, once"),
        ({"path": "https://elsewhere.example/{id}"}, "after the base address"),
        ({"method": "DELETE"}, "method"),
        ({"retries": "9"}, "not known"),
    ],
)
def test_a_write_that_is_not_right_is_refused_with_its_place(
    write: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidDocument) as refused:
        read_document(document(**write))

    said = " ".join(f"{one.path} {one.message}" for one in refused.value.problems)
    assert says in said and "streams.deals.write" in said


@pytest.mark.parametrize("path", ["id", "value", "updated_at", "editor", "a.b", "a/b"])
def test_nothing_that_the_document_reads_is_ever_written(path: str) -> None:
    with running(lambda request: Reply({})) as source:
        provider = source.provider(document=document())
        with pytest.raises(ConfigurationProblem):
            provider.write("deal", "7", path, Decimal(1))

        assert not provider.takes("deal", path)
        assert provider.takes("deal", "commission")
        assert source.requests == []


def test_a_source_whose_document_says_nothing_takes_nothing() -> None:
    given = document()
    del given["streams"]["deals"]["write"]

    with running(lambda request: Reply({})) as source:
        assert source.provider(document=given).writable() == ()


def test_an_amount_goes_digit_by_digit() -> None:
    raw: list[str] = []

    def answer(request: Request) -> Reply:
        raw.append(str(request.body))
        return Reply({})

    with running(answer) as source:
        provider = source.provider(document=document(numbers="text"))
        provider.write("deal", "7", "commission", Decimal("1234567890123.10"))

    assert raw == ["{'commission': '1234567890123.10'}"]


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (403, "Widget CRM does not allow this key to change deals (403)."),
        (404, "Widget CRM has this record no more (404)."),
        (422, "Widget CRM did not take the value (422)"),
        (301, "leads elsewhere"),
    ],
)
def test_each_refusal_is_a_sentence(status: int, says: str) -> None:
    with running(lambda request: Reply({"message": "no"}, status)) as source:
        provider = source.provider(document=document())
        with pytest.raises(ConfigurationProblem) as refused:
            provider.write("deal", "7", "commission", Decimal(1))

    assert says in refused.value.message
    assert len(source.requests) == 1


@pytest.mark.parametrize("fault", ["429", "503"])
def test_what_may_pass_is_asked_later_and_not_repeated_here(fault: str) -> None:
    with running(lambda request: Reply({})) as source:
        source.script = [fault]
        with pytest.raises(TryAgainLater):
            source.provider(document=document()).write("deal", "7", "paid", "x")

    assert len(source.requests) == 1
