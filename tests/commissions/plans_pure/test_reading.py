"""Plan documents: what is refused, where, and in which words."""

import pytest

from commissions.plans.compiling import check_plan, compile_plan
from commissions.plans.document import InvalidPlan
from commissions.plans.json_form import plan_from_json
from commissions.plans.yaml_form import plan_from_yaml
from crm_sync.ledger.facts import FieldFact

PLAN = """
plan: Small
currency: USD
variables: {quota: money}
measures:
  volume:
    sum: deal.amount
    over: month
components:
  - key: pay
    base: deal.amount
    amount: marginal(volume.before, base, tiers.steps)
tables:
  steps: {rows: [{from: 0, rate: 6%}, {from: 100, rate: 8%}]}
"""


def refused(text: str) -> list[str]:
    """Return the problems of a plan, from reading or from checking it."""
    try:
        document = plan_from_yaml(text)
    except InvalidPlan as invalid:
        return [str(problem) for problem in invalid.problems]
    return [str(problem) for problem in check_plan(document)]


def test_a_plan_without_mistakes_has_no_problems() -> None:
    assert refused(PLAN) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("currency: USD", "curency: USD", "curency: “curency” is not known here."),
        ("currency: USD", "curency: USD", "Did you mean currency?"),
        ("currency: USD", "currency: Dollar", "“Dollar” is not a currency code"),
        ("plan: Small", "plan:", "plan: “plan” is missing."),
        ("    base: deal", "    bse: deal", "components.pay.bse: “bse” is not known"),
        ("over: month", "over: moth", "measures.volume.over: “moth” is not possible"),
        ("over: month", "over: moth", "Did you mean month?"),
        ("key: pay", "key: Pay it", "“Pay it” cannot be a key."),
        ("key: pay\n", "key: pay\n    credit: [boss]\n", "There is no role “boss”."),
        ("key: pay\n", "key: pay\n    object: dael\n", "Did you mean deal?"),
        ("key: pay\n", "key: pay\n    over: month\n", "Only a component per period"),
        (
            "key: pay\n",
            "key: pay\n    clawback_days: soon\n",
            "components.pay.clawback_days: “soon” is not a whole number of days.",
        ),
        (
            "key: pay\n",
            "key: pay\n    payable_when: deal.amount > 0\n",
            "“payable_when” and “waiting_for” belong together.",
        ),
        ("    sum: deal.amount", "    count: deals", "Count with sum: 1."),
        ("key: pay\n", "key: pay\n    filter: deal.amount > 5\n", "Write it as when."),
        ("currency: USD", "currency: USD\npays: semi-monthly", "Write half_month."),
        ("currency: USD", "currency: USD\npays: weekly", "Did you mean week?"),
        ("currency: USD", "currency: USD\npays: biweekly", "like “two weeks from"),
        ("plan: Small", "says: {a: b: c}\nplan: Small", "Inside brackets a comma is"),
        ("quota: money", "quota: cash", "variables.quota: “cash” is not possible"),
        ("quota: money", "base: money", "“base” cannot be a name here. Formulas read"),
        ("quota: money", "Own Quota: money", "cannot be a name here. Write own_quota."),
        ("  volume:", "  below:", "“below” cannot be the name of a measure. Formulas"),
        ("quota: money", "volume: money", "A measure has this name too."),
        ("rate: 8%", "rate: eight", "tables.steps.rows: “eight” is not a number."),
        ("from: 100", "from: 0", "tables.steps.rows: The bounds of a table must rise"),
        (
            "{from: 100, rate: 8%}",
            "{rate: 8%}",
            "tables.steps.rows: A row has no “from”.",
        ),
        ("  - key: pay", "  - key: pay\n    key: pay2", "“key” stands here twice."),
        ("plan: Small", "plan: &a Small\nsays: *a", "no aliases"),
        ("plan: Small", "plan: [Small", "Line "),
        ("deal.amount\n    over", "deal.amuont\n    over", "measures.volume.sum: "),
        ("tiers.steps)", "tiers.stps)", "Did you mean"),
        ("base, tiers", "base tiers", "components.pay.amount: "),
        ("amount: marginal", "when: deal.amount\n    amount: marginal", "pay.when: "),
    ],
)
def test_a_mistake_is_said_with_its_place(old: str, new: str, said: str) -> None:
    assert old in PLAN

    problems = refused(PLAN.replace(old, new, 1))

    assert any(said in problem for problem in problems), problems


def test_all_mistakes_are_said_at_once() -> None:
    text = PLAN.replace("currency: USD", "currency: us").replace("month", "moth")

    assert len(refused(text)) == 2


