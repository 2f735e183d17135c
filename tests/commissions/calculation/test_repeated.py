"""Payments that repeat: residuals, instalments, trails."""

from datetime import date
from decimal import Decimal

import pytest

from commissions.calculation.facts import TableFact, measure_key
from commissions.calculation.pipeline import calculate
from commissions.formula import TierTable
from tests.commissions.calculation.builders import (
    a_deal,
    an_assignment,
    inputs,
    the_line,
)
from tests.commissions.calculation.plain import a_plan, lines, totals

RESIDUAL = {"key": "residual", "repeat": True, "amount": "deal.amount * 1%"}


@pytest.mark.parametrize(
    ("period", "paid"),
    [("2026-10", 0), ("2026-11", 10), ("2026-12", 10), ("2027-11", 10)],
)
def test_a_residual_is_paid_in_each_period_from_the_entrys_own(
    period: str, paid: int
) -> None:
    program = a_plan(components=[RESIDUAL])

    draft = calculate(
        inputs(a_deal(1, "2026-11-20", "1000"), program=program, period=period)
    )

    assert draft.total == paid


def test_one_line_an_entry_and_period_dated_on_the_periods_last_day() -> None:
    program = a_plan(components=[RESIDUAL])
    deal = a_deal(1, "2026-11-20", "1000")

    line = the_line(calculate(inputs(deal, program=program, period="2027-02")), 1)

    assert line.key == (7, "residual", 1, "owner", 0)
    assert line.earned_on == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("period", "paid"),
    [("2026-11", 100), ("2026-12", 200), ("2027-01", 300), ("2027-02", 0)],
)
def test_instalments_count_from_one_and_end(period: str, paid: int) -> None:
    program = a_plan(
        components=[{**RESIDUAL, "times": "3", "amount": "deal.amount * nth / 10"}]
    )

    draft = calculate(
        inputs(a_deal(1, "2026-11-20", "1000"), program=program, period=period)
    )

    assert draft.total == paid


def test_a_trail_is_paid_only_while_its_condition_holds() -> None:
    program = a_plan(components=[{**RESIDUAL, "going": "deal.paid"}])
    deals = (
        a_deal(1, "2026-10-20", "1000", paid=False),
        a_deal(2, "2026-10-21", "1000"),
    )

    draft = calculate(inputs(*deals, program=program))

    assert lines(draft) == {("residual", 2, "owner"): Decimal("10.00")}


@pytest.mark.parametrize(
    ("period", "paid"), [("2026-11", 10), ("2026-12", 10), ("2027-01", 0)]
)
def test_it_stops_with_the_period_of_the_loss_and_keeps_what_was_before(
    period: str, paid: int
) -> None:
    program = a_plan(components=[RESIDUAL])
    deal = a_deal(1, "2026-11-20", "1000", lost_on="2027-01-01")

    assert calculate(inputs(deal, program=program, period=period)).total == paid


def test_it_reads_the_rates_of_the_period_that_pays() -> None:
    program = a_plan(
        components=[{**RESIDUAL, "amount": "whole(deal.amount, deal.amount, tiers.r)"}],
        tables={"r": TierTable(((Decimal(0), Decimal("0.01")),))},
    )
    later = TableFact(
        "r", date(2026, 12, 31), None, TierTable(((Decimal(0), Decimal("0.02")),))
    )
    deal = a_deal(1, "2026-11-20", "1000")

    november = calculate(inputs(deal, program=program, tables=(later,)))
    december = calculate(
        inputs(deal, program=program, tables=(later,), period="2026-12")
    )

    assert [november.total, december.total] == [10, 20]


def test_a_payee_who_left_the_plan_is_paid_no_longer() -> None:
    program = a_plan(components=[RESIDUAL])
    own = an_assignment(program, ends="2026-12-15")
    deal = a_deal(1, "2026-11-20", "1000")

    december = calculate(inputs(deal, assignments=(own,), period="2026-12"))
    january = calculate(inputs(deal, assignments=(own,), period="2027-01"))

    assert [december.total, january.total] == [10, 0]


def test_what_was_sold_before_the_plan_is_not_paid_by_it() -> None:
    own = an_assignment(a_plan(components=[RESIDUAL]), starts="2026-11-01")

    assert (
        calculate(inputs(a_deal(1, "2026-10-20", "9"), assignments=(own,))).total == 0
    )


def test_repeated_payments_fill_a_cap_after_the_periods_own_deals() -> None:
    program = a_plan(
        measures=[
            {"name": "paid", "of_components": ("residual", "sale"), "over": "year"}
        ],
        components=[
            {**RESIDUAL, "amount": "min(deal.amount * 1%, 25 - paid.before)"},
            {"key": "sale", "amount": "deal.amount * 1%"},
        ],
    )
    stored = {(measure_key(7, "paid"), "2026-10"): Decimal(4)}

    draft = calculate(
        inputs(
            a_deal(1, "2026-10-20", "1000"),
            a_deal(2, "2026-11-20", "900"),
            program=program,
            stored=stored,
        )
    )

    # 4 before; 9 for the sale; 10 for deal 1; what is left, 2, for deal 2.
    assert lines(draft) == {
        ("residual", 1, "owner"): Decimal("10.00"),
        ("residual", 2, "owner"): Decimal("2.00"),
        ("sale", 2, "owner"): Decimal("9.00"),
    }
    assert totals(draft)["paid"] == 25


def test_a_repeated_deal_counts_once_in_a_measure() -> None:
    program = a_plan(
        measures=[{"name": "sold", "sum": "deal.amount", "over": "year"}],
        components=[{**RESIDUAL, "amount": "sold.after * 1%"}],
    )

    draft = calculate(inputs(a_deal(1, "2026-10-20", "1000"), program=program))

    assert totals(draft)["sold"] == 1000
    assert draft.total == 10


def test_half_months_count_by_half_months() -> None:
    program = a_plan(components=[{**RESIDUAL, "amount": "nth * 1"}])
    deal = a_deal(1, "2026-10-20", "1000")

    draft = calculate(inputs(deal, program=program, period="2026-11b"))

    assert draft.total == 3
