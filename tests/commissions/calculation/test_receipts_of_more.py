"""Receipts of what is more than a rate: steps, states, others' figures, repeats."""

from datetime import date
from decimal import Decimal

import pytest

from commissions.calculation.facts import (
    LineKey,
    PayeeInputs,
    PersonFact,
    RateFact,
    measure_key,
)
from commissions.calculation.group import grouped
from commissions.calculation.pipeline import calculate
from commissions.calculation.program import PlanProgram
from commissions.calculation.receipt import Receipt
from commissions.calculation.receipts import explain
from crm_sync.ledger.chains import credits_above
from crm_sync.ledger.facts import CreditFact
from tests.commissions.calculation.builders import a_deal, inputs
from tests.commissions.calculation.plain import a_member, a_plan
from tests.commissions.calculation.test_gathered import group, reads, sets

SALE = LineKey(7, "sale", 1, "owner", 0)


def receipt(given: PayeeInputs, key: LineKey) -> Receipt:
    """Return a receipt, which must come to the line that the calculation gives."""
    (line,) = [line for line in calculate(given).lines if line.key == key]
    found = explain(given, key)
    assert found.line == line
    return found


def test_a_waterfall_shows_each_step_with_what_it_came_to() -> None:
    program = a_plan(
        components=[
            {
                "key": "sale",
                "steps": {
                    "referral": "deal.amount * 25%",
                    "net": "deal.amount - referral",
                },
                "amount": "net * 70%",
            }
        ]
    )

    found = receipt(inputs(a_deal(1, "2026-11-04", "1000"), program=program), SALE)

    (steps,) = [step for step in found.steps if step.kind == "steps"]
    assert [sentence.text for sentence in steps.sentences] == [
        "deal.amount = 1,000.00",
        "1,000.00 × 25 % = 250.00",
        "Referral: 250.00",
        "deal.amount = 1,000.00",
        "1,000.00 − 250.00 = 750.00",
        "Net: 750.00",
    ]
    assert "750.00 × 70 % = 525.00" in found.text
    assert [trace.part for trace in found.formulas] == ["referral", "net", "amount"]


def test_a_balance_is_told_from_what_was_stored_and_what_this_period_did() -> None:
    program = a_plan(
        measures=[
            {"name": "sold", "sum": "deal.amount * deal.share"},
            {
                "name": "owed",
                "value": "owed.before + 1000 - sold.total",
                "per": "period",
                "over": "always",
            },
        ],
        components=[{"key": "draw", "per": "period", "amount": "owed.total * 10%"}],
    )
    key = measure_key(7, "owed")
    given = inputs(
        a_deal(1, "2026-11-04", "300"),
        program=program,
        stored={(key, "2026-09"): Decimal(500), (key, "2026-10"): Decimal(-100)},
    )

    found = receipt(given, LineKey(7, "draw", 0, "", 0))

    (rate,) = [step for step in found.steps if step.kind == "rate"]
    assert rate.sentences[0].text == "Owed so far in all: 1,100.00"
    told = [sentence.text for sentence in rate.entries]
    assert told[:3] == [
        "September 2026: 500.00, as stored",
        "October 2026: −100.00, as stored",
        "Owed in November 2026:",
    ]
    assert "Owed so far before this period: 400.00" in told
    assert "Sold of November 2026 in all: 300.00" in told
    assert "Deal 1 (4 Nov 2026): 300.00" in told
    assert "1,400.00 − 300.00 = 1,100.00" in told


def test_a_place_names_everybody_with_their_values() -> None:
    members = (
        a_member(2, "400", name="Theo"),
        a_member(1, "250", name="Bob"),
        a_member(3, "250", name="Cleo"),
    )
    given = inputs(
        program=reads(take="rank", where="value > 0"),
        members={measure_key(7, "it"): members},
    )

    found = receipt(given, LineKey(7, "pay", 0, "", 0))

    for words in (
        "It of November 2026 in all: 2",
        "Place among 3 payees, the highest first, of whom holds: value > 0.",
        "Theo: 400.00",
        "Bob: 250.00",
        "Cleo: 250.00",
    ):
        assert words in found.text


def test_a_part_of_a_pool_shows_all_weights_and_parts() -> None:
    program = a_plan(
        measures=[
            {"name": "pool", "value": "100.00", "per": "period"},
            {"name": "points", "value": "payee.salary", "per": "period"},
            {
                "name": "it",
                "gathers": "points",
                "of": "plan",
                "take": "part",
                "amount": "pool.total",
            },
        ],
        components=[{"key": "pay", "per": "period", "amount": "it.total"}],
    )
    members = (a_member(1, "1", name="Bob"), a_member(2, "2", name="Theo"))
    given = inputs(program=program, members={measure_key(7, "it"): members})

    found = receipt(given, LineKey(7, "pay", 0, "", 0))

    assert found.line.amount == Decimal("33.33")
    assert "100.00 shared by weight among 2 payees." in found.text
    assert "Bob: 1.00, a part of 33.33" in found.text
    assert "Theo: 2.00, a part of 66.67" in found.text
    assert "Pool of November 2026 in all: 100.00" in found.text


def test_what_others_have_can_be_worked_out_for_a_receipt() -> None:
    payees = grouped(group(reads(), bob="100", theo="200"), sets)

    found = receipt(payees[1], LineKey(7, "pay", 0, "", 0))

    assert "Theo: 200.00" in found.text
    assert found.line.amount == 300