def test_a_mistake_in_a_formula_has_line_column_and_picture() -> None:
    (problem,) = check_plan(
        plan_from_yaml(PLAN.replace("deal.amount\n    over", "deal.amuont\n    over"))
    )

    assert problem.path == "measures.volume.sum"
    assert (problem.line, problem.column) == (1, 1)
    assert "^" in problem.picture
    assert problem.fix == "deal.amount"


def test_two_components_with_one_key_are_refused() -> None:
    text = PLAN.replace("tables:", '  - key: pay\n    amount: "1"\ntables:')

    assert refused(text) == ["components.pay: Two components have this key."]


def test_measures_that_need_each_other_are_refused() -> None:
    text = PLAN.replace(
        "components:",
        "  other:\n    sum: deal.amount + volume.total\ncomponents:",
    ).replace("sum: deal.amount\n", "sum: deal.amount + other.total\n", 1)

    (problem,) = refused(text)

    assert problem == (
        "measures.other: This goes in a circle: other needs volume needs other."
        " Read “.before” instead: what was there before is known in time."
    )


def test_a_component_that_needs_its_own_total_is_refused() -> None:
    text = PLAN.replace("sum: deal.amount\n", "component: pay\n", 1)

    (problem,) = refused(text.replace("volume.before", "volume.total"))

    assert "This goes in a circle: " in problem


def test_a_component_may_read_what_it_paid_before_the_credit() -> None:
    text = PLAN.replace("sum: deal.amount\n", "component: pay\n", 1)

    assert refused(text) == []


def test_a_component_per_period_cannot_read_a_deal() -> None:
    text = PLAN.replace("key: pay\n", "key: pay\n    per: period\n")

    assert any("deal.amount" in problem for problem in refused(text))


def test_a_field_that_the_business_does_not_have_is_named() -> None:
    text = PLAN.replace("variables:", "fields: {deal.fee: money}\nvariables:")
    catalogue = [FieldFact("deal", "fees", "Fees", "money")]

    (problem,) = check_plan(plan_from_yaml(text), catalogue)

    assert str(problem) == (
        "fields.deal.fee: The business has no field deal.fee. Did you mean deal.fees?"
    )


def test_a_field_of_the_business_needs_no_declaration() -> None:
    text = PLAN.replace("base: deal.amount", "base: deal.amount - deal.fee")
    catalogue = [FieldFact("deal", "fee", "Fee", "money")]

    assert check_plan(plan_from_yaml(text), catalogue) == ()
    assert check_plan(plan_from_yaml(text)) != ()


def test_a_file_that_stands_alone_is_told_to_declare_its_fields() -> None:
    text = PLAN.replace("base: deal.amount", "base: deal.amount - deal.referral")

    (problem,) = check_plan(plan_from_yaml(text))

    assert 'There is no field "deal.referral".' in str(problem)
    assert "declare it in the plan: fields: {deal.referral: money}." in str(problem)


def test_a_rate_table_of_the_business_can_be_named() -> None:
    text = PLAN[: PLAN.index("tables:")]

    assert check_plan(plan_from_yaml(text)) != ()
    assert check_plan(plan_from_yaml(text), tables=["steps"]) == ()


def test_the_same_plan_is_compiled_once() -> None:
    one, two = plan_from_yaml(PLAN), plan_from_yaml(f"# a comment\n{PLAN}")

    assert compile_plan(one) is compile_plan(two)


def test_the_hash_does_not_depend_on_order_comments_or_defaults() -> None:
    one = plan_from_yaml(PLAN)
    text = PLAN.replace("plan: Small\ncurrency: USD\n", "currency: USD\nplan: Small\n")
    text = text.replace("key: pay\n", "key: pay\n    credit: [owner, split]\n")

    assert plan_from_yaml(text).hash == one.hash
    assert plan_from_yaml(PLAN.replace("6%", "7%")).hash != one.hash


def test_json_and_yaml_are_two_forms_of_one_plan() -> None:
    document = plan_from_yaml(PLAN)

    again = plan_from_json(document.canonical)

    assert again == document
    assert again.canonical == document.canonical


def test_numbers_in_json_keep_every_digit() -> None:
    text = '{"plan": "A", "currency": "USD", "components": [{"key": "a", "amount": 12345678901234567.89}]}'

    document = plan_from_json(text)

    assert document.components[0].amount == "12345678901234567.89"


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b", "a: &x [*x]", "\t: ["])
def test_what_is_no_plan_at_all_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InvalidPlan):
        plan_from_yaml(text)


def test_a_file_that_is_nested_without_end_is_refused() -> None:
    with pytest.raises(InvalidPlan):
        plan_from_yaml("plan: " + "[" * 100_000)
