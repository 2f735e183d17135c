"""The page about the language: its list is current and its examples are true."""

import re
from pathlib import Path

from commissions.formula import Type, check_formula, render
from commissions.formula.functions import CATALOGUE
from commissions.formula.reference import completions, refreshed
from tests.formula.world import INPUTS

PAGE = Path(__file__).parents[2] / "docs" / "formula-language.md"


def test_the_list_of_functions_on_the_page_is_current() -> None:
    page = PAGE.read_text("utf-8")

    assert page == refreshed(page), "bring docs/formula-language.md up to date"
    for name in CATALOGUE:
        assert f"`{name}(" in page


def test_the_wrong_formula_on_the_page_is_answered_as_it_says() -> None:
    page = PAGE.read_text("utf-8")
    block = re.search(r"## When a formula is wrong.*?```\n(.*?)\n```", page, re.S)
    assert block is not None
    text = block.group(1).split("\n")[0]

    problems = check_formula(text, INPUTS, Type.MONEY)

    assert [render(problem, text) for problem in problems] == [block.group(1)]


def test_the_editor_is_offered_fields_functions_and_words() -> None:
    offered = {item["insert"]: item for item in completions(INPUTS)}

    assert offered["deal.amount"]["says"] == "money"
    assert offered["round("]["shows"] == "round(value, places)"
    assert offered["IF("]["kind"] == "function"
