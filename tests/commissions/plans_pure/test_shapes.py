"""Other ways to write the same plan, and what an author is told about the rest."""

import re

import pytest

from commissions.plans.document import InvalidPlan
from commissions.plans.examples import run_examples
from commissions.plans.json_form import plan_from_json
from commissions.plans.yaml_form import plan_from_yaml

PLAN = """
plan: Small
currency: USD
fields:
  deal.kind: text
  payee.share: percent
variables: {quota: money}
measures:
  volume: {sum: deal.amount}
components:
  - key: pay
    steps:
      - zero: deal.amount * 0
      - all: zero + deal.amount
    amount: all * 10%
  - {key: month_end, name: Month end, per: period, over: month, amount: "1"}
tables:
  steps: {rows: [{from: 0, rate: 5%}, {from: 10, rate: 6%}]}
  rates: {kind: keyed, keys: [key], rows: [{key: North, rate: 5%}, {key: "*", rate: 1%}]}
examples:
  - name: One
    period: 2026-03
    payee: {name: Ada, quota: 5}
    deals: [{id: a, won_on: 2026-03-02, amount: 100}]
    expect: EXPECT
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("deal.kind: text\n  payee.share", "deal: {kind: string}\n  owner.share"),
        ("payee.share: percent", "payee: {share: percentage}"),
        ("volume: {sum: deal.amount}", "volume: deal.amount"),
        ("volume: {sum: deal.amount}", "volume: {sum: deal.amount, over: period}"),
        (
            "      - zero: deal.amount * 0\n      - all: zero",
            "      zero: deal.amount * 0\n      all: zero",
        ),
        ("{rows: [{from: 0, rate: 5%}, {from: 10, rate: 6%}]}", "{0: 5%, 10: 6%}"),
        (
            "[{from: 0, rate: 5%}, {from: 10, rate: 6%}]",
            "[{from: 0, value: 5%}, {from: 10, amount: 6%}]",
        ),
        (
            "{kind: keyed, keys: [key], rows: [{key: North, rate: 5%}, {key: '*', rate: 1%}]}".replace(
                "'", '"'
            ),
            '{North: 5%, "*": 1%}',
        ),
        ("per: period, over: month", "per: month"),
        ("rows: [{from: 0, rate: 5%}, {from: 10, rate: 6%}]", "rows: {0: 5%, 10: 6%}"),
        ("plan: Small", "name: Small"),
        ("currency: USD", "currency: USD\nrounding: Half-Up\nround: line"),
        ("- {key: month_end, name: Month end", "- {key: month_end, name: Month end"),
    ],
)
def test_what_is_clear_is_kept_in_one_form(old: str, new: str) -> None:
    text = PLAN.replace("EXPECT", "{total: 11}")
    assert old in text

    assert plan_from_yaml(text.replace(old, new, 1)).hash == plan_from_yaml(text).hash


def test_steps_keep_their_order_where_names_have_none() -> None:
    document = plan_from_yaml(PLAN.replace("EXPECT", "{total: 11}"))

    again = plan_from_json(document.canonical)

    assert list(again.components[0].steps) == ["zero", "all"]
    assert [result.ok for result in run_examples(again)] == [True]


@pytest.mark.parametrize(
    "expect",
    [
        "11",
        "{Ada: 11}",
        "{2026-03: {Ada: {total: 11}}}",
        "{payees: {Ada: {periods: {2026-03: 11}}}}",
        "{pay: 10, a: 10, volume: 100}",
        "{components: {pay: {a: 10}}, lines: {a: {pay: 10, amount: 10}}}",
        "{gross: 11, net: 11, deductions: 0, payable: 11, waiting: 0}",
    ],
)
def test_what_is_expected_may_be_written_in_short(expect: str) -> None:
    results = run_examples(plan_from_yaml(PLAN.replace("EXPECT", expect)))

    assert results
    assert all(result.ok for result in results)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("all * 10%", "all * volume", "A measure is read as volume.before"),
        ("key: pay", "key: pay\n    when: all > 0", "Only what follows it in its own"),
        ("key: pay", "key: pay\n    when: base > 0", "Only what follows it in its own"),
        ("all * 10%", "all * tiers.rates", "It is read as tables.rates."),
        ("all * 10%", "all * tiers.none", "A rate table is written under tables"),
        ('amount: "1"', "amount: deal.amount", "A rule per period has no single deal."),
        ("quota: money", "quota: 5000", "quota: {type: money, default: 5000}"),
        ("amount: 100", "amount: 1,000", "A comma ends a value: write 1000"),
        ("quota: 5}", "qota: 5}", "Did you mean quota?"),
        ("Ada, quota: 5}", "Ada, manager: Ada}", "cannot be the manager"),
        ("period: 2026-03", "periods: [2026-03, 2026-q3]", "all of one kind"),
        ("period: 2026-03", "period: 2026-03\n    given: {volume: 1}", "is reckoned"),
        (
            "period: 2026-03",
            "period: 2026-03\n    opening: {volume: 1}",
            "starts again",
        ),
        ("period: 2026-03", "period: 2026-03\n    stored: {volume: 1}", "which period"),
        ("sum: deal.amount", "sum: deal.amount, take: rank", "has no “take”"),
        ("{sum: deal.amount}", "{measure: volume}", "Say from whom"),
        ("key: pay", "key: pay\n    times: 3", "belongs to “repeat: yes”"),
        (
            "key: pay",
            "key: pay\n    replaces: [other]",
            "There is no component “other”",
        ),
        ("currency: USD", "currency: usd", "Write USD."),
        ("currency: USD", "currency: USD\npays: biweekly", "two weeks from 2026-01-05"),
        (
            "currency: USD",
            "currency: USD\nyear_starts: 4\npays: 4-4-5 to the last Friday of May",
            "Leave year_starts out.",
        ),
        (
            'month, amount: "1"',
            "month, amount: lookup((tables.rates, payee.name)",
            "components.month_end.payee.name): “payee.name)” looks like the rest",
        ),
        ("{total: 11}", "{lines: {a: {base: 0}}}", "“pay” shows no base."),
        ("from: 10, rate", "from: 10, to: 5, flat: 1, rate", "a column “flat”"),
        ("from: 0, rate", "from: 0, to: 5, rate", "A row ends at 5 and the next"),
    ],
)
def test_an_author_is_told_what_to_write(old: str, new: str, said: str) -> None:
    text = PLAN.replace("EXPECT", "{total: 11}")
    assert old in text

    try:
        results = run_examples(plan_from_yaml(text.replace(old, new, 1)))
        words = [result.problem for result in results]
    except InvalidPlan as invalid:
        words = [str(invalid)]

    assert any(said in sentence for sentence in words), words


def test_a_name_that_is_a_variable_and_a_field_must_say_which() -> None:
    text = PLAN.replace("payee.share", "payee.quota").replace("EXPECT", "11")

    (result,) = run_examples(plan_from_yaml(text))

    assert "“quota” is a variable and a field of the payee." in result.problem


def test_a_word_that_is_a_component_too_must_say_which() -> None:
    text = PLAN.replace("key: pay", "key: net")

    (refused,) = run_examples(plan_from_yaml(text.replace("EXPECT", "{net: 10}")))
    said = run_examples(
        plan_from_yaml(text.replace("EXPECT", "{components: {net: 10}, total: 11}"))
    )

    assert "“net” is a component here, and a figure of the statement" in refused.problem
    assert [result.ok for result in said] == [True, True]


STATES = """
plan: States of each other
currency: USD
measures:
  MEASURES
