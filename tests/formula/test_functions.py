"""The functions: every example runs, and a reckoning in exact fractions agrees."""

import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissions.formula import (
    EvaluationError,
    KeyedTable,
    TierTable,
    Type,
    compile_formula,
)
from commissions.formula.check_door import as_text
from commissions.formula.functions import CATALOGUE
from tests.formula.world import INPUTS, KEYED, TIERS, VALUES

EXAMPLES = [
    (function.name, text, shown)
    for function in CATALOGUE.values()
    for text, shown in function.examples
]


@pytest.mark.parametrize(("name", "text", "shown"), EXAMPLES)
def test_every_example_of_the_catalogue_is_true(
    name: str, text: str, shown: str
) -> None:
    formula = compile_formula(text, INPUTS, None)

    assert as_text(formula.evaluate(VALUES)) == shown
    assert f"{name}(" in text


def test_every_function_has_an_example_and_a_sentence() -> None:
    for function in CATALOGUE.values():
        assert function.examples, function.name
        assert function.summary.endswith("."), function.name


CENTS = st.integers(-20_000_000, 20_000_000).map(lambda cents: Decimal(cents) / 100)
RATES = st.integers(-2_000, 5_000).map(lambda points: Decimal(points) / 10_000)


@st.composite
def tier_tables(draw: st.DrawFn) -> TierTable:
    edge = draw(st.sampled_from(["up", "down"]))
    starts = sorted(draw(st.sets(CENTS, min_size=1, max_size=6)))
    return TierTable(tuple((start, draw(RATES)) for start in starts), edge)


def _run(text: str, kinds: dict[str, Type], **values: object) -> object:
    return compile_formula(text, kinds, None).evaluate(values)


def _fraction_of_tiers(table: TierTable, before: Decimal, amount: Decimal) -> Fraction:
    """Return what the amount earns, from the areas under the rates up to both ends."""

    def area(total: Fraction) -> Fraction:
        rows = [(Fraction(start), Fraction(rate)) for start, rate in table.rows]
        first, rate = rows[0]
        found = min(total - first, Fraction(0)) * rate
        for at, (start, rate) in enumerate(rows):
            end = rows[at + 1][0] if at + 1 < len(rows) else max(total, start)
            found += max(Fraction(0), min(total, end) - start) * rate
        return found

    return area(Fraction(before) + Fraction(amount)) - area(Fraction(before))


MARGINAL = {"before": Type.MONEY, "amount": Type.MONEY, "t": Type.TABLE}


@given(tier_tables(), CENTS, CENTS)
def test_marginal_agrees_with_areas_in_fractions(
    table: TierTable, before: Decimal, amount: Decimal
) -> None:
    values = {"before": before, "amount": amount, "t": table}
    formula = compile_formula("marginal(before, amount, t)", MARGINAL, Type.MONEY)
    below = min(before, before + amount) < table.starts[0]
    if amount and below and table.starts[0] > 0:
        with pytest.raises(EvaluationError) as failed:
            formula.evaluate(values)
        assert failed.value.code == "no_rate"
        return

    found = formula.evaluate(values)

    assert isinstance(found, Decimal)
    assert Fraction(found) == _fraction_of_tiers(table, before, amount)
    slices = table.slices(before, amount)
    assert sum((part.earned for part in slices), Decimal(0)) == found
    assert sum((part.amount for part in slices), Decimal(0)) == amount


@given(tier_tables(), CENTS, CENTS, CENTS)
def test_marginal_of_two_parts_is_marginal_of_their_sum(
    table: TierTable, before: Decimal, one: Decimal, other: Decimal
) -> None:
    lowest = min(before, before + one, before + one + other)
    if table.starts[0] > 0 and lowest < table.starts[0]:
        return
    text = "marginal(before, amount, t)"
    first = _run(text, MARGINAL, before=before, amount=one, t=table)
    second = _run(text, MARGINAL, before=before + one, amount=other, t=table)
    both = _run(text, MARGINAL, before=before, amount=one + other, t=table)

    assert isinstance(first, Decimal) and isinstance(second, Decimal)
    assert first + second == both


