"""Plan files that are hostile or broken: refused with a line, in bounded work."""

import pytest

from commissions.plans import yaml_form
from commissions.plans.document import InvalidPlan
from commissions.plans.json_form import plan_from_json
from commissions.plans.yaml_form import plan_from_yaml

PLAN = "plan: P\ncurrency: USD\ncomponents: [{key: a, amount: '5'}]\n"


def refused(text: str) -> tuple[int, str]:
    with pytest.raises(InvalidPlan) as caught:
        plan_from_yaml(text)
    problem = caught.value.problems[0]
    return problem.line, problem.message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[" * 100_000, 1, "This is nested too deeply."),
        ("plan: " + "[" * 33 + "]" * 33, 1, "This is nested too deeply."),
        ("{a: " * 100_000, 1, "This is nested too deeply."),
        ("plan:\n  " + "- " * 200 + "a", 2, "This is nested too deeply."),
        ("".join(" " * at + "a:\n" for at in range(79)), 32, "nested too deeply"),
        ("? " * 2_000, 1, "This is nested too deeply."),
        ("plan: [" + "a," * 200_000 + "]", 1, "more than 50,000 parts"),
        ("a: &a [x, x]\nb: [*a, *a]", 1, "no aliases (&name, *name)"),
        ("a: x\nb: *a", 2, "no aliases (&name, *name)"),
        (PLAN + "says: &x P\n", 4, "no aliases (&name, *name)"),
        ("plan: !!python/object/apply:os.system ['true']\n", 1, "no tags (!name)"),
        (PLAN + "says: !!binary aGk=\n", 4, "no tags (!name)"),
        ("!!map {plan: P}\n", 1, "no tags (!name)"),
        (PLAN + "plan: Q\n", 4, "“plan” stands here twice."),
        (PLAN + "variables: {q: money, 'q': number}\n", 4, "“q” stands here twice."),
        (PLAN + "? [1, 2]\n: x\n", 4, "A name is a single text."),
        (PLAN + "? {a: b}\n: x\n", 4, "A name is a single text."),
        (PLAN + "says: a\0b\n", 0, "special characters are not allowed"),
        (PLAN + 'says: "\\0"\n', 4, "A text has a zero byte or half a character."),
        (PLAN + 'says: "\\ud800"\n', 4, "A text has a zero byte or half a character."),
        (PLAN + "measures:\n\tx: 1\n", 5, "A tab cannot indent"),
        (PLAN + "---\n" + PLAN, 4, "A file holds one plan: take the --- out."),
        (PLAN + "says: 50%: less\n", 4, "needs quotes around it"),
        (PLAN + "says: @all\n", 4, "A value that begins so needs quotes around it."),
        (PLAN + "says: 'x\n", 5, "A text in quotes was never closed."),
        (PLAN + "variables: {a: money\n", 5, "A bracket was never closed."),
        (PLAN + "variables: {,}\n", 4, "A value is missing here."),
        (PLAN + "says\n", 5, "A name here has no “:” behind it."),
        (PLAN + " says: x\n", 4, "does not stand as far in"),
        ("a" * 500_001, 0, "longer than 500,000 characters"),
    ],
)
def test_a_hostile_file_is_refused_where_it_is_wrong(
    text: str, line: int, words: str
) -> None:
    at, message = refused(text)

    assert at == line
    assert words in message


def test_a_merge_key_is_only_a_name_that_is_not_known() -> None:
    with pytest.raises(InvalidPlan, match="“<<” is not known here"):
        plan_from_yaml("<<: {says: hidden}\n" + PLAN)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff", "---\n"])
def test_line_ends_and_byte_order_marks_change_nothing(start: str, ending: str) -> None:
    text = (start + PLAN).replace("\n", ending)

    assert plan_from_yaml(text).hash == plan_from_yaml(PLAN).hash


def test_no_more_parts_are_looked_at_than_the_limit_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = 0
    compose = yaml_form._Loader.compose_node

    def counting(self: yaml_form._Loader, *given: object) -> object:
        nonlocal seen
        seen += 1
        return compose(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(yaml_form._Loader, "compose_node", counting)

    refused("plan: [" + "a," * 200_000 + "]")

    assert seen == 50_001


def test_a_json_file_may_begin_with_a_byte_order_mark() -> None:
    text = '{"plan": "P", "currency": "USD", "components": [{"key": "a", "amount": 5}]}'

    assert plan_from_json("\ufeff" + text).hash == plan_from_json(text).hash


@pytest.mark.parametrize(
    "formula",
    [
        "max(deal.amount, 0) * deal.share",
        "max(min(deal.amount, 5), 0)",
        "IF(deal.amount > 5, max(1, 2), (3))",
        "max(deal.amount,\n  0)",
    ],
)
def test_commas_inside_round_brackets_are_of_the_formula(formula: str) -> None:
    bare = f"measures: {{v: {{sum: {formula}, over: month}}}}\n"
    quoted = f'measures: {{v: {{sum: "{formula}", over: month}}}}\n'

    assert plan_from_yaml(PLAN + bare).hash == plan_from_yaml(PLAN + quoted).hash


def test_two_formulas_may_end_alike() -> None:
    bare = "measures: {v: {sum: max(deal.amount, 0), when: max(1, 0) > 0}}\n"

    part = plan_from_yaml(PLAN + bare).measure("v")

    assert part is not None
    assert (part.sum, part.when) == ("max(deal.amount, 0)", "max(1, 0) > 0")


def test_a_bracket_that_a_hundred_thousand_commas_follow_is_looked_at_in_time() -> None:
    text = PLAN + "says: {a: (" + ", b" * 100_000 + "}\n"

    with pytest.raises(InvalidPlan):
        plan_from_yaml(text)


def test_a_formula_that_a_comma_cut_is_told_to_stand_in_quotes() -> None:
    text = PLAN + "measures: {v: {sum: max((deal.amount, 0) * deal.share}}\n"

    with pytest.raises(InvalidPlan) as caught:
        plan_from_yaml(text)

    cut = caught.value.problems[0]
    assert cut.message == "“0) * deal.share” looks like the rest of a formula."
    assert cut.hint == "Inside {…} a comma ends a value: put the formula in quotes."
