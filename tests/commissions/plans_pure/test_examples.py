"""Worked examples: what they compare, and what makes one fail."""

import pytest

from commissions.plans.examples import (
    ExampleResult,
    run_examples,
    try_examples,
    untouched_components,
)
from commissions.plans.yaml_form import plan_from_yaml

PLAN = """
plan: Small
currency: USD
components:
  - key: pay
    amount: deal.amount * 10%
  - key: extra
    when: deal.product == "Extra"
    amount: "5"
examples:
  - name: One deal
    period: 2026-03
    payee: {name: Ada}
    deals: [{id: a, won_on: 2026-03-02, amount: 100}]
    expect: EXPECT
"""


def results(expect: str) -> list[ExampleResult]:
    return run_examples(plan_from_yaml(PLAN.replace("EXPECT", expect)))


def test_a_promise_that_is_kept() -> None:
    (result,) = results("{total: 10}")

    assert result.ok
    assert (result.example, result.payee, result.period) == (
        "One deal",
        "Ada",
        "2026-03",
    )
    assert (result.component, result.expected, result.computed) == (
        "total",
        "10.00",
        "10.00",
    )


def test_a_difference_of_one_cent_is_a_broken_promise() -> None:
    (result,) = results("{components: {pay: 10.01}}")

    assert not result.ok
    assert (result.component, result.expected, result.computed) == (
        "pay",
        "10.01",
        "10.00",
    )


def test_a_tenth_of_a_cent_is_not_rounded_away() -> None:
    (result,) = results("{total: 10.001}")

    assert not result.ok
    assert result.expected == "10.001"


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        ("{components: {pya: 10}}", "The plan has no component “pya”."),
        ("{lines: {b: 10}}", "This example has no entry “b”."),
        ("{totl: 10}", "“totl” cannot be expected. Did you mean total?"),
        ("{payees: {Eve: {total: 1}}}", "There is no payee “Eve” in this example."),
        ("{total: ten}", "“ten” is not a number."),
    ],
)
def test_an_example_that_cannot_be_run_says_why(expect: str, problem: str) -> None:
    (result,) = results(expect)

    assert not result.ok
    assert problem in result.problem


@pytest.mark.parametrize(
    ("deal", "problem"),
    [
        ("{id: a, won_on: 2026-03-02, amout: 100}", "Did you mean amount?"),
        ("{id: a, won_on: 2 March, amount: 100}", "“2 March” is not a day."),
        ("{id: a, won_on: 2026-03-02, amount: 1,000}", ""),
        ("{id: a, won_on: 2026-03-02, amount: '1,000'}", "“1,000” is not a number."),
        ("{id: a, won_on: 2026-03-02, role: boss}", "there is no role “boss”"),
    ],
)
def test_a_deal_of_an_example_that_cannot_be_read_says_why(
    deal: str, problem: str
) -> None:
    text = PLAN.replace("EXPECT", "{total: 10}")
    text = text.replace("{id: a, won_on: 2026-03-02, amount: 100}", deal)

    (result,) = run_examples(plan_from_yaml(text))

    assert not result.ok
    assert problem in result.problem


def test_a_line_that_fails_breaks_the_example_unless_it_is_expected() -> None:
    text = PLAN.replace(", amount: 100", "")

    broken = run_examples(plan_from_yaml(text.replace("EXPECT", "{total: 0}")))
    expected = "{failed: {a: has no value here}}"
    kept = run_examples(plan_from_yaml(text.replace("EXPECT", expected)))

    assert [result.ok for result in broken] == [False, True]
    assert '"deal.amount" has no value here' in broken[0].problem
    assert [result.ok for result in kept] == [True]


def test_a_component_that_no_example_touches_is_named() -> None:
    document = plan_from_yaml(PLAN.replace("EXPECT", "{total: 10}"))

    assert untouched_components(document, try_examples(document)) == ("extra",)


def test_a_plan_with_a_mistake_gives_one_result_with_the_mistake() -> None:
    text = PLAN.replace("EXPECT", "{total: 10}").replace("deal.amount", "deal.amuont")

    (result,) = run_examples(plan_from_yaml(text))

    assert not result.ok
    assert "Did you mean" in result.problem


def test_a_component_may_have_the_name_of_a_figure() -> None:
    document = plan_from_yaml("""
plan: Base and bonus
currency: USD
components:
  - {key: base, base: deal.amount, amount: base * 10%}
  - {key: bonus, amount: deal.amount * 1%}
examples:
  - name: In a deal it is the component, in a component it is the figure
    period: 2026-06
    deals: [{id: a, won_on: 2026-06-01, amount: 100}]
    expect: {lines: {a: {base: 10.00, bonus: 1.00}}, components: {base: {base: 100}}}
""")

    results = run_examples(document)

    assert [(r.component, r.computed, r.ok) for r in results] == [
        ("line a base", "10.00", True),
        ("line a bonus", "1.00", True),
        ("base base", "100.00", True),
    ]
