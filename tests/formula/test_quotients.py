"""A quotient without a last digit is kept whole until its formula ends."""

from decimal import Decimal

import pytest

from commissions.formula import EvaluationError, Type, compile_formula

NAMES = {"annual": Type.MONEY, "sold": Type.MONEY, "n": Type.NUMBER}
VALUES = {"annual": Decimal(200_000), "sold": Decimal(50_000), "n": Decimal(7)}


def _both(text: str) -> object:
    formula = compile_formula(text, NAMES, None)
    found = formula.evaluate(VALUES)
    assert repr(formula.explain(VALUES).value) == repr(found)
    return found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("annual / 12 * 3", "50000"),
        ("3 * (annual / 12)", "50000"),
        ("annual / n * n - annual", "0"),
        ("1 / 3 + 1 / 6", "0.5"),
        ("-(1 / 3) * 3", "-1"),
        ("(1 / 3) ** 3 * 27", "1"),
        ("(2 / 3) ** -2", "2.25"),
        ("1.5 ** -2 * 9", "4"),
        ("1.5 ** -1 * 3", "2"),
        ("prorate(100, 1, 3) * 3", "100"),
        ("abs(-1 / 3) * 3", "1"),
        ("max(1 / 3, 0.3333333333) * 3", "1"),
        ("clamp(4 / 3, 0, 5 / 3) * 3", "4"),
        ("(1 / 3) / (1 / 6)", "2"),
        ("(7 / 3) // (1 / 3)", "7"),
        ("(7 / 3) % (2 / 3) * 3", "1"),
        ("7 // (1 / 3)", "21"),
        ("-7 % (2 / 3) * 3", "-1"),
        ("round(0.005 / 3 * 3, 2)", "0.01"),
        ("round(2 / 3, 2)", "0.67"),
        ("round(-1250 / 3, -2)", "-400"),
        ("floor(-1 / 3)", "-1"),
        ("ceil(1 / 3)", "1"),
        ("1 / 3", "0.3333333333333333333333333333333333"),
    ],
)
def test_no_digit_is_lost_on_the_way(text: str, value: str) -> None:
    assert _both(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "sold >= annual / 12 * 3",
        "annual / 12 * 3 >= sold",
        "annual / 12 * 3 == sold",
        "not annual / 12 * 3 > sold",
        "n / 21 == 1 / 3",
        "is_one_of(n / 21, 0.5, 1 / 3)",
        "0.3333333333 < 1 / 3 < 0.3333333334",
    ],
)
def test_whoever_is_exactly_on_a_threshold_has_reached_it(text: str) -> None:
    assert _both(text) is True


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1 / (1 / 3 - 1 / 3)", "division_by_zero"),
        ("(1 / 3) / 0", "division_by_zero"),
        ("(1 / 3) // 0", "division_by_zero"),
        ("1 % (1 / 3 * 0)", "division_by_zero"),
        ("add_days(date('2026-01-01'), 1 / 3) == date('2026-01-01')", "not_whole"),
        ("1000000000000000 / 3 * 1000 * 3", "result_too_large"),
    ],
)
def test_what_has_no_answer_still_has_none(text: str, code: str) -> None:
    formula = compile_formula(text, NAMES, None)

    for reckon in (formula.evaluate, formula.explain):
        with pytest.raises(EvaluationError) as failed:
            reckon(VALUES)
        assert failed.value.code == code


def test_a_fraction_of_endless_size_falls_back_to_34_digits() -> None:
    primes = (101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157)
    text = " * ".join(f"(n / {prime}) ** 20" for prime in primes)

    _both(text)


def test_a_formula_that_reads_another_loses_no_digit_of_it() -> None:
    third = compile_formula("annual / 12", NAMES, None).uncut(VALUES)
    reads = compile_formula("base * 3", {"base": Type.MONEY}, None)

    assert reads.evaluate({"base": third}) == Decimal(50_000)
    assert reads.explain({"base": third}).value == Decimal(50_000)
