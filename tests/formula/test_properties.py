"""The compiled and the explained path are equal to the last digit, and on errors."""

import ast
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings

from commissions.formula import (
    EvaluationError,
    Formula,
    check_formula,
    compile_formula,
)
from commissions.formula.functions import CATALOGUE
from commissions.formula.parser import parse
from tests.formula import formulas as by_chance
from tests.formula.formulas import FORMULAS, VALUES
from tests.formula.fractions_functions import FUNCTIONS, NoAnswer
from tests.formula.fractions_reckoning import Reckoner, written
from tests.formula.world import INPUTS

# What only our own limits refuse; fractions have none.
OF_LIMITS = {"too_large", "too_small", "result_too_large", "input_too_large"}
TYPES = {name: kind.value for name, kind in INPUTS.items()}


def _outcome(
    formula: Formula, values: dict[str, object], *, explained: bool
) -> tuple[str, object]:
    try:
        if explained:
            return "value", repr(formula.explain(values).value)
        return "value", repr(formula.evaluate(values))
    except EvaluationError as failed:
        return "error", (failed.code, failed.message, failed.start, failed.end)


@settings(max_examples=500, deadline=None)
@given(FORMULAS, VALUES)
def test_the_two_ways_agree_on_every_value_and_every_error(
    text: str, values: dict[str, object]
) -> None:
    if check_formula(text, INPUTS, None):
        return
    formula = compile_formula(text, INPUTS, None)

    # `evaluate` raises EvaluatorsDisagree where only the compiled path fails.
    fast = _outcome(formula, values, explained=False)
    slow = _outcome(formula, values, explained=True)

    assert fast == slow
    assert fast == _outcome(formula, values, explained=False)


@settings(max_examples=500, deadline=None)
@given(FORMULAS, VALUES)
def test_fractions_reckon_the_same_and_fail_where_the_language_fails(
    text: str, values: dict[str, object]
) -> None:
    if check_formula(text, INPUTS, None):
        return
    formula, reckoner = compile_formula(text, INPUTS, None), Reckoner(values, TYPES)
    try:
        found = formula.evaluate(values)
    except EvaluationError as failed:
        if failed.code not in OF_LIMITS:
            with pytest.raises(NoAnswer):
                reckoner.answer(text)
        return

    expected = reckoner.answer(text)

    if reckoner.exact:
        assert found == written(expected)


def test_chance_makes_formulas_with_every_function() -> None:
    source = Path(by_chance.__file__).read_text("utf-8")

    assert set(CATALOGUE) <= {*FUNCTIONS, "is_blank", "or_else"}
    for name in CATALOGUE:
        assert f'"{name}"' in source or f"{name}(" in source, name


@settings(max_examples=100, deadline=None)
@given(FORMULAS)
def test_most_generated_formulas_are_formulas(text: str) -> None:
    problems = {problem.code for problem in check_formula(text, INPUTS, None)}

    # Chance makes money of some numbers; nothing else may be wrong with them.
    assert problems <= {
        "no_meaning", "branches_differ", "not_comparable", "values_differ",
        "too_long", "too_deep", "too_many_parts", "no_power",
    }  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(FORMULAS)
def test_the_tree_is_the_one_that_python_itself_would_build(text: str) -> None:
    if (
        "%" in text
        or "IF" in text
        or "yes" in text
        or "'" in text
        or check_formula(text, INPUTS, None)
    ):
        return

    ours = ast.dump(_flat_names(parse(text)))
    python_text = text.replace("deal.", "deal_").replace("tiers.", "tiers_")
    python_text = python_text.replace("tables.", "tables_")
    theirs = ast.dump(_numbers_as_text(ast.parse(python_text, mode="eval").body))

    assert ours == theirs


@pytest.mark.parametrize(
    "text",
    [
        "a or b or c",
        "a or b and c or d",
        "a and not b or not not c",
        "not a == b",
        "a < b <= c and d != e",
        "a if b else c if d else e",
        "a if b or c else d + 1",
        "(a if b else c) + 1",
        "-a ** 2",
        "a ** -2 ** 3",
        "2 ** 3 ** 2",
        "a - b - c + d",
        "a / b * c // d % e",
        "a * -b - -c",
        "- a * b",
        "+-+a",
        "a + b * c ** 2 // 3 - (d + e) * f",
        "max(a, b + c, min(d, (e)))",
        "((a)) == (b)",
    ],
)
def test_operators_bind_as_in_python(text: str) -> None:
    theirs = _numbers_as_text(ast.parse(text, mode="eval").body)

    assert ast.dump(_flat_names(parse(text))) == ast.dump(theirs)


def _flat_names(tree: ast.expr) -> ast.expr:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = node.id.replace(".", "_")
            node.ctx = ast.Load()
        # To the type checker Python's own constants are never decimals; ours are.
        value: object = getattr(node, "value", None)
        if isinstance(node, ast.Constant) and isinstance(value, Decimal):
            node.value = float(value)
    return tree


def _numbers_as_text(tree: ast.expr) -> ast.expr:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            node.value = float(node.value)
    return tree
