"""The compiled and the explained path are equal to the last digit, and on errors."""

import ast
import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commissions.formula import (
    EvaluationError,
    Formula,
    Type,
    check_formula,
    compile_formula,
)
from commissions.formula.parser import parse
from tests.formula.world import INPUTS, KEYED, THRESHOLD, TIERS

Texts = st.SearchStrategy[str]

NUMBERS = st.sampled_from(
    ["0", "1", "2", "3.5", "0.1", "100", "72126.50", "1000000000000000", ".01"]
)
SUMS = st.sampled_from([" + ", " - ", "-", "+"])
PRODUCTS = st.sampled_from([" * ", " / ", " // ", " % ", "*", "/"])


def _joined(left: Texts, signs: Texts, right: Texts) -> Texts:
    return st.tuples(left, signs, right).map("".join)


def _wrapped(shape: str, *parts: Texts) -> Texts:
    return st.tuples(*parts).map(lambda found: shape.format(*found))


def _of_numbers(number: Texts, money: Texts, condition: Texts) -> Texts:
    return st.one_of(
        _wrapped("({}{}{})", number, SUMS, number),
        _wrapped("({}{}{})", number, PRODUCTS, number),
        _wrapped("({} / {})", money, money),
        _wrapped("(({}) ** {})", number, st.integers(-5, 100).map(str)),
        _wrapped("round({}, {})", number, st.integers(-3, 10).map(str)),
        _wrapped("IF({}, {}, {})", condition, number, number),
        _wrapped("rate_at({}, tiers.threshold)", money),
        _wrapped("curve({}, tiers.example)", number),
        _wrapped("-{}", number),
        st.just('lookup(tables.rates, deal.product, "North")'),
        st.just("(deal.won_on - deal.lost_on)"),
        st.just("months_between(deal.won_on, deal.lost_on)"),
    )


def _of_money(number: Texts, money: Texts, condition: Texts) -> Texts:
    return st.one_of(
        _wrapped("({}{}{})", money, SUMS, money),
        _wrapped("({} * {})", money, number),
        _wrapped("({} / {})", money, number),
        _wrapped("{}({}, {})", st.sampled_from(["min", "max"]), money, money),
        _wrapped(
            "{}({})", st.sampled_from(["abs", "floor", "ceil", "round", "-"]), money
        ),
        _wrapped("({} if {} else {})", money, condition, money),
        _wrapped("marginal({}, {}, tiers.example)", money, money),
        _wrapped("whole({}, {}, tiers.threshold)", money, money),
        _wrapped("or_else(deal.discount, {})", money),
    )


def _of_conditions(number: Texts, money: Texts, condition: Texts) -> Texts:
    signs = st.sampled_from([" < ", " <= ", " > ", " >= ", " == ", " != "])
    return st.one_of(
        _joined(number, signs, number).map("({})".format),
        _joined(money, signs, money).map("({})".format),
        _wrapped("({} < {} <= {})", money, money, money),
        _wrapped("({} and {})", condition, condition),
        _wrapped("({} or {})", condition, condition),
        _wrapped("(not {})", condition),
        _wrapped("IF({}, {}, {})", condition, condition, condition),
        st.just('(deal.product == "Boiler")'),
        st.just('is_one_of(deal.product, "Boiler", "Heat pump")'),
        st.just('contains(deal.region, "o")'),
        st.just("is_blank(deal.discount)"),
        st.just("(deal.won_on == deal.lost_on)"),
        st.just('(add_days(deal.won_on, deal.units) > date("2026-11-24"))'),
    )


@st.composite
def formulas(draw: st.DrawFn) -> str:
    number: Texts = NUMBERS | st.sampled_from(["deal.units", "deal.share", "6%"])
    money: Texts = st.sampled_from(["amount", "deal.amount", "deal.discount", "quota"])
    money = money | NUMBERS
    condition: Texts = st.sampled_from(["yes", "deal.renewal", "deal.customer_paid"])
    for _ in range(draw(st.integers(1, 3))):
        parts = number, money, condition
        number, money, condition = (
            number | _of_numbers(*parts),
            money | _of_money(*parts),
            condition | _of_conditions(*parts),
        )
    return draw(st.one_of(number, money, condition))


def _blank_or(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


AMOUNTS = st.sampled_from(
    ["0", "-0.00", "0.01", "-5.25", "21600.00", "79999.99", "80000", "1E+15", "1E-10"]
).map(Decimal) | st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents) / 100)
DAYS = st.dates(datetime.date(2024, 1, 1), datetime.date(2028, 1, 1))
VALUE_OF = {
    Type.MONEY: _blank_or(AMOUNTS),
    Type.NUMBER: _blank_or(AMOUNTS | st.integers(0, 12).map(Decimal)),
    Type.PERCENT: _blank_or(st.sampled_from(["0", "0.5", "1", "-0.1"]).map(Decimal)),
    Type.TEXT: _blank_or(st.sampled_from(["", "Boiler", "Heat pump", "North"])),
    Type.DATE: _blank_or(DAYS),
    Type.YESNO: _blank_or(st.booleans()),
}
TABLES = {
    "tiers.example": TIERS,
    "tiers.threshold": THRESHOLD,
    "tables.rates": KEYED,
}
VALUES = st.fixed_dictionaries(
    {
        name: VALUE_OF[kind]
        for name, kind in INPUTS.items()
        if kind is not Type.TABLE
    }
)  # fmt: skip


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
@given(formulas(), VALUES)
def test_the_two_ways_agree_on_every_value_and_every_error(
    text: str, values: dict[str, object]
) -> None:
    if check_formula(text, INPUTS, None):
        return
    formula = compile_formula(text, INPUTS, None)
    values |= TABLES

    # `evaluate` raises EvaluatorsDisagree where only the compiled path fails.
    fast = _outcome(formula, values, explained=False)
    slow = _outcome(formula, values, explained=True)

    assert fast == slow
    assert fast == _outcome(formula, values, explained=False)


@settings(max_examples=100, deadline=None)
@given(formulas())
def test_most_generated_formulas_are_formulas(text: str) -> None:
    problems = {problem.code for problem in check_formula(text, INPUTS, None)}

    # Chance makes money of some numbers; nothing else may be wrong with them.
    assert problems <= {
        "no_meaning", "branches_differ", "not_comparable", "values_differ",
        "too_long", "too_deep", "too_many_parts", "no_power",
    }  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(formulas())
def test_the_tree_is_the_one_that_python_itself_would_build(text: str) -> None:
    if (
        "%" in text
        or "IF" in text
        or "yes" in text
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
