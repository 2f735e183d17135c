"""What a component can say: steps, precedence, what is kept, deductions, names."""

from datetime import date
from decimal import Decimal

import pytest

from commissions.calculation.facts import (
    DatedValue,
    SellFact,
    ThingFact,
    measure_key,
)
from commissions.calculation.pipeline import calculate
from tests.commissions.calculation.builders import (
    a_deal,
    an_assignment,
    inputs,
    the_line,
)
from tests.commissions.calculation.plain import a_plan, lines


def test_steps_are_a_waterfall_in_which_each_reads_the_earlier() -> None:
    program = a_plan(
        components=[
            {
                "key": "agent",
                "steps": {
                    "referral": "deal.amount * 25%",
                    "net": "deal.amount - referral - 395",
                },
                "base": "net",
                "amount": "base * 70%",
            }
        ]
    )

    draft = calculate(inputs(a_deal(1, "2026-11-04", "10000"), program=program))

    assert the_line(draft, 1).base == Decimal("7105")
    assert draft.total == Decimal("4973.50")


def test_a_step_that_fails_is_named_with_the_deal() -> None:
    program = a_plan(
        components=[
            {
                "key": "agent",
                "steps": {"ratio": "deal.amount / deal.level"},
                "amount": "ratio",
            }
        ]
    )

    draft = calculate(inputs(a_deal(1, "2026-11-04", "100"), program=program))

    assert the_line(draft, 1).failed.startswith("Deal 1: “ratio”: ")


def test_the_specific_replaces_the_general_where_it_applies() -> None:
    program = a_plan(
        components=[
            {"key": "general", "amount": "deal.amount * 5%"},
            {
                "key": "special",
                "when": 'deal.product == "A"',
                "replaces": ("general",),
                "amount": "deal.amount * 10%",
            },
        ]
    )

    draft = calculate(
        inputs(
            a_deal(1, "2026-11-04", "100", product="A"),
            a_deal(2, "2026-11-05", "100", product="B"),
            program=program,
        )
    )

    assert lines(draft) == {
        ("special", 1, "owner"): Decimal("10.00"),
        ("general", 2, "owner"): Decimal("5.00"),
    }


def test_a_condition_that_fails_fails_both_and_pays_nothing_twice() -> None:
    program = a_plan(
        components=[
            {"key": "general", "amount": "deal.amount * 5%"},
            {
                "key": "special",
                "when": "deal.amount / deal.level > 3",
                "replaces": ("general",),
                "amount": "deal.amount * 10%",
            },
        ]
    )

    draft = calculate(inputs(a_deal(1, "2026-11-04", "100"), program=program))

    assert [bool(line.failed) for line in draft.lines] == [True, True]


@pytest.mark.parametrize(
    ("lost_on", "kept"),
    [("", "1200"), ("2027-01-10", "200"), ("2026-11-30", "0"), ("2027-12-01", "1200")],
)
def test_of_a_lost_deal_stays_what_the_plan_says(lost_on: str, kept: str) -> None:
    program = a_plan(
        components=[
            {
                "key": "advance",
                "amount": "deal.amount",
                "clawback_days": 365,
                # A twelfth for each whole month that the customer stayed.
                "keeps": "earned * months_between(deal.won_on, deal.lost_on) / 12",
            }
        ]
    )

    draft = calculate(
        inputs(a_deal(1, "2026-11-04", "1200", lost_on=lost_on), program=program)
    )

    assert draft.total == Decimal(kept)


def test_a_deduction_is_shown_apart_and_the_net_is_the_sum() -> None:
    program = a_plan(
        measures=[{"name": "gross", "of_components": ("sale",)}],
        components=[
            {"key": "sale", "amount": "deal.amount * 10%"},
            {
                "key": "tax",
                "per": "period",
                "kind": "deduction",
                "amount": "-gross.total * 20%",
            },
        ],
    )

    draft = calculate(inputs(a_deal(1, "2026-11-04", "1000"), program=program))

    assert [line.kind for line in draft.lines] == ["earning", "deduction"]
    assert draft.total == 80


