"""Lines: who is credited, gates, clawbacks, currencies, failures and adjustments."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from commissions.calculation.facts import (
    AdjustmentFact,
    LineKey,
    RateFact,
    TableFact,
    measure_key,
)
from commissions.calculation.pipeline import calculate
from commissions.formula import TierTable
from crm_sync.ledger.facts import CreditFact
from tests.commissions.calculation.builders import (
    BOB,
    THEO,
    TIERS,
    a_deal,
    a_program,
    amounts,
    an_assignment,
    inputs,
    the_line,
)


def test_a_line_carries_what_identifies_and_explains_it() -> None:
    line = the_line(calculate(inputs(a_deal(1, "2026-11-04", "1000", share="0.5"))), 1)

    assert line.key == LineKey(7, "sale", 1, "owner", 0)
    assert (line.base, line.amount, line.share) == (
        Decimal(500),
        Decimal("30.00"),
        Decimal("0.5"),
    )
    assert (line.version_id, line.earned_on) == (71, date(2026, 11, 4))
    assert (line.kind, line.currency, line.waiting_for) == ("earning", "USD", "")


def test_only_the_payees_own_credit_is_paid() -> None:
    credits = (
        CreditFact(BOB, "owner", Decimal("0.3")),
        CreditFact(THEO, "split", Decimal("0.7")),
    )

    draft = calculate(inputs(a_deal(1, "2026-11-04", "1000", credits=credits)))

    assert amounts(draft) == {1: Decimal("18.00")}


def test_a_role_that_no_component_names_is_not_paid() -> None:
    draft = calculate(inputs(a_deal(1, "2026-11-04", "1000", role="manager")))

    assert draft.lines == ()
    assert draft.measures == {measure_key(7, "volume"): 0}


def test_two_shares_in_one_role_are_one_line() -> None:
    twice = (CreditFact(BOB, "split", Decimal("0.25")),) * 2

    draft = calculate(inputs(a_deal(1, "2026-11-04", "1000", credits=twice)))

    assert the_line(draft, 1).amount == Decimal("30.00")


def test_a_closed_gate_waits_and_is_still_earned() -> None:
    draft = calculate(inputs(a_deal(1, "2026-11-04", "1000", paid=False)))

    assert the_line(draft, 1).waiting_for == "customer payment"
    assert draft.total == Decimal("60.00")


@pytest.mark.parametrize(
    ("lost_on", "paid"),
    [("2026-09-01", 0), ("2026-11-29", 0), ("2026-11-30", 0), ("2026-12-01", 60)],
)
def test_a_lost_deal_keeps_its_pay_only_after_the_clawback_days(
    lost_on: str, paid: int
) -> None:
    deal = a_deal(1, "2026-09-01", "1000", lost_on=lost_on)

    draft = calculate(inputs(deal, period="2026-09"))

    assert draft.total == paid
    assert draft.totals[0].total == (1000 if paid else 0)


def test_without_clawback_days_a_lost_deal_is_always_taken_back() -> None:
    program = a_program(TIERS.replace("    clawback_days: 90\n", ""))
    deal = a_deal(1, "2026-01-05", "1000", lost_on="2031-01-05")

    assert calculate(inputs(deal, program=program, period="2026-01")).lines == ()


def test_an_open_deal_earns_nothing() -> None:
    draft = calculate(inputs(a_deal(1, "2026-11-04", "1000", counts=False)))

    assert draft.lines == ()


def test_a_deal_in_another_currency_is_converted_at_the_rate_of_its_day() -> None:
    rates = {("EUR", date(2026, 11, 4)): RateFact(Decimal("1.0815"), "ECB")}

    draft = calculate(
        inputs(a_deal(1, "2026-11-04", "1000", currency="EUR"), rates=rates)
    )

    assert the_line(draft, 1).base == Decimal("1081.50")
    assert the_line(draft, 1).amount == Decimal("64.89")


def test_a_missing_rate_fails_the_line_and_names_the_rate() -> None:
    draft = calculate(inputs(a_deal(1, "2026-11-04", "1000", currency="EUR")))

    words = "Deal 1 is in EUR, and there is no rate from EUR to USD for 4 Nov 2026."
    assert the_line(draft, 1).failed == words
    assert [failure.message for failure in draft.failures] == [words]


def test_an_empty_amount_fails_and_what_is_added_up_after_it_fails_too() -> None:
    blank = replace(a_deal(1, "2026-11-04", "1"), values={"status": "Won"})

    draft = calculate(
        inputs(a_deal(2, "2026-11-03", "100"), blank, a_deal(3, "2026-11-05", "100"))
    )

    assert the_line(draft, 2).failed == ""
    assert "deal.amount" in the_line(draft, 1).failed
    assert the_line(draft, 1).failed.startswith("Deal 1: ")
    words = "Deal 3: “volume” could not be added up. Deal 1: "
    assert the_line(draft, 3).failed.startswith(words)
    assert the_line(draft, 3).amount == 0
    assert draft.measures == {}


def test_a_division_by_zero_names_the_deal_and_leaves_the_others() -> None:
    program = a_program(
        """
