"""Rows and columns add up to the cent; two currencies are never added silently."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tenants.rollup.matrix import build
from tenants.rollup.selectors import Rate

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
MONTHS = (OCTOBER, NOVEMBER)
USD, CAD = 1, 2
OWN = {USD: "USD", CAD: "CAD"}
RATES = {
    (month, "CAD"): Rate(month, "CAD", "USD", Decimal("0.7198"), "test")
    for month in MONTHS
}
CENTS = st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents) / 100)


@given(st.lists(CENTS, min_size=4, max_size=4))
def test_columns_and_rows_add_up_to_the_cent(amounts: list[Decimal]) -> None:
    one, two, three, four = amounts
    matrix = build(
        businesses=OWN,
        months=MONTHS,
        amounts={
            (USD, OCTOBER, "USD"): one,
            (USD, NOVEMBER, "USD"): two,
            (CAD, OCTOBER, "CAD"): three,
            (CAD, NOVEMBER, "CAD"): four,
        },
        into="USD",
        rates=RATES,
    )

    cells = [[cell.amount or Decimal(0) for cell in row.cells] for row in matrix.rows]
    assert matrix.totals == [sum(column) for column in zip(*cells, strict=True)]
    assert [row.total for row in matrix.rows] == [sum(row) for row in cells]
    assert matrix.total == sum(sum(row) for row in cells)
    assert all(cell == cell.quantize(Decimal("0.01")) for row in cells for cell in row)


def test_a_missing_rate_is_said_and_its_month_is_not_added() -> None:
    matrix = build(
        businesses=OWN,
        months=MONTHS,
        amounts={
            (USD, OCTOBER, "USD"): Decimal(10),
            (USD, NOVEMBER, "USD"): Decimal(20),
            (CAD, OCTOBER, "CAD"): Decimal(100),
            (CAD, NOVEMBER, "CAD"): Decimal(100),
        },
        into="USD",
        rates={(OCTOBER, "CAD"): RATES[(OCTOBER, "CAD")]},
    )

    assert matrix.totals == [Decimal("81.98"), None]
    assert matrix.total is None
    assert matrix.missing == ("no rate from CAD into USD for Nov 2026",)
    assert matrix.rows[1].cells[1].amount is None


def test_each_in_its_own_currency_has_no_total() -> None:
    matrix = build(
        businesses=OWN,
        months=MONTHS,
        amounts={
            (USD, OCTOBER, "USD"): Decimal(10),
            (CAD, OCTOBER, "CAD"): Decimal(100),
        },
        into=None,
        rates={},
    )

    assert matrix.totals == [None, None]
    assert matrix.total is None
    assert matrix.currencies == ["CAD", "USD"]
    assert matrix.rows[1].total == Decimal(100)


def test_a_month_without_figures_is_nothing_and_not_zero() -> None:
    matrix = build(
        businesses={USD: "USD"},
        months=MONTHS,
        amounts={(USD, OCTOBER, "USD"): Decimal(10)},
        into="USD",
        rates={},
    )

    assert matrix.rows[0].cells[1].amount is None
    assert matrix.rows[0].cells[1].why_not == ""
    assert matrix.totals == [Decimal(10), Decimal(0)]
