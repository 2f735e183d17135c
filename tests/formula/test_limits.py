"""The limits of a formula: at the limit, and one above it."""

from decimal import Decimal

import pytest

from commissions.formula import (
    EvaluationError,
    Type,
    check_formula,
    compile_formula,
    render,
)
from commissions.formula.limits import LIMITS
from tests.formula.world import INPUTS, VALUES


def _codes(text: str) -> list[str]:
    return [problem.code for problem in check_formula(text, INPUTS, Type.MONEY)]


def test_a_formula_has_2000_characters_at_most() -> None:
    text = "amount * 2".ljust(2000)

    assert _codes(text) == []
    assert _codes(text + " ") == ["too_long"]


def test_a_formula_has_1000_words_and_signs_at_most() -> None:
    assert _codes("-" * 1000) == ["too_deep"]
    assert _codes("1 " * 1000) == ["missing_operator"]
    assert _codes("1," * 500 + "1") == ["too_many_words"]


def _balanced(leaves: int) -> str:
    if leaves == 1:
        return "1"
    return f"({_balanced(leaves // 2)}+{_balanced(leaves - leaves // 2)})"


def test_a_formula_has_400_parts_at_most() -> None:
    # n leaves of a sum make 2n − 1 parts; a sign in front makes one more.
    assert _codes("-" + _balanced(200)) == []
    assert _codes(_balanced(201)) == ["too_many_parts"]


@pytest.mark.parametrize(
    ("opens", "closes", "levels"),
    [("(", ")", 63), ("-", "", 63), ("abs(", ")", 63), ("2 ** -", "", 0)],
)
def test_nesting_goes_64_levels_deep_at_most(
    opens: str, closes: str, levels: int
) -> None:
    if levels:
        assert _codes(opens * levels + "1" + closes * levels) == []
    assert "too_deep" in _codes(opens * 64 + "1" + closes * 64)


def test_a_chain_of_64_terms_is_a_formula_and_of_65_is_not() -> None:
    assert _codes("+".join("1" * 64)) == []
    assert _codes("+".join("1" * 65)) == ["too_deep"]


def test_a_chain_in_brackets_in_a_chain_counts_its_whole_height() -> None:
    inner = "(" + "+".join("1" * 40) + ")"

    assert _codes("+".join([inner, *"1" * 24])) == []
    assert _codes("+".join([inner, *"1" * 25])) == ["too_deep"]


def test_a_text_has_200_characters_at_most() -> None:
    assert _codes('IF(deal.product == "' + "x" * 200 + '", 1, 2)') == []
    assert _codes('IF(deal.product == "' + "x" * 201 + '", 1, 2)') == ["long_text"]


def test_a_number_goes_up_to_ten_to_the_15th() -> None:
    assert _codes("1000000000000000") == []
    assert _codes("1000000000000000.01") == ["number_too_large"]


def test_a_number_has_10_places_at_most() -> None:
    assert _codes("0.1234567890") == []
    assert _codes("0.12345678900000") == []
    assert _codes("0.12345678901") == ["number_too_precise"]


def test_a_power_goes_up_to_100() -> None:
    assert _codes("1 ** 100 + 1 ** -100") == []
    assert _codes("1 ** -101") == ["bad_exponent"]


def test_a_result_beyond_ten_to_the_15th_is_an_error() -> None:
    formula = compile_formula("amount * 1000", {"amount": Type.MONEY}, Type.MONEY)
    largest = {"amount": Decimal(1_000_000_000_000)}

    assert formula.evaluate(largest) == LIMITS.largest
    with pytest.raises(EvaluationError, match="beyond"):
        formula.evaluate({"amount": Decimal("1000000000000.01")})


def test_an_input_beyond_ten_to_the_15th_is_an_error() -> None:
    formula = compile_formula("amount / 1000", {"amount": Type.MONEY}, Type.MONEY)

    assert formula.evaluate({"amount": LIMITS.largest}) == LIMITS.largest / 1000
    for value in (LIMITS.largest + 1, Decimal("NaN"), Decimal("-Infinity")):
        with pytest.raises(EvaluationError) as failed:
            formula.evaluate({"amount": value})
        assert failed.value.code == "input_too_large"


