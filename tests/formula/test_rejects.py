"""What the language says no to, word for word, read from rejects.yaml."""

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

from commissions import formula
from commissions.formula import InvalidFormula, check_formula, compile_formula, render
from tests.formula.world import INPUTS, result_named

CASES = yaml.safe_load(Path(__file__).with_name("rejects.yaml").read_text("utf-8"))
# Those of test_limits.py, whose texts are too long to read.
OF_LIMITS = {
    "too_long", "too_many_words", "too_deep", "too_many_parts", "long_text", "too_dear"
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_a_wrong_formula_is_answered_word_for_word(case: dict[str, Any]) -> None:
    text, result = case["text"], result_named(case.get("result"))

    problems = check_formula(text, INPUTS, result)

    assert "\n".join(render(problem, text) for problem in problems) == case["says"]
    assert [problem.code for problem in problems] == case["codes"]
    assert [problem.fix for problem in problems] == case.get(
        "fixes", [""] * len(problems)
    )
    with pytest.raises(InvalidFormula) as refused:
        compile_formula(text, INPUTS, result)
    assert str(refused.value) == case["says"]


def test_every_message_of_the_language_is_produced_by_a_test() -> None:
    declared = set()
    for name in ("syntax_errors.py", "meaning_errors.py"):
        tree = ast.parse((Path(formula.__file__).parent / name).read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Fault":
                assert isinstance(node.args[0], ast.Constant)
                declared.add(node.args[0].value)

    tested = {code for case in CASES for code in case["codes"]}

    assert declared == tested | OF_LIMITS


FIXABLE = [
    case
    for case in CASES
    if any(p.edit for p in check_formula(case["text"], INPUTS, None))
]


@pytest.mark.parametrize("case", FIXABLE, ids=lambda case: case["text"])
def test_applying_the_fix_removes_the_problem_it_belongs_to(
    case: dict[str, Any],
) -> None:
    text, result = case["text"], result_named(case.get("result"))
    problem = next(p for p in check_formula(text, INPUTS, result) if p.edit)
    assert problem.edit is not None

    span = problem.edit.span
    mended = text[: span.start] + problem.edit.text + text[span.end :]

    left = check_formula(mended, INPUTS, result)
    assert (problem.code, problem.start) not in {(p.code, p.start) for p in left}
