"""Measures that run for each customer, deal or product by itself."""

from decimal import Decimal

from commissions.calculation.facts import LineKey, measure_key
from commissions.calculation.pipeline import calculate
from commissions.calculation.receipts import explain
from tests.commissions.calculation.builders import a_deal, inputs
from tests.commissions.calculation.plain import a_plan, lines, totals

SOLD = {"name": "sold", "sum": "deal.amount", "by": "deal.product", "over": "always"}
SALE = {"key": "sale", "amount": "min(deal.amount, 100 - sold.before)"}


def key(product: str) -> str:
    return measure_key(7, f"sold[{product}]")


def test_each_runs_by_itself() -> None:
    program = a_plan(measures=[SOLD], components=[SALE])

    draft = calculate(
        inputs(
            a_deal(1, "2026-11-01", "60", product="A"),
            a_deal(2, "2026-11-02", "70", product="B"),
            a_deal(3, "2026-11-03", "60", product="A"),
            a_deal(4, "2026-11-04", "5"),
            program=program,
        )
    )

    assert [line.amount for line in draft.lines] == [60, 70, 40, 5]
    assert totals(draft)["sold"] == 195
    assert draft.measures == {
        measure_key(7, "sold"): Decimal(195),
        key(""): Decimal(5),
        key("A"): Decimal(120),
        key("B"): Decimal(70),
    }


def test_what_was_stored_for_each_goes_on() -> None:
    program = a_plan(measures=[SOLD], components=[SALE])
    stored = {
        (measure_key(7, "sold"), "2026-10"): Decimal(130),
        (key("A"), "2026-10"): Decimal(90),
        (key("C"), "2026-10"): Decimal(40),
    }

    draft = calculate(
        inputs(
            a_deal(1, "2026-10-01", "90", product="A"),
            a_deal(9, "2026-10-09", "99", product="B"),
            a_deal(2, "2026-11-02", "60", product="A"),
            a_deal(3, "2026-11-03", "60", product="B"),
            program=program,
            stored=stored,
        )
    )

    # October is stored, so that nothing of it is read again, B's 99 neither.
    assert lines(draft) == {
        ("sale", 2, "owner"): Decimal("10.00"),
        ("sale", 3, "owner"): Decimal("60.00"),
    }
    assert totals(draft)["sold"] == 130 + 120
    assert draft.measures[key("A")] == 60


def test_the_first_deal_of_a_customer_is_told_from_the_next() -> None:
    known = {"name": "known", "value": "1", "by": "deal.product", "over": "always"}
    program = a_plan(
        measures=[known],
        components=[
            {"key": "new", "when": "known.before == 0", "amount": "deal.amount"}
        ],
    )
    first = [a_deal(1, "2026-11-01", "5", product="A")]
    second = [a_deal(2, "2026-11-02", "6", product="A")]

    draft = calculate(inputs(*first, *second, program=program))

    assert lines(draft) == {("new", 1, "owner"): Decimal("5.00")}


def test_a_cap_for_each_deal_fills_in_lockstep() -> None:
    paid = {
        "name": "paid",
        "of_components": ("sale",),
        "by": "deal.product",
        "over": "always",
    }
    program = a_plan(
        measures=[paid],
        components=[{**SALE, "amount": "min(deal.amount, 100 - paid.before)"}],
    )

    draft = calculate(
        inputs(
            a_deal(1, "2026-11-01", "80", product="A"),
            a_deal(2, "2026-11-02", "80", product="B"),
            a_deal(3, "2026-11-03", "80", product="A"),
            program=program,
        )
    )

    assert [line.amount for line in draft.lines] == [80, 80, 20]


def test_a_failure_spoils_only_its_own() -> None:
    program = a_plan(
        measures=[{**SOLD, "sum": "deal.amount / (deal.amount / deal.amount)"}],
        components=[{**SALE, "amount": "sold.after"}],
    )

    draft = calculate(
        inputs(
            a_deal(1, "2026-11-01", "0", product="A"),
            a_deal(2, "2026-11-02", "70", product="B"),
            a_deal(3, "2026-11-03", "60", product="A"),
            program=program,
        )
    )

    assert [bool(line.failed) for line in draft.lines] == [True, False, True]
    assert draft.measures == {key("B"): Decimal(70)}


def test_a_long_name_is_kept_under_a_short_one() -> None:
    program = a_plan(measures=[SOLD], components=[SALE])
    first = a_deal(1, "2026-10-01", "60", product="A" * 300)
    second = a_deal(2, "2026-11-01", "60", product="A" * 300)
    october = calculate(inputs(first, program=program, period="2026-10"))
    stored = {(name, "2026-10"): value for name, value in october.measures.items()}

    draft = calculate(inputs(first, second, program=program, stored=stored))

    assert draft.total == 40
    assert totals(draft)["sold"] == 120
    assert max(len(name) for name in draft.measures) < 80


def test_a_receipt_lists_only_what_belongs_to_the_same() -> None:
    program = a_plan(measures=[SOLD], components=[SALE])
    given = inputs(
        a_deal(1, "2026-11-01", "60", product="A"),
        a_deal(2, "2026-11-02", "70", product="B"),
        a_deal(3, "2026-11-03", "60", product="A"),
        program=program,
        stored={
            (measure_key(7, "sold"), "2026-10"): Decimal(30),
            (key("A"), "2026-10"): Decimal(30),
        },
    )

    found = explain(given, LineKey(7, "sale", 3, "owner", 0))

    (rate,) = [step for step in found.steps if step.kind == "rate"]
    assert rate.sentences[0].text == "Sold of A, so far before this deal: 90.00"
    assert [sentence.text for sentence in rate.entries] == [
        "October 2026: 30.00, as stored",
        "Deal 1 (1 Nov 2026): 60.00",
    ]
