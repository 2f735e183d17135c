"""The page about the language: its list is current and its examples are true."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from commissions.formula import (
    EvaluationError,
    Type,
    check_formula,
    compile_formula,
    render,
)
from commissions.formula.check_door import as_text
from commissions.formula.functions import CATALOGUE
from commissions.formula.reference import completions, refreshed
from tests.formula.world import INPUTS, VALUES

ZERO = Decimal(0)
PAGE = Path(__file__).parents[2] / "docs" / "formula-language.md"


def test_what_is_generated_on_the_page_is_current() -> None:
    page = PAGE.read_text("utf-8")

    assert page == refreshed(page), (
        "run python -m commissions.formula.reference docs/formula-language.md"
    )
    for name in CATALOGUE:
        assert f"`{name}(" in page


def test_every_example_on_the_page_gives_what_it_says() -> None:
    page = PAGE.read_text("utf-8")
    examples = re.findall(r"^(.+)  →  (.+)$", page, re.M)

    assert len(examples) > 50
    for text, shown in examples:
        found = compile_formula(text, INPUTS, None).evaluate(VALUES)
        assert as_text(found) == shown, text


def test_the_error_on_the_page_is_the_one_that_is_given() -> None:
    page = PAGE.read_text("utf-8")
    block = re.search(r"## When there is no answer.*?```\n(.*?)\n```", page, re.S)
    assert block is not None
    text = block.group(1).split("\n")[0]

    with pytest.raises(EvaluationError) as failed:
        compile_formula(text, INPUTS, None).evaluate({**VALUES, "deal.units": ZERO})

    assert failed.value.render() == block.group(1)


def test_the_wrong_formula_on_the_page_is_answered_as_it_says() -> None:
    page = PAGE.read_text("utf-8")
    block = re.search(r"## When a formula is wrong.*?```\n(.*?)\n```", page, re.S)
    assert block is not None
    text = block.group(1).split("\n")[0]

    problems = check_formula(text, INPUTS, Type.MONEY)

    assert [render(problem, text) for problem in problems] == [block.group(1)]


def test_the_editor_is_offered_fields_functions_and_words() -> None:
    sentences = {"deal.amount": "The whole deal."}
    offered = {item["insert"]: item for item in completions(INPUTS, sentences)}

    assert offered["deal.amount"]["says"] == "Money. The whole deal."
    assert offered["deal.units"]["says"] == "Number."
    assert offered["deal.renewal"]["type"] == "yes/no"
    assert all(item["type"] and item["says"] for item in offered.values())
    assert offered["round("]["shows"] == "round(value, places)"
    assert offered["IF("]["kind"] == "function"
