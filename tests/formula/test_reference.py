"""The page about the language: its list is current and its examples are true."""

import json
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
from commissions.formula.check_door import answer_json, as_text
from commissions.formula.functions import CATALOGUE
from commissions.formula.reference import completions, refreshed
from commissions.formula.words import grouped
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


def _section(title: str) -> str:
    found = re.search(rf"^## {title}$(.*?)^## ", PAGE.read_text("utf-8"), re.M | re.S)
    assert found is not None
    return found.group(1)


def test_what_beginners_read_gives_what_it_says() -> None:
    rows = re.findall(
        r"^\| .+ \| `(.+)` \| ([\d,.]+) \|$", _section("Begin here"), re.M
    )

    assert len(rows) > 15
    for text, shown in rows:
        found = compile_formula(text, INPUTS, Type.MONEY).evaluate(VALUES)
        assert isinstance(found, Decimal)
        assert grouped(round(found, 2)) == shown, text


def test_each_habit_to_drop_is_refused_and_what_to_write_is_not() -> None:
    rows = re.findall(
        r"^\| `(.+?)` \| `(.+?)`.* \| .+ \|$", _section("Begin here"), re.M
    )
    habits = [row for row in rows if not row[1][0].isdigit()]

    assert len(habits) == 5
    for wrong, right in habits:
        assert check_formula(wrong, INPUTS, None), wrong
        assert not check_formula(right, INPUTS, None), right


def test_what_is_said_of_a_formula_in_a_sentence_is_true() -> None:
    page = PAGE.read_text("utf-8")
    said = re.findall(
        r"`([^`\n]+)` (?:is|are) (−?[\d,.]*\d|no|yes)(%?)(?=[\s;,.|)]|$)", page
    )

    assert len(said) >= 15
    for text, shown, percent in said:
        found = compile_formula(text, INPUTS, None).evaluate(VALUES)
        if isinstance(found, Decimal):
            wanted = Decimal(shown.replace("−", "-").replace(",", ""))
            assert found == (wanted / 100 if percent else wanted), text
        else:
            assert as_text(found) == shown, text


def test_the_command_answers_as_the_page_says() -> None:
    asked, answered = re.findall(
        r"```json\n(.*?)```", _section("Trying formulas without a plan"), re.S
    )

    assert json.loads(answer_json(asked)) == json.loads(answered)


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