@pytest.mark.parametrize(
    ("total", "up", "down"),
    [
        ("-1", "0.05", "0.05"),
        ("0", "0.05", "0.05"),
        ("999.99", "0.05", "0.05"),
        ("1000", "0.10", "0.05"),
        ("1000.01", "0.10", "0.10"),
        ("5000", "0.10", "0.10"),
    ],
)
def test_a_total_on_the_edge_belongs_where_the_table_says(
    total: str, up: str, down: str
) -> None:
    rows = ((Decimal(0), Decimal("0.05")), (Decimal(1000), Decimal("0.10")))

    for edge, rate in (("up", up), ("down", down)):
        table = TierTable(rows, edge)
        found = _run(
            "rate_at(total, t)",
            {"total": Type.MONEY, "t": Type.TABLE},
            total=Decimal(total),
            t=table,
        )
        assert found == Decimal(rate)


def test_a_total_below_a_table_that_begins_above_zero_has_no_rate() -> None:
    formula = compile_formula(
        "whole(amount, amount, t)", {"amount": Type.MONEY, "t": Type.TABLE}, Type.MONEY
    )
    table = TierTable(((Decimal(1000), Decimal("0.05")),))

    assert formula.evaluate({"amount": Decimal(1000), "t": table}) == 50
    with pytest.raises(EvaluationError) as failed:
        formula.evaluate({"amount": Decimal("999.99"), "t": table})
    assert failed.value.message == (
        "t has no rate for 999.99; it begins at 1,000.00. Add a row that begins at 0."
    )


@given(tier_tables(), CENTS)
def test_a_curve_agrees_with_fractions_to_30_digits(
    table: TierTable, total: Decimal
) -> None:
    if total < table.starts[0] and table.starts[0] > 0:
        return
    kinds = {"total": Type.MONEY, "t": Type.TABLE}
    found = _run("curve(total, t)", kinds, total=total, t=table)
    rows = [(Fraction(start), Fraction(rate)) for start, rate in table.rows]
    at = Fraction(total)
    expected = rows[0][1] if at <= rows[0][0] else rows[-1][1]
    for (left, low), (right, high) in pairwise(rows):
        if left <= at <= right:
            expected = low + (high - low) * (at - left) / (right - left)

    assert isinstance(found, Decimal)
    assert abs(Fraction(found) - expected) < Fraction(1, 10**30)


@given(
    st.integers(-(10**9), 10**9).map(lambda tenths: Decimal(tenths) / 1000),
    st.integers(-4, 6),
)
def test_round_goes_half_away_from_zero(value: Decimal, places: int) -> None:
    found = _run(f"round(value, {places})", {"value": Type.NUMBER}, value=value)
    scaled = abs(Fraction(value)) * Fraction(10) ** places
    whole = int(scaled + Fraction(1, 2))
    expected = Fraction(whole) / Fraction(10) ** places

    assert isinstance(found, Decimal)
    assert Fraction(found) == (expected if value >= 0 else -expected)


@given(CENTS, CENTS)
def test_division_and_remainder_truncate(left: Decimal, right: Decimal) -> None:
    kinds = {"a": Type.MONEY, "b": Type.MONEY}
    if not right:
        return
    whole = _run("a // b", kinds, a=left, b=right)
    rest = _run("a % b", kinds, a=left, b=right)
    quotient = Fraction(left) / Fraction(right)

    assert whole == int(quotient)
    assert isinstance(rest, Decimal)
    assert Fraction(rest) == Fraction(left) - int(quotient) * Fraction(right)


def test_the_specific_row_comes_before_the_general_one() -> None:
    text = "lookup(t, a, b)"
    kinds = {"a": Type.TEXT, "b": Type.TEXT, "t": Type.TABLE}

    def rate(first: str, second: str) -> object:
        return _run(text, kinds, a=first, b=second, t=KEYED)

    assert rate("Heat pump", "North") == Decimal("0.07")
    assert rate("Heat pump", "South") == Decimal("0.05")
    assert rate("Boiler", "North") == Decimal("0.04")
    with pytest.raises(EvaluationError) as failed:
        rate("Boiler", "South")
    assert failed.value.message == 't has no row for "Boiler", "South".'


