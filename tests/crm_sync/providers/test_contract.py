"""The plain values that the engine and every source share."""

from decimal import Decimal

import pytest

from commissions_saas.lib.errors import ProductError
from crm_sync.connections.differences import compare
from crm_sync.contract import (
    ConfigurationProblem,
    ConnectionSettings,
    Listing,
    TryAgainLater,
    field_name,
    value_at,
)
from crm_sync.json_text import Unreadable, read_object, too_large
from crm_sync.moments import as_version
from crm_sync.providers import kinds, open_provider


@pytest.mark.parametrize(
    ("given", "version"),
    [
        ("2026-11-10T08:59:31.120000+00:00", "2026-11-10T08:59:31.120000Z"),
        ("2026-11-10T08:59:31+00:00", "2026-11-10T08:59:31.000000Z"),
        ("2026-11-10T08:59:31Z", "2026-11-10T08:59:31.000000Z"),
        ("2026-11-10T08:59:31.5", "2026-11-10T08:59:31.500000Z"),
        ("2026-11-10T02:59:31-06:00", "2026-11-10T08:59:31.000000Z"),
        ("2016-12-31T23:59:60+00:00", "2016-12-31T23:59:59.999999Z"),
        ("2016-12-31T23:59:60.250Z", "2016-12-31T23:59:59.999999Z"),
        ("2028-02-29T12:00:00Z", "2028-02-29T12:00:00.000000Z"),
    ],
)
def test_every_way_to_write_a_moment_becomes_text_that_sorts(
    given: str, version: str
) -> None:
    assert as_version(given) == version


@pytest.mark.parametrize(
    "given",
    [
        *("", "yesterday", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59-05:00"),
        *(
            "0001-01-01T00:00:00+05:00",
            None,
            True,
            ["2026-11-10"],
            {"at": "2026-11-10"},
        ),
    ],
)
def test_what_is_no_moment_has_no_version(given: object) -> None:
    with pytest.raises(ValueError):
        as_version(given)


def test_a_path_is_one_key_first_and_then_its_parts() -> None:
    payload = {"custom.cf_1": "a", "lead": {"contacts": [{"name": "Ana"}]}}

    assert value_at(payload, "custom.cf_1") == "a"
    assert value_at(payload, "lead.contacts.0.name") == "Ana"
    assert value_at(payload, "lead.contacts.1.name") is None
    assert value_at(payload, "lead.nothing.at.all") is None


def test_a_label_becomes_a_name_for_formulas() -> None:
    assert field_name("Dealer fee (USD)") == "dealer_fee_usd"
    assert field_name("2nd Owner") == "f_2nd_owner"
    assert field_name("日本") == "f_"


def test_nothing_is_missing_from_a_listing_that_is_not_complete() -> None:
    known = {"a": "1", "b": "1", "c": "2"}

    whole = compare(Listing({"b": "2", "c": "2", "d": "1"}, complete=True), known)
    part = compare(Listing({"b": "2", "c": "2", "d": "1"}, complete=False), known)

    assert (whole.missing, whole.unknown, whole.stale) == (("a",), ("d",), ("b",))
    assert (part.missing, part.unknown, part.stale) == ((), ("d",), ("b",))


def test_both_errors_are_for_a_person_to_read() -> None:
    problem = ConfigurationProblem("It is refused.", "Replace the key.", 401)
    later = TryAgainLater("It is busy.", after=Decimal("2.5"))

    assert isinstance(problem, ProductError)
    assert isinstance(later, ProductError)
    assert str(problem) == "It is refused. Replace the key."
    assert (problem.status, later.after) == (401, Decimal("2.5"))


def test_a_kind_that_nobody_registered_is_refused_with_those_that_exist() -> None:
    assert kinds() == ("close", "files", "rest", "webhook")
    with pytest.raises(ConfigurationProblem, match="close, files"):
        open_provider("fax", ConnectionSettings())


def test_every_number_stays_the_text_that_was_sent() -> None:
    body = b'{"a": 1999.90, "b": 1e3, "c": 12345678901234567890.123456789, "d": 7}'

    assert read_object(body) == {
        "a": "1999.90",
        "b": "1e3",
        "c": "12345678901234567890.123456789",
        "d": "7",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1',
        b"\xff\xfe",
        b'{"a":' + b"[" * 100_000,
    ],
)
def test_what_is_no_json_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_object(body)


def test_text_that_no_database_holds_is_replaced_and_the_rest_is_not() -> None:
    body = rb'{"name": "a\u0000b \ud800 \ud83d\ude00 \\u0000"}'

    assert read_object(body) == {"name": "a\ufffdb \ufffd 😀 \\u0000"}


def test_a_record_is_too_large_when_deep_or_with_many_keys() -> None:
    deep: object = {}
    for _ in range(40):
        deep = {"in": deep}

    assert too_large(deep)
    assert too_large({str(n): n for n in range(10_001)})
    assert not too_large({str(n): [n] for n in range(4_000)})
