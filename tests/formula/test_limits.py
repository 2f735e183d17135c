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
