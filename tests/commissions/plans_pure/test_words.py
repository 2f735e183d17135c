"""Plans in words: sentences for payees, and what changed between two versions."""

import pytest

from commissions.plans.diff import PlanChange, diff_plans
from commissions.plans.reading import read_plan
from commissions.plans.sentences import plan_words
from commissions.plans.yaml_form import plan_from_yaml

PLAN = """
plan: Advisor
currency: USD
fields: {deal.dealer_fee: money, deal.customer_paid: yesno}
measures:
  volume:
    sum: deal.amount * deal.share
    over: month
components:
  - key: system
    name: System replacement
    when: deal.product == "System replacement"
    base: (deal.amount - or_else(deal.dealer_fee, 0)) * deal.share
    amount: marginal(volume.before, base, tiers.advisor)
    payable_when: deal.customer_paid
    waiting_for: customer payment
    clawback_days: 90
  - key: plan
    name: Maintenance plan
    when: deal.product == "Maintenance plan"
    amount: "40"
tables:
  advisor: {rows: [{from: 0, rate: 6%}, {from: 80000, rate: 8%}]}
"""


def one_component(body: str) -> str:
    text = f"plan: A\ncurrency: USD\ncomponents:\n  - key: pay\n{body}"
    return plan_words(plan_from_yaml(text))[0].pays


def test_tiers_read_as_a_sentence() -> None:
    words = plan_words(plan_from_yaml(PLAN))[0]

    assert words.pays == (
        "Pay 6 % of the payee's share of amount − dealer fee, up to 80,000.00 per month,"
        " then 8 %, where product is System replacement, payable after customer payment."
    )
    assert words.conditions == (
        "Paid to the owner or split of each deal.",
        "Payable after customer payment.",
        "Taken back if the deal is lost within 90 days.",
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('    amount: "40"', "Pay 40.00 for each deal."),
        ("    amount: 40 * deal.share", "Pay 40.00 for each deal, times the share."),
        (
            "    base: deal.amount\n    amount: base * 7.5%",
            "Pay 7.5 % of amount.",
        ),
        (
            "    amount: deal.amount * 3% + 1",
            "Pay what this gives: amount × 3% + 1.",
        ),
        ('    amount: "40"\n    says: Forty for you.', "Forty for you."),
    ],
)
def test_each_shape_has_its_sentence(body: str, said: str) -> None:
    assert one_component(body) == said


def test_the_rates_fit_under_a_line() -> None:
    words = plan_words(plan_from_yaml(PLAN))

    assert [part.rates for part in words] == [
        "6 % to 80,000.00, then 8 %",
        "40.00 each",
    ]


MORE = """
plan: More
currency: USD
fields: {payee.contract: percent, subscription.active: yesno}
measures:
  paid: {component: [spread], over: year}
components:
  - key: spread
    credit: [upline]
    steps:
      - gap: max(payee.contract - below.contract, 0)
    amount: min(deal.amount * gap, 18000 - paid.before)
    keeps: earned * 50%
  - key: residual
    object: subscription
    repeat: yes
    times: 12
    while: subscription.active
    amount: subscription.amount * 20%
    replaces: [spread]
  - key: tax
    kind: deduction
    per: quarter
    amount: -paid.total * 10%
"""


def test_what_repeats_stays_replaces_or_is_taken_off_is_said() -> None:
    spread, residual, tax = plan_words(plan_from_yaml(MORE))

    assert spread.pays == (
        "Pay what this gives: min(amount × gap, 18000 − paid before it)."
    )
    assert spread.conditions == (
        "Paid to the people above the owner of each deal.",
        "Gap: max(the payee’s contract − the contract of who is below, 0).",
        "If the deal is lost, this stays: earned × 50%.",
    )
    assert residual.conditions == (
        "Paid to the owner or split of each subscription.",
        "Paid again in each month, 12 times at most, while active.",
        "Paid instead of Spread.",
        "Ends when the subscription is lost.",
    )
    assert tax.conditions == (
        "Paid once per quarter, when it ends.",
        "Taken off, and shown apart.",
    )


def test_the_labels_of_the_source_are_used_where_they_are_given() -> None:
    labels = {"deal.amount": "sold price"}

    words = plan_words(plan_from_yaml(PLAN), labels)[0].pays

    assert "sold price − dealer fee" in words


def changes(old: str, new: str) -> list[PlanChange]:
    assert old in PLAN
    after = plan_from_yaml(PLAN.replace(old, new, 1))
    return diff_plans(plan_from_yaml(PLAN), after)


def test_the_same_plan_has_no_changes() -> None:
    assert diff_plans(plan_from_yaml(PLAN), plan_from_yaml(PLAN)) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"40"', '"60"', "Maintenance plan: the amount: 40 → 60"),
        (
            "clawback_days: 90",
            "clawback_days: 60",
            "System replacement: the clawback days: 90 → 60",
        ),
        (
            "    clawback_days: 90\n",
            "",
            "System replacement: the clawback days: 90 → nothing",
        ),
        ("currency: USD", "currency: CAD", "The currency: USD → CAD"),
        (
            "rate: 8%",
            "rate: 9%",
            "Rate table “advisor”: the rows: from 0 rate 6%; from 80000 rate 8%"
            " → from 0 rate 6%; from 80000 rate 9%",
        ),
        (
            "over: month",
            "over: quarter",
            "Measure “volume”: the window: month → quarter",
        ),
    ],
)
def test_a_change_is_said_with_both_sides(old: str, new: str, said: str) -> None:
    assert [str(change) for change in changes(old, new)] == [said]


def test_a_component_that_comes_or_goes_is_said() -> None:
    without = PLAN.replace(
        '  - key: plan\n    name: Maintenance plan\n    when: deal.product == "Maintenance plan"\n    amount: "40"\n',
        "",
    )

    gone = diff_plans(plan_from_yaml(PLAN), plan_from_yaml(without))
    come = diff_plans(plan_from_yaml(without), plan_from_yaml(PLAN))

    assert [str(change) for change in gone] == ["Maintenance plan is removed"]
    assert [str(change) for change in come] == ["Maintenance plan is added"]


def test_words_alone_change_no_pay() -> None:
    (change,) = changes("waiting_for: customer payment", "waiting_for: the money")

    assert not change.pay


def test_another_order_of_components_changes_no_pay() -> None:
    raw = {**plan_from_yaml(PLAN).raw}
    parts = raw["components"]
    assert isinstance(parts, list)
    raw["components"] = parts[::-1]

    (change,) = diff_plans(plan_from_yaml(PLAN), read_plan(raw))

    assert str(change) == "The order is now Maintenance plan, System replacement"
    assert not change.pay


def test_of_what_an_example_expects_only_what_differs_is_named() -> None:
    example = (
        PLAN
        + """
examples:
  - name: One
    period: 2026-11
    deals: [{id: a, won_on: 2026-11-04, amount: 10}]
    expect: {total: 40, lines: {a: 40, b: 3}}
"""
    )
    other = example.replace("total: 40, lines: {a: 40,", "total: 40, lines: {a: 60,")

    found = diff_plans(plan_from_yaml(example), plan_from_yaml(other))

    assert [str(change) for change in found] == [
        "Example “One”: what is expected, lines, a: 40 → 60"
    ]
