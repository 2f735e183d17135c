"""Rounding policies, currencies, settlement."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissions.calculation.facts import RateFact
from commissions.calculation.pipeline import calculate
from commissions_saas.lib.money import round_together
from tests.commissions.calculation.builders import a_deal, inputs, the_line
from tests.commissions.calculation.plain import a_plan

TENTH = {"key": "sale", "amount": "deal.amount * 10%"}


@pytest.mark.parametrize(
    ("rounding", "of_25", "of_minus_25", "of_21"),
    [
        ("half_up", "0.03", "-0.03", "0.02"),
        ("half_even", "0.02", "-0.02", "0.02"),
        ("up", "0.03", "-0.03", "0.03"),
        ("down", "0.02", "-0.02", "0.02"),
    ],
)
def test_a_plan_says_how_it_rounds(
    rounding: Any, of_25: str, of_minus_25: str, of_21: str
) -> None:
    program = a_plan(components=[TENTH], rounding=rounding)

    draft = calculate(
        inputs(
            a_deal(1, "2026-11-01", "0.25"),
            a_deal(2, "2026-11-02", "-0.25"),
            a_deal(3, "2026-11-03", "0.21"),
            program=program,
        )
    )

    assert [str(line.amount) for line in draft.lines] == [of_25, of_minus_25, of_21]


def test_on_the_total_the_sum_is_rounded_and_the_lines_share_its_cents() -> None:
    program = a_plan(components=[TENTH], round_on="total")
    deals = [a_deal(n, f"2026-11-0{n}", "0.16") for n in (1, 2, 3)]

    draft = calculate(inputs(*deals, program=program))

    # Three times 0.016 is 0.048, so 0.05; by the line it would be 0.06.
    assert draft.total == Decimal("0.05")
    assert [str(line.amount) for line in draft.lines] == ["0.02", "0.02", "0.01"]


def test_a_measure_over_lines_that_are_rounded_in_all_holds_the_exact_amounts() -> None:
    program = a_plan(
        measures=[{"name": "paid", "of_components": ("sale",)}],
        components=[TENTH],
        round_on="total",
    )

    draft = calculate(inputs(a_deal(1, "2026-11-01", "0.16"), program=program))

    assert draft.totals[0].total == Decimal("0.016")


@given(
    st.lists(st.decimals("-99", "99", places=4), max_size=9),
    st.sampled_from(["half_up", "half_even", "up", "down"]),
)
def test_amounts_that_are_rounded_together_add_up(
    amounts: list[Decimal], rounding: Any
) -> None:
    parts = round_together(amounts, "USD", rounding)

    assert abs(sum(parts, Decimal(0)) - sum(amounts, Decimal(0))) < Decimal("0.01")
    for part, amount in zip(parts, amounts, strict=True):
        assert abs(part - amount) < Decimal("0.01")
        assert part == round(part, 2)


@pytest.mark.parametrize("rate", ["0", "-1.08"])
def test_a_rate_that_cannot_be_right_fails_the_line_by_name(rate: str) -> None:
    rates = {("EUR", date(2026, 11, 4)): RateFact(Decimal(rate), "ECB")}
    deal = a_deal(1, "2026-11-04", "1000", currency="EUR")

    line = the_line(
        calculate(inputs(deal, program=a_plan(components=[TENTH]), rates=rates)), 1
    )

    assert line.amount == 0
    assert line.failed == (
        f"Deal 1 is in EUR, and the rate from EUR to USD for 4 Nov 2026 is {rate} (ECB)."
        " A rate must be above zero."
    )


def test_a_plan_may_convert_at_the_end_of_the_period() -> None:
    program = a_plan(components=[TENTH], convert_on="period_end")
    rates = {
        ("EUR", date(2026, 11, 4)): RateFact(Decimal("1.05"), "ECB"),
        ("EUR", date(2026, 11, 30)): RateFact(Decimal("1.10"), "ECB"),
    }
    deal = a_deal(1, "2026-11-04", "1000", currency="EUR")

    assert calculate(inputs(deal, program=program, rates=rates)).total == 110


def test_a_statement_may_be_settled_in_another_currency() -> None:
    program = a_plan(components=[TENTH], settle_in="EUR")
    rates = {("EUR", date(2026, 11, 30)): RateFact(Decimal("0.9"), "ECB")}
    deal = a_deal(1, "2026-11-04", "1000.10")

    settled = calculate(inputs(deal, program=program, settle_rates=rates)).settled

    assert settled is not None
    assert (settled.amount, settled.currency) == (Decimal("90.01"), "EUR")
    assert settled.rate == RateFact(Decimal("0.9"), "ECB")


def test_without_a_rate_the_settlement_fails_and_says_so() -> None:
    program = a_plan(components=[TENTH], settle_in="EUR")

    draft = calculate(inputs(a_deal(1, "2026-11-04", "1000"), program=program))

    words = (
        "The statement settles in EUR, and there is no rate from USD to EUR for 30 Nov"
        " 2026."
    )
    assert draft.total == 100
    assert draft.settled is not None
    assert draft.settled.failed == words
    assert [failure.message for failure in draft.failures] == [words]
