"""Worked examples: what they compare, and what makes one fail."""

import pytest

from commissions.plans.compiling import check_plan
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


@pytest.mark.parametrize(
    ("pays", "over"),
    [
        ("week", "month"),
        ("quarter", "month"),
        ("month", "half_month"),
        ("half_month", "week"),
    ],
)
def test_a_window_that_no_pay_period_ends_with_is_refused(pays: str, over: str) -> None:
    document = plan_from_yaml(f"""
plan: A bonus that would never be paid
currency: USD
pays: {pays}
components: [{{key: bonus, per: period, over: {over}, amount: "100"}}]
""")

    (problem,) = check_plan(document)

    assert problem.path == "components.bonus.over"
    assert "are not made of whole" in problem.message
    assert "Pay over period" in problem.hint


def test_a_change_may_empty_a_field_and_undo_a_loss() -> None:
    document = plan_from_yaml("""
plan: What the source takes back
currency: USD
fields: {deal.fee: money}
components: [{key: sale, amount: "deal.amount - or_else(deal.fee, 0)"}]
examples:
  - name: The fee goes, and the lost deal is won again
    periods: 2026-01..2026-03
    deals:
      - {id: a, won_on: 2026-01-10, amount: 100, fee: 20, changes: [{on: 2026-02-05, fee: ""}]}
      - {id: b, won_on: 2026-01-10, amount: 50, lost_on: 2026-02-01, changes: [{on: 2026-03-05, lost_on: ""}]}
    expect:
      2026-01: 130.00
      2026-02: {lines: {a: 20.00, b: -50.00}}
      2026-03: {lines: {a: 0, b: 50.00}}
""")

    assert all(result.ok for result in run_examples(document)), run_examples(document)


def test_a_deduction_that_is_given_back_stays_a_deduction() -> None:
    document = plan_from_yaml("""
plan: A fee on each deal
currency: USD
components:
  - {key: sale, amount: deal.amount * 10%}
  - {key: fee, kind: deduction, amount: -deal.amount * 1%}
examples:
  - name: Nothing is left of a deal that is lost
    periods: 2026-01..2026-02
    deals: [{id: a, won_on: 2026-01-10, amount: 1000, lost_on: 2026-02-01}]
    expect: {total: 0, gross: 0, deductions: 0, 2026-02: {gross: -100.00, deductions: 10.00}}
""")

    assert all(result.ok for result in run_examples(document)), run_examples(document)


def test_a_change_shares_a_deal_as_a_deal_does() -> None:
    document = plan_from_yaml("""
plan: Split later
currency: USD
components: [{key: sale, amount: deal.amount * deal.share * 10%}]
examples:
  - name: Half of it goes to Ben
    periods: 2026-01..2026-02
    payees: [Ann, Ben]
    deals:
      - {id: a, payee: Ann, won_on: 2026-01-10, amount: 1000, changes: [{on: 2026-02-05, credits: {Ann: 60%, Ben: 40%}}]}
    expect: {2026-01: {Ann: 100.00, Ben: 0}, 2026-02: {Ann: -40.00, Ben: 40.00}}
""")

    assert all(result.ok for result in run_examples(document)), run_examples(document)


@pytest.mark.parametrize(
    ("deal", "why"),
    [
        (
            "{id: a, amount: 5}",
            "has no day, so no period pays it. Write won_on (or on).",
        ),
        ("{id: a, won_on: 2026-02-28, amount: 5}", "which is not in 2026-03."),
        ("{id: a, won_on: 2026-03-01, amount: 5, payee: Zoe}", "not credited to Ada."),
        ("{id: a, won_on: 2026-03-01, amount: 5, counts: no}", "does not count"),
        ("{id: a, won_on: 2026-03-31, amount: 5}", "when Ada is not on the plan."),
        (
            "{id: a, won_on: 2026-03-01, amount: 5, role: overlay}",
            "is a deal, credited as overlay, and no component pays that",
        ),
        ("{id: a, won_on: 2026-03-01, amount: 5}", "meets the condition of no"),
    ],
)
def test_a_line_that_is_expected_and_missing_is_explained(deal: str, why: str) -> None:
    text = PLAN.replace("{id: a, won_on: 2026-03-02, amount: 100}", deal)
    text = text.replace("{name: Ada}", "{name: Ada, to: 2026-03-30}")
    text = text.replace("amount: deal", "when: deal.amount > 9\n    amount: deal")

    (result,) = run_examples(
        plan_from_yaml(text.replace("EXPECT", "{lines: {a: 0.50}}"))
    )

    assert (result.expected, result.computed, result.ok) == ("0.50", "0.00", False)
    assert why in result.problem


@pytest.mark.parametrize("asked", ["0.50", "{components: {pay: 0.50}}"])
def test_a_total_of_nothing_says_where_the_first_entry_is(asked: str) -> None:
    text = PLAN.replace("2026-03-02", "2026-04-02").replace("EXPECT", asked)

    (result,) = run_examples(plan_from_yaml(text))

    assert result.problem == "Entry a is of 2026-04-02, which is not in 2026-03."