def test_facts_of_the_payee_are_read_as_of_the_day() -> None:
    facts = (
        DatedValue("rate", Decimal("0.10"), date(2026, 1, 1), date(2026, 11, 9)),
        DatedValue("rate", Decimal("0.20"), date(2026, 11, 10)),
        DatedValue("salary", Decimal(3000), date(2026, 11, 1), date(2026, 11, 30)),
    )
    program = a_plan(
        components=[
            {"key": "sale", "amount": "deal.amount * payee.rate"},
            {"key": "base", "per": "period", "amount": "payee.salary * payee.rate"},
        ]
    )

    draft = calculate(
        inputs(
            a_deal(1, "2026-11-09", "100"),
            a_deal(2, "2026-11-10", "100"),
            program=program,
            facts=facts,
            attributes={"rate": Decimal("0.99")},
        )
    )

    assert [line.amount for line in draft.lines] == [10, 20, 600]


def test_what_is_true_of_the_product_and_the_business_is_read_as_of_the_day() -> None:
    cost = DatedValue("cost", Decimal(70), date(2026, 11, 5))
    program = a_plan(
        components=[
            {
                "key": "margin",
                "amount": "(deal.amount - product.cost) * business.factor",
            }
        ]
    )

    draft = calculate(
        inputs(
            a_deal(1, "2026-11-04", "100", product="A"),
            a_deal(2, "2026-11-05", "100", product="A"),
            a_deal(3, "2026-11-05", "100", product="B"),
            program=program,
            things={
                ("product", "A"): ThingFact({"cost": Decimal(60)}, (cost,)),
                ("business", ""): ThingFact({"factor": Decimal(2)}),
            },
        )
    )

    assert [line.amount for line in draft.lines] == [80, 60, 0]
    assert "product.cost" in the_line(draft, 3).failed


def test_active_days_are_days_on_the_plan_without_those_of_leave() -> None:
    program = a_plan(
        components=[
            {
                "key": "base",
                "per": "period",
                "amount": "3000 * window.active_days / window.days",
            }
        ]
    )
    joined = an_assignment(program, starts="2026-11-11")

    draft = calculate(
        inputs(
            assignments=(joined,),
            leave=((date(2026, 11, 1), date(2026, 11, 15)),),
        )
    )

    assert draft.total == 1500


def test_the_window_of_a_quarterly_component_is_the_quarter() -> None:
    program = a_plan(
        components=[
            {
                "key": "base",
                "per": "period",
                "over": "quarter",
                "amount": "window.days * 1",
            }
        ]
    )

    draft = calculate(inputs(program=program, period="2026-12"))

    assert draft.total == 92


def test_what_the_payee_may_not_sell_is_left_out_and_said() -> None:
    may = (SellFact("product", "A", date(2026, 11, 1), date(2026, 11, 15)),)
    program = a_plan(
        measures=[{"name": "sold", "sum": "deal.amount"}],
        components=[{"key": "sale", "amount": "deal.amount * 10%"}],
    )

    draft = calculate(
        inputs(
            a_deal(1, "2026-11-04", "100", product="A"),
            a_deal(2, "2026-11-05", "100", product="B"),
            a_deal(3, "2026-11-16", "100", product="A"),
            a_deal(4, "2026-11-16", "100"),
            a_deal(5, "2026-11-16", "100", product="B", role="manager"),
            program=program,
            may_sell=may,
        )
    )

    assert [line.entry_id for line in draft.lines] == [1, 4]
    assert draft.measures == {measure_key(7, "sold"): Decimal(200)}
    assert [(one.entry_id, one.role) for one in draft.left_out] == [
        (2, "owner"),
        (3, "owner"),
    ]
    words = "Deal 2: Bob may not sell the product “B” on 5 Nov 2026."
    assert draft.left_out[0].reason == words
