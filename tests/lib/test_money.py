"""Splits add up, rounding is one rule, amounts are read exactly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissions_saas.lib.money import (
    MixedCurrencies,
    Money,
    NotAnAmount,
    parse_decimal,
    places,
    round_money,
    split,
)

CENTS = st.integers(-(10**12), 10**12).map(lambda cents: Decimal(cents).scaleb(-2))
SHARES = st.lists(
    st.decimals(min_value=0, max_value=100, places=4), min_size=1, max_size=9
).filter(lambda shares: sum(shares) > 0)


@given(amount=CENTS, shares=SHARES)
def test_the_parts_of_a_split_add_up_to_the_whole(
    amount: Decimal, shares: list[Decimal]
) -> None:
    parts = split(amount, shares, "USD")

    assert sum(parts, Decimal(0)) == amount


@given(amount=CENTS, shares=SHARES)
def test_no_part_is_a_cent_away_from_its_exact_share(
    amount: Decimal, shares: list[Decimal]
) -> None:
    parts = split(amount, shares, "USD")

    for part, share in zip(parts, shares, strict=True):
        assert abs(part - amount * share / sum(shares)) < Decimal("0.010000001")


def test_a_share_of_zero_gets_nothing() -> None:
    assert split(Decimal("0.01"), [Decimal(0), Decimal(1)], "USD") == [
        Decimal("0.00"),
        Decimal("0.01"),
    ]


@pytest.mark.parametrize(
    ("exact", "currency", "rounded"),
    [
        ("0.005", "USD", "0.01"),
        ("-0.005", "USD", "-0.01"),
        ("0.0049", "USD", "0.00"),
        ("12.5", "JPY", "13"),
        ("1.0005", "KWD", "1.001"),
    ],
)
def test_halves_are_rounded_away_from_zero_to_the_currencys_places(
    exact: str, currency: str, rounded: str
) -> None:
    assert str(round_money(Decimal(exact), currency)) == rounded


def test_rounding_never_leaves_a_negative_zero() -> None:
    assert str(round_money(Decimal("-0.001"), "USD")) == "0.00"


def test_a_plan_may_round_halves_to_even() -> None:
    assert str(round_money(Decimal("0.125"), "USD", "half_even")) == "0.12"


def test_two_currencies_are_never_added() -> None:
    with pytest.raises(MixedCurrencies, match="USD and CAD cannot be added"):
        Money(Decimal(1), "USD") + Money(Decimal(1), "CAD")


@pytest.mark.parametrize(
    "text", ["", "1,000", "12_5", "NaN", "Infinity", "1e99", "£5", "0x1"]
)
def test_what_is_not_a_plain_finite_number_is_refused(text: str) -> None:
    with pytest.raises(NotAnAmount):
        parse_decimal(text)


def test_more_digits_than_a_float_holds_are_kept() -> None:
    assert str(parse_decimal(" 12345678901234.67 ")) == "12345678901234.67"


def test_currencies_know_their_places() -> None:
    assert [places(code) for code in ("USD", "JPY", "KWD")] == [2, 0, 3]


@pytest.mark.parametrize(
    "text", ["1e99999999", "-1e99999999", "1e-99999999", "9" * 2_000_000, "1e16"]
)
def test_a_number_without_measure_is_refused_and_breaks_nothing(text: str) -> None:
    with pytest.raises(NotAnAmount):
        parse_decimal(text)
