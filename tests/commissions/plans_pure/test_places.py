"""A problem of a plan file names the line and column at which an editor shows it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissions.plans.compiling import compile_plan
from commissions.plans.document import InvalidPlan, PlanProblem
from commissions.plans.places import in_file
from commissions.plans.yaml_form import plan_from_yaml

HEAD = "plan: Test\ncurrency: USD\npays: month\n"
STYLES = {
    "plain": "    amount: deal.amount * 6% * WRONG",
    "after a long gap": "    amount:      deal.amount   *   6% *  WRONG   # why",
    "single quotes": "    when: deal.product == ''\n    amount: 'IF(deal.product == ''a'', WRONG, 2)'",
    "double quotes": '    amount: "IF(deal.product == \\"a\\", WRONG, 2)"',
    "escapes": '    amount: "deal.amount\\n * \\x36%\\t* WRONG"',
    "double quotes on two lines": '    amount: "deal.amount\n      * WRONG"',
    "literal": "    amount: |\n      deal.amount\n        * WRONG\n",
    "literal with a comment": "    amount: |-  # base\n\n      deal.amount * WRONG",
    "folded": "    amount: >-\n      deal.amount *\n\n        6% *\n        WRONG",
    "plain on two lines": "    amount: deal.amount\n      * WRONG",
    "other letters before": "    when: 'deal.product == ''é日😀'''\n    amount: deal.amount*WRONG",
    "flow": "    steps: {net: deal.amount * WRONG}\n    amount: net",
    "a list of steps": "    steps:\n      - net: deal.amount * WRONG\n    amount: net",
}


def problems_of(text: str) -> tuple[PlanProblem, ...]:
    with pytest.raises(InvalidPlan) as refused:
        compile_plan(plan_from_yaml(text))
    return in_file(refused.value.problems, text)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("style", STYLES)
def test_a_wrong_name_is_shown_where_it_stands_in_the_file(
    style: str, newline: str
) -> None:
    written = f"{HEAD}components:\n  - key: base\n{STYLES[style]}\n"
    text = written.replace("\n", newline)

    (problem,) = problems_of(text)

    line = text.split("\n")[problem.file_line - 1]
    assert line[problem.file_column - 1 :].startswith("WRONG")
    assert f"Line {problem.file_line}, column {problem.file_column}" in str(problem)


def test_json_is_read_by_the_same_places() -> None:
    parts = [{"key": "a", "amount": 'IF(deal.product == "ü", 1, WRONG)'}]
    plan = {"plan": "T", "currency": "USD", "pays": "month", "components": parts}
    text = json.dumps(plan, indent=1, ensure_ascii=False)

    (problem,) = problems_of(text)

    line = text.split("\n")[problem.file_line - 1]
    assert line[problem.file_column - 1 :].startswith("WRONG")


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (HEAD + "variables:\n  quota: money\n  bad: foo\n", 6, 3),
        (HEAD + "components:\n  - key: a\n    amount: '1'\n    colour: red\n", 7, 5),
        (HEAD + "components:\n  - key: a\n  - key: b\n    amount: '1'\n", 5, 5),
        (HEAD + "components:\n  - amount: '1'\n", 5, 5),
        (HEAD + "fields:\n  deal.fee: money\n  deal.x y: text\n", 6, 3),
        (HEAD + "measures:\n  m:\n    sum: deal.amount\n    over: moon\n", 7, 5),
        (HEAD + "nonsense: 1\n", 4, 1),
        (HEAD + "examples:\n  - name: a\n  - name: b\n    peroid: 2026-01\n", 7, 5),
    ],
)
def test_what_is_no_formula_is_shown_at_its_name(
    text: str, line: int, column: int
) -> None:
    with pytest.raises(InvalidPlan) as refused:
        plan_from_yaml(text)

    places = {
        (one.file_line, one.file_column)
        for one in in_file(refused.value.problems, text)
    }

    assert (line, column) in places


def test_a_file_that_is_no_plan_keeps_its_problems_as_they_are() -> None:
    problem = PlanProblem("components.a.amount", "Wrong.")

    for text in ("", "a: [", "[", "x" * 600_000, "\x00"):
        assert in_file([problem], text) == (problem,)
    for text in ("a", "? [a, b]\n: c", "[[[1]]]", "- {key: [1]}"):
        assert in_file([problem], text)[0].file_line == 1


def test_each_of_thousands_of_problems_has_its_own_line() -> None:
    parts = "".join(f"  - {{key: c{at}, amount: x}}\n" for at in range(1_500))
    problems = [
        PlanProblem(f"components.c{at}.amount", "", line=1, column=1, picture="x")
        for at in range(1_500)
    ]

    found = in_file(problems, f"components:\n{parts}")

    assert [one.file_line for one in found] == list(range(2, 1_502))


BLANKS = st.sampled_from([" ", "  ", "\n      ", " \n\n        "])
SIGNS = st.lists(
    st.sampled_from(["1", "deal.amount", "'é'", '"b"', "+", "*"]), max_size=8
)


@given(SIGNS, st.data())
def test_every_style_of_yaml_gives_the_place_of_every_word(
    before: list[str], data: st.DataObject
) -> None:
    style = data.draw(st.sampled_from(["|", ">", "'", '"']))
    words = [*before, "WRONG"]
    value = words[0]
    for word in words[1:]:
        value += data.draw(BLANKS) + word
    if style in "|>":
        shown = f"{style}\n      {value}"
    else:
        quoted = value.replace("'", "''") if style == "'" else value.replace('"', '\\"')
        shown = f"{style}{quoted}{style}"
    text = f"components:\n  - key: a\n    amount: {shown}\n"
    stripped = plan_text(text)
    at = stripped.index("WRONG")
    line = stripped.count("\n", 0, at) + 1
    column = at - stripped.rfind("\n", 0, at)
    problem = PlanProblem(
        "components.a.amount", "", line=line, column=column, picture="x"
    )

    (placed,) = in_file([problem], text)

    assert text.split("\n")[placed.file_line - 1][placed.file_column - 1 :].startswith(
        "WRONG"
    )


def plan_text(text: str) -> str:
    """Return the amount as the plan reads it."""
    raw = HEAD + text
    try:
        return str(plan_from_yaml(raw).components[0].formulas["amount"])
    except InvalidPlan as refused:
        raise AssertionError(raw) from refused
