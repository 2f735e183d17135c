"""A value is written into a custom field of Close, and every refusal says why."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from crm_sync.contract import ConfigurationProblem, TryAgainLater
from crm_sync.providers.writes import Writes
from tests.crm_sync.providers.close_source import Source


@pytest.fixture
def field(close: Source) -> Iterator[str]:
    yield close.account.add_custom_field("Commission", "number")


def writer(close: Source, key: str = "") -> Writes:
    provider = close.provider(key)
    assert isinstance(provider, Writes)
    return provider


def stored(close: Source, deal: str, field: str) -> object:
    return close.account.store.doc(deal).get(f"custom.{field}")


def test_an_amount_is_written_digit_by_digit_and_nothing_else_changes(
    close: Source, field: str
) -> None:
    deal = close.deal()
    before = close.account.store.doc(deal)

    writer(close).write("deal", deal, f"custom.{field}", Decimal("1021.20"))

    after = close.account.store.doc(deal)
    assert after.pop(f"custom.{field}") == Decimal("1021.20")
    assert after == before | {"updated_by": close.admin}


def test_nothing_empties_the_field(close: Source, field: str) -> None:
    deal = close.deal(custom={field: Decimal(5)})

    writer(close).write("deal", deal, f"custom.{field}", None)

    assert stored(close, deal, field) is None


def test_a_deleted_field_is_refused_with_what_close_says(
    close: Source, field: str
) -> None:
    deal = close.deal()
    close.account.remove_custom_field(field)

    with pytest.raises(ConfigurationProblem) as refused:
        writer(close).write("deal", deal, f"custom.{field}", Decimal(1))

    assert refused.value.status == 400
    assert "did not take the value (400)" in refused.value.message
    assert "Custom field does not exist" in refused.value.message


def test_a_key_that_may_only_read_is_refused_in_a_sentence(
    close: Source, field: str
) -> None:
    deal = close.deal()
    viewer = close.account.add_user(
        name="Vera Viewer", email="vera@hale.example", role="viewer"
    )
    key = close.account.add_key(viewer)

    with pytest.raises(ConfigurationProblem) as refused:
        writer(close, key).write("deal", deal, f"custom.{field}", Decimal(1))

    assert refused.value.message == (
        "Close does not allow this key to change opportunities (403)."
    )
    assert stored(close, deal, field) is None


def test_a_deal_that_is_gone_is_refused_as_gone(close: Source, field: str) -> None:
    deal = close.deal()
    close.account.delete(deal)

    with pytest.raises(ConfigurationProblem) as refused:
        writer(close).write("deal", deal, f"custom.{field}", Decimal(1))

    assert refused.value.status == 404


@pytest.mark.parametrize("path", ["value", "custom.cf_1/../x", "note"])
def test_no_field_of_closes_own_is_ever_written(close: Source, path: str) -> None:
    deal = close.deal()

    with pytest.raises(ConfigurationProblem):
        writer(close).write("deal", deal, path, Decimal(1))

    assert close.server.requests == []


@pytest.mark.parametrize("fault", ["error", "limit", "lost"])
def test_what_may_pass_is_asked_for_later_and_never_repeated_here(
    close: Source, field: str, fault: str
) -> None:
    deal = close.deal()
    close.server.faults.write_script = [fault]

    with pytest.raises(TryAgainLater):
        writer(close).write("deal", deal, f"custom.{field}", Decimal(1))

    assert len(close.server.requests) == 1
    assert (stored(close, deal, field) is not None) is (fault == "lost")
