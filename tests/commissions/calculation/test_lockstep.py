"""Components that read what they paid before: credit by credit, in the plan's order."""

from decimal import Decimal

from commissions.calculation.facts import LineKey, measure_key
from commissions.calculation.order import work_of
from commissions.calculation.pipeline import calculate
from commissions.calculation.receipts import explain
from tests.commissions.calculation.builders import a_deal, an_assignment, inputs
from tests.commissions.calculation.plain import a_plan, lines, totals

PAID = {"name": "paid", "of_components": ("sale",), "over": "year"}
CAPPED = {"key": "sale", "amount": "min(deal.amount * 30%, 18000 - paid.before)"}


def test_a_cap_fills_credit_by_credit() -> None:
    program = a_plan(measures=[PAID], components=[CAPPED])

    draft = calculate(
        inputs(
            a_deal(3, "2026-11-20", "10000"),
            a_deal(1, "2026-11-02", "40000"),
            a_deal(2, "2026-11-10", "30000"),
            program=program,
        )
    )

    assert lines(draft) == {
        ("sale", 1, "owner"): Decimal("12000.00"),
        ("sale", 2, "owner"): Decimal("6000.00"),
        ("sale", 3, "owner"): Decimal("0.00"),
    }
    assert totals(draft)["paid"] == 18000


def test_what_was_paid_in_earlier_periods_is_read_as_stored() -> None:
    program = a_plan(measures=[PAID], components=[CAPPED])
    stored = {(measure_key(7, "paid"), "2026-10"): Decimal("17000")}

    draft = calculate(
        inputs(
            a_deal(1, "2026-10-02", "40000"),
            a_deal(2, "2026-11-02", "40000"),
            program=program,
            stored=stored,
        )
    )

    assert draft.total == 1000
    assert totals(draft)["paid"] == 18000


def test_a_measure_that_is_in_the_end_over_its_own_lines_is_taken_along() -> None:
    # What the house kept is known only from what was paid.
    kept = {"name": "kept", "sum": "deal.amount - paid.after", "over": "period"}
    program = a_plan(
        measures=[{**PAID, "over": "period"}, kept],
        components=[
            {"key": "sale", "amount": "deal.amount * 10% if kept.before < 50 else 1"}
        ],
    )

    draft = calculate(
        inputs(
            a_deal(1, "2026-11-02", "100"),
            a_deal(2, "2026-11-03", "100"),
            program=program,
        )
    )

    assert [line.amount for line in draft.lines] == [Decimal("10.00"), Decimal("1.00")]
    assert totals(draft)["kept"] == (100 - 10) + (100 - 11)


def test_two_components_fill_one_cap_in_the_plans_order() -> None:
    program = a_plan(
        measures=[{**PAID, "of_components": ("sale", "extra")}],
        components=[
            {"key": "sale", "amount": "min(deal.amount, 100 - paid.before)"},
            {"key": "extra", "amount": "min(50, 100 - paid.before)"},
        ],
    )

    draft = calculate(
        inputs(
            a_deal(1, "2026-11-02", "60"),
            a_deal(2, "2026-11-03", "60"),
            program=program,
        )
    )

    # The second reads what the first has just paid for the same credit.
    assert lines(draft)[("sale", 1, "owner")] == 60
    assert lines(draft)[("extra", 1, "owner")] == 40
    assert lines(draft)[("sale", 2, "owner")] == 0
    assert totals(draft)["paid"] == 100


def test_who_is_not_part_of_a_measure_reads_it_as_before_the_credit() -> None:
    program = a_plan(
        measures=[PAID],
        components=[CAPPED, {"key": "other", "amount": "paid.before + 1"}],
    )

    draft = calculate(inputs(a_deal(1, "2026-11-02", "60"), program=program))

    assert lines(draft)[("other", 1, "owner")] == 1


def test_a_receipt_lists_what_the_same_deal_paid_before() -> None:
    program = a_plan(
        measures=[{**PAID, "of_components": ("sale", "extra")}],
        components=[
            {"key": "sale", "amount": "min(deal.amount, 100 - paid.before)"},
            {"key": "extra", "amount": "min(50, 100 - paid.before)"},
        ],
    )
    given = inputs(a_deal(1, "2026-11-02", "60"), program=program)

    found = explain(given, LineKey(7, "extra", 1, "owner", 0))

    assert "Paid of 2026 before this deal: 60.00" in found.text
    assert "– sale of this deal: 60.00" in found.text


def test_a_failed_line_spoils_the_cap_from_there_on() -> None:
    program = a_plan(
        measures=[PAID],
        components=[
            {
                **CAPPED,
                "amount": "min(deal.amount / (deal.amount / deal.amount), 5 - paid.before)",
            }
        ],
    )

    draft = calculate(
        inputs(
            a_deal(1, "2026-11-02", "1000"),
            a_deal(2, "2026-11-03", "0"),
            a_deal(3, "2026-11-04", "1000"),
            program=program,
        )
    )

    first, second, third = draft.lines
    assert (first.amount, first.failed) == (Decimal("5.00"), "")
    assert second.failed.startswith("Deal 2: ")
    assert "“paid” could not be added up. Deal 2: " in third.failed


def test_reading_the_total_of_ones_own_lines_is_a_circle_in_words() -> None:
    program = a_plan(
        measures=[PAID],
        components=[{**CAPPED, "amount": "min(deal.amount, paid.total)"}],
    )

    assert work_of((program,)).circles == (
        "This goes in a circle: paid needs sale needs paid.",
    )
    draft = calculate(inputs(a_deal(1, "2026-11-02", "1000"), program=program))
    (line,) = draft.lines
    assert line.failed == "This goes in a circle: paid needs sale needs paid."
    assert "7/paid" not in draft.measures


def test_reading_after_of_ones_own_lines_is_a_circle_too() -> None:
    program = a_plan(
        measures=[PAID],
        components=[{**CAPPED, "amount": "min(deal.amount, paid.after)"}],
    )

    assert work_of((program,)).circles


def test_a_period_component_may_read_before_of_a_measure_that_it_is_part_of() -> None:
    program = a_plan(
        measures=[{**PAID, "of_components": ("sale", "topping"), "over": "always"}],
        components=[
            {"key": "sale", "amount": "deal.amount"},
            {"key": "topping", "per": "period", "amount": "paid.before"},
        ],
    )
    stored = {(measure_key(7, "paid"), "2026-10"): Decimal("5")}

    draft = calculate(
        inputs(a_deal(1, "2026-11-02", "10"), program=program, stored=stored)
    )

    assert draft.total == 15
    assert totals(draft)["paid"] == 20


def test_a_version_that_starts_in_the_middle_goes_on_with_what_was_paid() -> None:
    old = a_plan(measures=[PAID], components=[CAPPED])
    new = a_plan(
        measures=[PAID],
        components=[{**CAPPED, "amount": "min(deal.amount * 50%, 500 - paid.before)"}],
    )
    versions = (
        an_assignment(old, version=1, ends="2026-11-15"),
        an_assignment(new, version=2, starts="2026-11-16"),
    )

    draft = calculate(
        inputs(
            a_deal(1, "2026-11-02", "1000"),
            a_deal(2, "2026-11-20", "1000"),
            assignments=versions,
        )
    )

    assert [line.amount for line in draft.lines] == [Decimal(300), Decimal(200)]
