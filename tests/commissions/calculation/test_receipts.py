"""Receipts: the steps of a line, and what two calculations differ in."""

from datetime import date
from decimal import Decimal

import pytest

from commissions.calculation.differences import compare
from commissions.calculation.facts import AdjustmentFact, LineKey, PayeeInputs, RateFact
from commissions.calculation.pipeline import calculate
from commissions.calculation.receipt import NoSuchLine
from commissions.calculation.receipts import explain
from crm_sync.ledger.facts import CreditFact
from tests.commissions.calculation.builders import (
    BOB,
    THEO,
    a_deal,
    a_program,
    inputs,
)

HALVES = (
    CreditFact(BOB, "split", Decimal("0.5")),
    CreditFact(THEO, "owner", Decimal("0.5")),
)


def hero(whitcomb: str = "41250") -> PayeeInputs:
    return inputs(
        a_deal(1, "2026-11-04", "18400", fee=Decimal("1380")),
        a_deal(2, "2026-11-09", whitcomb),
        a_deal(3, "2026-11-13", "14980", fee=Decimal("1123.50"), paid=False),
        a_deal(4, "2026-11-19", "21600", credits=HALVES),
    )


SANDOVAL = LineKey(7, "sale", 4, "split", 0)


def test_the_receipt_of_a_deal_that_crosses_the_tier_shows_both_slices() -> None:
    receipt = explain(hero(), SANDOVAL)

    kinds = [step.kind for step in receipt.steps]
    assert kinds == ["counted", "plan", "base", "rate", "gate", "result"]
    for figure in ("72,126.50", "7,873.50", "472.41", "2,926.50", "234.12", "706.53"):
        assert figure in receipt.text
    assert "472.41 + 234.12 = 706.53" in receipt.text
    assert receipt.line.amount == Decimal("706.53")


def test_the_receipt_lists_the_deals_before_it_with_their_entries() -> None:
    rate = explain(hero(), SANDOVAL).steps[3]

    assert [sentence.entry_id for sentence in rate.entries] == [1, 2, 3]
    assert [sentence.value for sentence in rate.entries] == [
        Decimal("17020"),
        Decimal("41250"),
        Decimal("13856.50"),
    ]


def test_the_receipt_names_the_others_who_share_the_deal() -> None:
    text = explain(hero(), SANDOVAL).text

    assert "Bob is credited as a split with 50 %." in text
    assert "Also credited: Theo 50 % (owner)." in text


def test_a_receipt_says_what_a_line_waits_for() -> None:
    text = explain(hero(), LineKey(7, "sale", 3, "owner", 0)).text

    assert "Waiting for customer payment: earned, and not payable yet." in text


def test_a_receipt_names_rate_day_and_source_of_a_conversion() -> None:
    rates = {("EUR", date(2026, 11, 4)): RateFact(Decimal("1.0815"), "ECB")}
    deal = a_deal(1, "2026-11-04", "1000", currency="EUR")

    text = explain(inputs(deal, rates=rates), LineKey(7, "sale", 1, "owner", 0)).text

    assert "1,000.00 EUR × 1.0815 (ECB, 4 Nov 2026) = 1,081.50 USD" in text


def test_the_receipt_and_the_calculation_agree_on_every_line() -> None:
    given = hero()

    for line in calculate(given).lines:
        assert explain(given, line.key).line == line


def test_a_cap_is_a_step_of_its_own() -> None:
    program = a_program(
        """
plan: Capped
currency: USD
components: [{key: pay, amount: deal.amount * 10%, cap: "50"}]
"""
    )
    deal = a_deal(1, "2026-11-04", "1000")

    receipt = explain(inputs(deal, program=program), LineKey(7, "pay", 1, "owner", 0))

    assert [step.title for step in receipt.steps][3] == "Cap"
    assert "not more than 50.00" in receipt.text
    assert receipt.line.amount == 50


def test_the_formula_is_laid_flat_with_a_value_for_each_part() -> None:
    receipt = explain(hero(), SANDOVAL)

    amount = next(trace for trace in receipt.formulas if trace.part == "amount")
    shown = {row.text: row.value for row in amount.rows}
    assert shown["volume.before"] == "72,126.50"
    assert shown["base"] == "10,800.00"
    assert amount.value == "706.53"


def test_a_failed_line_has_a_receipt_that_says_why() -> None:
    deal = a_deal(1, "2026-11-04", "1000", currency="EUR")

    receipt = explain(inputs(deal), LineKey(7, "sale", 1, "owner", 0))

    assert receipt.steps[-1].kind == "failed"
    assert "no rate from EUR to USD" in receipt.text


def test_an_adjustment_has_a_receipt_with_its_reason() -> None:
    fact = AdjustmentFact(
        id=4,
        kind="adjustment",
        amount=Decimal("84.00"),
        currency="USD",
        reason="Agreed with Alice",
        earned_on=date(2026, 11, 20),
    )

    receipt = explain(inputs(adjustments=(fact,)), LineKey(0, "", 0, "", 4))

    assert "An adjustment: Agreed with Alice" in receipt.text


def test_a_line_that_is_gone_is_said_to_be_gone() -> None:
    with pytest.raises(NoSuchLine, match="not worked out any more"):
        explain(hero(), LineKey(7, "sale", 99, "owner", 0))


def test_a_change_of_one_deal_is_told_apart_from_its_knock_on() -> None:
    before, after = calculate(hero("43750")), calculate(hero("41250"))

    differences = compare(before, after, changed_entries=[2])

    assert [(d.key.entry_id, d.effect, d.knock_on) for d in differences] == [
        (2, Decimal("-150.00"), False),
        (4, Decimal("-50.00"), True),
    ]
    assert differences[1].because == "volume fell by 2,500.00"
    total = sum(difference.effect for difference in differences)
    assert total == after.total - before.total


def test_nothing_is_a_knock_on_when_no_entry_was_changed() -> None:
    differences = compare(calculate(hero("43750")), calculate(hero("41250")))

    assert not any(difference.knock_on for difference in differences)


def test_a_line_that_appears_or_goes_differs_from_zero() -> None:
    one, two = a_deal(1, "2026-11-04", "1000"), a_deal(2, "2026-11-05", "1000")

    (gone,) = compare(calculate(inputs(one, two)), calculate(inputs(one)), [2])

    assert (gone.before, gone.after) == (Decimal(60), Decimal(0))
    assert gone.line_after is None


def test_a_gate_that_opens_is_a_difference_of_nothing_in_money() -> None:
    waiting = a_deal(1, "2026-11-04", "1000", paid=False)
    free = a_deal(1, "2026-11-04", "1000")

    (difference,) = compare(calculate(inputs(waiting)), calculate(inputs(free)), [1])

    assert difference.effect == 0