components:
  - key: new
    when: since.after < 365
    amount: deal.amount * 10%
examples:
  - name: A year and a day
    periods: 2025-01..2026-01
    deals:
      - {id: a, customer: Acme, won_on: 2025-01-10, amount: 100}
      - {id: b, customer: Acme, won_on: 2026-01-10, amount: 100}
    expect: {lines: {a: 10, b: 0}}
"""
PARTS = [
    'since: {value: "IF(first.before == 0, 0, day.after - first.before)", BY}',
    "day: {value: \"deal.won_on - date('2020-01-01')\", BY}",
    'first: {value: "IF(first.before == 0, day.after, first.before)", BY}',
]


@pytest.mark.parametrize("names", ["since day first", "a b c", "c b a", "b c a"])
def test_what_type_a_state_has_does_not_hang_on_names_or_order(names: str) -> None:
    """The stored form sorts names, so their order must not decide what is a number."""
    text = STATES.replace("MEASURES", "\n  ".join(PARTS))
    text = text.replace("BY", "per: deal, by: deal.customer")
    for old, new in zip(("since", "day", "first"), names.split(), strict=True):
        text = re.sub(rf"\b{old}\b", f"m_{new}", text)

    results = run_examples(plan_from_yaml(text))

    assert [result.ok for result in results] == [True, True], results


FACTS = """
plan: Hours of a quarter
currency: USD
fields: {payee.hours: number}
measures:
  hours: {sum: payee.hours, per: period, over: quarter}
  place: {measure: hours, of: business, take: rank}
components:
  - {key: hourly, per: quarter, when: place.total == 1, amount: hours.total * 10}
examples:
  - name: One period, and facts of those before it
    period: 2026-03
    payee: {name: Ada, hours: {2026-01: 160, 2026-02: 120, 2026-03: 8}}
    given: {place: GIVEN}
    expect: {hourly: 2880, measures: {hours: 288}}
"""


def test_facts_of_earlier_periods_count_without_deals_in_them() -> None:
    results = run_examples(plan_from_yaml(FACTS.replace("GIVEN", "1")))

    assert [result.ok for result in results] == [True, True], results


def test_what_is_given_for_a_period_that_is_not_worked_out_is_refused() -> None:
    given = "{2025-12: 3, 2026-03: 1}"

    (result,) = run_examples(plan_from_yaml(FACTS.replace("GIVEN", given)))

    assert "“place” is given for 2025-12, which is not worked out" in result.problem