def test_a_repeated_payment_says_which_one_it_is() -> None:
    program = a_plan(
        components=[
            {
                "key": "sale",
                "repeat": True,
                "times": "12",
                "going": "deal.paid",
                "amount": "deal.amount * 1% if nth > 1 else deal.amount",
            }
        ]
    )
    given = inputs(a_deal(1, "2026-11-04", "1000"), program=program, period="2027-01")

    found = receipt(given, SALE)

    assert "Deal 1 was won on 4 Nov 2026." in found.text
    assert "It is paid again in each period; January 2027 is number 3 of 12." in (
        found.text
    )
    assert "It is still paid because this holds: deal.paid" in found.text


def test_what_stays_of_a_lost_deal_is_a_step_of_its_own() -> None:
    program = a_plan(
        components=[
            {"key": "sale", "amount": "deal.amount * 10%", "keeps": "earned * 25%"}
        ]
    )
    deal = a_deal(1, "2026-11-04", "1000", lost_on="2026-12-20")

    found = receipt(inputs(deal, program=program), SALE)

    (kept,) = [step for step in found.steps if step.kind == "kept"]
    assert [sentence.text for sentence in kept.sentences] == [
        "Before it was lost it had earned 100.00.",
        "earned = 100.00",
        "100.00 × 25 % = 25.00",
        "What stays: 25.00",
    ]
    assert "It was lost on 20 Dec 2026; the plan says what stays of it." in found.text


def test_the_upline_says_at_which_level_and_through_whom() -> None:
    program = a_plan(
        components=[
            {
                "key": "sale",
                "credit": ("upline",),
                "amount": "deal.amount * (payee.rate - below.rate)",
            }
        ]
    )
    own = (CreditFact(11, "owner", Decimal(1)),)
    above = credits_above(own, {11: 2, 2: 1}.get)
    given = inputs(
        a_deal(1, "2026-11-04", "1000", credits=(*own, *above)),
        program=program,
        attributes={"rate": Decimal("0.25")},
        people={2: PersonFact("Theo", {"rate": Decimal("0.2")})},
    )

    found = receipt(given, LineKey(7, "sale", 1, "upline 2", 0))

    assert "Bob is credited as the upline at level 2, through Theo, with 100 %." in (
        found.text
    )
    assert "below.rate = 20 %" in found.text


def test_a_rate_is_named_with_its_own_date_and_source() -> None:
    rate = RateFact(Decimal("1.1"), "ECB", on=date(2026, 11, 27))
    program = a_plan(
        components=[{"key": "sale", "amount": "deal.amount"}], convert_on="period_end"
    )
    deal = a_deal(1, "2026-11-04", "1000", currency="EUR")

    found = receipt(
        inputs(deal, program=program, rates={("EUR", date(2026, 11, 30)): rate}), SALE
    )

    words = "1,000.00 EUR × 1.1 (ECB, 27 Nov 2026) = 1,100.00 USD"
    assert words in found.text


def test_lines_that_are_rounded_in_all_say_so() -> None:
    program = a_plan(
        components=[{"key": "sale", "amount": "deal.amount * 10%"}], round_on="total"
    )
    deals = [a_deal(n, f"2026-11-0{n}", "0.16") for n in (1, 2, 3)]

    found = receipt(inputs(*deals, program=program), SALE)

    assert "0.016. The plan's lines are rounded in all, half-up to cents;" in found.text
    assert "of that, this line has 0.02" in found.text


def test_a_specific_component_says_what_it_is_paid_instead_of() -> None:
    program = a_plan(
        components=[
            {"key": "general", "name": "Any sale", "amount": "deal.amount * 5%"},
            {"key": "sale", "replaces": ("general",), "amount": "deal.amount * 9%"},
        ]
    )

    found = receipt(inputs(a_deal(1, "2026-11-04", "1000"), program=program), SALE)

    assert "It is paid instead of: Any sale." in found.text


def a_cap_that_reads_what_was_paid() -> PlanProgram:
    return a_plan(
        measures=[{"name": "paid", "of_components": ("sale",), "over": "year"}],
        components=[
            {"key": "sale", "amount": "deal.amount", "cap": "150 - paid.before"}
        ],
    )


def test_a_cap_in_lockstep_shows_what_filled_it() -> None:
    deals = [a_deal(n, f"2026-11-0{n}", "100") for n in (1, 2, 3)]
    given = inputs(*deals, program=a_cap_that_reads_what_was_paid())

    found = receipt(given, of_entry(2))

    (cap,) = [step for step in found.steps if step.kind == "limits"]
    assert [sentence.text for sentence in cap.sentences] == [
        "Paid of 2026 before this deal: 100.00",
        "150 − 100.00 = 50.00",
        "The plan says that it is not more than 50.00.",
    ]
    assert [sentence.entry_id for sentence in cap.entries] == [1]


def of_entry(entry: int) -> LineKey:
    return SALE._replace(entry_id=entry)


@pytest.mark.parametrize("entry", [1, 2, 3])
def test_receipts_and_lines_agree_in_lockstep(entry: int) -> None:
    deals = [a_deal(n, f"2026-11-0{n}", "100") for n in (1, 2, 3)]
    given = inputs(*deals, program=a_cap_that_reads_what_was_paid())

    assert receipt(given, of_entry(entry)).line.entry_id == entry