def test_an_input_that_is_too_large_is_shown_where_it_stands() -> None:
    kinds = {"deal.amount": Type.MONEY, "amount": Type.MONEY, "min": Type.MONEY}
    text = '"amount" == "a" or min(deal.amount, min) < amount'
    values = dict.fromkeys(kinds, Decimal(1))
    formula = compile_formula(text, kinds, Type.YESNO)

    for name, column in (("amount", 44), ("min", 37), ("deal.amount", 24)):
        with pytest.raises(EvaluationError) as failed:
            formula.evaluate({**values, name: LIMITS.largest + 1})
        assert (failed.value.part, failed.value.column) == (name, column)


def test_a_part_may_be_larger_than_a_result_but_not_without_end() -> None:
    formula = compile_formula("10 ** 100 / 10 ** 99", {}, Type.NUMBER)
    endless = compile_formula("((10 ** 100) ** 100) / 2", {}, Type.NUMBER)

    assert formula.evaluate({}) == 10
    with pytest.raises(EvaluationError) as failed:
        endless.evaluate({})
    assert failed.value.code == "too_large"
    assert failed.value.text[failed.value.start : failed.value.end] == (
        "(10 ** 100) ** 100"
    )


def test_at_most_20_problems_are_reported() -> None:
    text = "+".join(f"missing{at}" for at in range(40))

    assert len(_codes(text)) == 20


def test_the_picture_of_a_long_line_is_cut() -> None:
    text = "amount + " * 60 + "amuont" + " + amount" * 3

    shown = check_formula(text, INPUTS, Type.MONEY)[0]

    line, carets, _ = render(shown, text).split("\n")
    assert len(line) < 105
    assert line[carets.index("^") : carets.rindex("^") + 1] == "amuont"


def test_values_are_not_changed_by_a_formula() -> None:
    before = dict(VALUES)

    compile_formula("amount * 2", INPUTS, Type.MONEY).evaluate(VALUES)

    assert dict(VALUES) == before


def test_a_formula_takes_10000_steps_at_most() -> None:
    # A look-up in tiers may take 100 steps, and three for its own parts.
    tables = {"t": Type.TABLE}
    many = "+".join(["rate_at(1,t)"] * 48)
    below = f"({many})+({many})"
    at = f"-({below})" + "+1" * 8
    above = f"({below})+rate_at(1,t)"

    assert check_formula(below, tables, None) == []
    assert check_formula(at, tables, None) == []
    assert [p.code for p in check_formula(above, tables, None)] == ["too_dear"]


def test_a_text_value_has_32767_characters_at_most() -> None:
    formula = compile_formula('contains(note, "b")', {"note": Type.TEXT}, Type.YESNO)

    assert formula.evaluate({"note": "a" * 32_767}) is False
    with pytest.raises(EvaluationError) as failed:
        formula.evaluate({"note": "a" * 32_768})
    assert failed.value.code == "input_too_long"


@pytest.mark.parametrize(
    "text",
    [
        "10 ** 25 + 1 - 10 ** 25",
        "10 ** 23 * 1.1 + 1",
        "a * a * a - a * a * a + 0.01",
        "min(10 ** 40, 5)",
        "10 ** 40 % 7",
        "10 ** 33 // 7 / 10 ** 30",
        "abs(0 - 10 ** 23 - 1)",
    ],
)
def test_a_part_that_would_lose_digits_is_an_error(text: str) -> None:
    formula = compile_formula(text, {"a": Type.NUMBER}, None)

    for way in (formula.evaluate, formula.explain):
        with pytest.raises(EvaluationError) as failed:
            way({"a": Decimal(10) ** 15})
        assert failed.value.code == "too_large"


def test_a_part_at_the_limit_keeps_ten_places() -> None:
    text = "(10 ** 23 - 1 + 0.0000000001) - (10 ** 23 - 1)"
    formula = compile_formula(text, {}, Type.NUMBER)

    assert formula.evaluate({}) == Decimal("1E-10")


def test_a_part_that_becomes_too_small_is_an_error() -> None:
    formula = compile_formula("IF((0.1 ** 100) ** 100 > 0, 1, 2)", {}, Type.NUMBER)

    for way in (formula.evaluate, formula.explain):
        with pytest.raises(EvaluationError) as failed:
            way({})
        assert failed.value.code == "too_small"