plan: Ratio
currency: USD
fields: {deal.units: number}
components: [{key: pay, amount: deal.amount / deal.units}]
"""
    )
    good = a_deal(1, "2026-11-04", "100", units=Decimal(4))
    bad = a_deal(2, "2026-11-04", "100", units=Decimal(0))

    draft = calculate(inputs(good, bad, program=program))

    assert the_line(draft, 1).amount == 25
    words = '"deal.units" is 0, so "deal.amount / deal.units" cannot be worked out.'
    assert the_line(draft, 2).failed == f"Deal 2: {words}"


def test_a_value_of_the_wrong_kind_fails_the_line() -> None:
    draft = calculate(inputs(a_deal(1, "2026-11-04", "100", fee="a lot")))

    words = "deal.fee should be an amount, but Deal 1 has “a lot”."
    assert words in the_line(draft, 1).failed


def test_a_dated_rate_table_is_read_as_of_the_deals_day() -> None:
    def flat(rate: str) -> TierTable:
        return TierTable(((Decimal(0), Decimal(rate)),))

    tables = (
        TableFact("steps", date(2026, 1, 1), date(2026, 11, 15), flat("0.10")),
        TableFact("steps", date(2026, 11, 16), None, flat("0.20")),
    )
    deals = (a_deal(1, "2026-11-15", "100"), a_deal(2, "2026-11-16", "100"))

    draft = calculate(inputs(*deals, tables=tables))

    assert amounts(draft) == {1: Decimal("10.00"), 2: Decimal("20.00")}


def test_a_variable_is_read_as_of_the_deals_day() -> None:
    program = a_program(
        """
plan: Own rate
currency: USD
variables: {rate: percent}
components: [{key: pay, amount: deal.amount * rate}]
"""
    )
    slices = (
        an_assignment(program, ends="2026-11-15", values={"rate": Decimal("0.1")}),
        an_assignment(program, starts="2026-11-16", values={"rate": Decimal("0.2")}),
    )
    deals = (a_deal(1, "2026-11-15", "100"), a_deal(2, "2026-11-16", "100"))

    draft = calculate(inputs(*deals, assignments=slices))

    assert amounts(draft) == {1: 10, 2: 20}


def test_a_variable_that_the_assignment_does_not_give_fails_the_line() -> None:
    program = a_program(
        """
plan: Own rate
currency: USD
variables: {rate: percent}
components: [{key: pay, amount: deal.amount * rate}]
"""
    )

    draft = calculate(inputs(a_deal(1, "2026-11-15", "100"), program=program))

    assert '"rate" has no value here' in the_line(draft, 1).failed


def test_two_plans_are_paid_side_by_side_on_one_statement() -> None:
    both = (an_assignment(a_program(), plan=7), an_assignment(a_program(), plan=3))

    draft = calculate(inputs(a_deal(1, "2026-11-04", "1000"), assignments=both))

    assert [line.key.plan_id for line in draft.lines] == [3, 7]
    assert draft.total == Decimal("120.00")


def test_adjustments_stand_on_the_statement_as_they_were_made() -> None:
    taken_back = AdjustmentFact(
        id=4,
        kind="clawback",
        amount=Decimal("-612.00"),
        currency="USD",
        reason="Tran was cancelled",
        earned_on=date(2026, 11, 20),
        component="sale",
        entry_id=9,
    )

    draft = calculate(
        inputs(a_deal(1, "2026-11-04", "1000"), adjustments=(taken_back,))
    )

    assert draft.total == Decimal("-552.00")
    assert draft.lines[-1].key == LineKey(0, "sale", 9, "", 4)
    assert draft.lines[-1].kind == "clawback"


def test_a_stay_on_the_plan_is_one_though_its_quota_changes() -> None:
    program = a_program(
        """
plan: Days
currency: USD
components:
  - key: pay
    per: period
    amount: days_between(assignment.starts_on, period.ends_on) * 1
"""
    )
    slices = (
        an_assignment(program, starts="2026-11-01", ends="2026-11-15"),
        an_assignment(program, starts="2026-11-16"),
    )

    assert calculate(inputs(assignments=slices)).total == 29


def test_a_bonus_on_lines_fails_when_one_of_the_lines_failed() -> None:
    program = a_program(
        """
plan: Bonus
currency: USD
measures: {earned: {component: [pay]}}
components:
  - {key: pay, amount: deal.amount * 10%}
  - {key: bonus, per: period, amount: earned.total * 20%}
"""
    )
    deal = a_deal(1, "2026-11-04", "1000", currency="EUR")

    draft = calculate(inputs(deal, program=program))

    assert [bool(line.failed) for line in draft.lines] == [True, True]
    assert "no rate from EUR to USD" in draft.lines[1].failed