def test_of_two_rows_alike_the_one_that_names_the_earlier_key_wins() -> None:
    table = KeyedTable({("a", "*"): Decimal(1), ("*", "b"): Decimal(2)})

    assert table.find(("a", "b")) == 1


def test_a_number_is_found_by_its_value_not_by_its_spelling() -> None:
    table = KeyedTable({("3",): Decimal("0.05")})
    kinds = {"years": Type.NUMBER, "t": Type.TABLE}

    found = _run("lookup(t, years)", kinds, years=Decimal("3.00"), t=table)
    assert found == Decimal("0.05")


def test_one_key_is_no_keys() -> None:
    table = KeyedTable({("3",): Decimal("0.05")})

    with pytest.raises(EvaluationError, match="t is read by 1 key, not 2"):
        _run('lookup(t, "3", "4")', {"t": Type.TABLE}, t=table)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rate_at(1, tables.rates)", "tables.rates is read by its keys; use lookup."),
        ('lookup(tiers.example, "a")', "tiers.example has tiers; use rate_at."),
        ('lookup(tables.rates, "a")', "tables.rates is read by 2 keys, not 1."),
    ],
)
def test_a_table_of_the_other_kind_is_an_error(text: str, message: str) -> None:
    with pytest.raises(EvaluationError) as failed:
        compile_formula(text, INPUTS, None).evaluate(VALUES)

    assert failed.value.message == message
    assert failed.value.text[failed.value.start : failed.value.end].startswith("t")


@pytest.mark.parametrize(
    "rows",
    [
        (),
        ((Decimal(1), Decimal(1)), (Decimal(1), Decimal(2))),
        ((Decimal(2), Decimal(1)), (Decimal(1), Decimal(2))),
        ((Decimal("NaN"), Decimal(1)),),
        ((Decimal(0), Decimal("Infinity")),),
        tuple((Decimal(at), Decimal(1)) for at in range(101)),
    ],
)
def test_a_table_that_is_out_of_order_is_refused(
    rows: tuple[tuple[Decimal, Decimal], ...],
) -> None:
    with pytest.raises(ValueError, match="table"):
        TierTable(rows)


@given(st.dates(), st.integers(-40_000, 40_000))
def test_added_days_are_days_between(day: datetime.date, days: int) -> None:
    kinds = {"day": Type.DATE, "days": Type.NUMBER}
    values = {"day": day, "days": Decimal(days)}
    formula = compile_formula("days_between(day, add_days(day, days))", kinds, None)
    try:
        there = day + datetime.timedelta(days=days)
    except OverflowError:
        with pytest.raises(EvaluationError, match="calendar"):
            formula.evaluate(values)
        return

    assert formula.evaluate(values) == days
    assert _run("b - a", {"a": Type.DATE, "b": Type.DATE}, a=day, b=there) == days


@given(
    st.dates(datetime.date(1000, 1, 1), datetime.date(9000, 1, 1)),
    st.integers(-2_000, 2_000),
)
def test_added_months_are_months_between(day: datetime.date, months: int) -> None:
    kinds = {"day": Type.DATE, "months": Type.NUMBER}
    text = "months_between(day, add_months(day, months))"
    found = _run(text, kinds, day=day, months=Decimal(months))

    # Backwards from a short month the last day is not a whole month away.
    assert found in (months, months + 1) if months < 0 else found == months


def test_tiers_are_shared_and_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        TIERS.rows = ()  # type: ignore[misc]
    with pytest.raises(TypeError):
        KEYED.rows[("a", "b")] = Decimal(1)  # type: ignore[index]


def test_a_curve_stays_flat_below_its_first_row_where_nothing_is_said() -> None:
    table = TierTable(
        rows=((Decimal("0.5"), Decimal("0.5")), (Decimal(1), Decimal("1.2")))
    )

    assert table.curve_at(Decimal("0.4")) == Decimal("0.5")
    assert table.curve_at(Decimal("1.4")) == Decimal("1.2")
