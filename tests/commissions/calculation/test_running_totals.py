"""Running totals: their order, their windows, and what is read from locked periods."""

import random
import sys
from dataclasses import replace
from decimal import Decimal

from commissions.calculation.facts import PayeeInputs, measure_key
from commissions.calculation.pipeline import calculate
from tests.commissions.calculation.builders import (
    TIERS,
    a_deal,
    a_program,
    amounts,
    an_assignment,
    inputs,
)

QUARTERLY = """
plan: Quarterly
currency: USD
measures:
  booked: {sum: deal.amount, over: quarter}
components:
  - key: pay
    amount: marginal(booked.before, deal.amount, tiers.steps)
  - key: bonus
    per: period
    over: quarter
    amount: booked.total * 1%
tables:
  steps: {rows: [{from: 0, rate: 10%}, {from: 1000, rate: 20%}]}
"""


def test_a_deal_that_crosses_the_tier_is_paid_slice_by_slice() -> None:
    draft = calculate(
        inputs(a_deal(1, "2026-11-04", "72126.50"), a_deal(2, "2026-11-19", "10800"))
    )

    assert amounts(draft) == {1: Decimal("4327.59"), 2: Decimal("706.53")}


def test_the_order_in_which_entries_arrive_changes_nothing() -> None:
    deals = [a_deal(n, f"2026-11-{n % 28 + 1:02}", f"{n * 701}.37") for n in range(60)]
    expected = calculate(inputs(*deals))

    for seed in range(5):
        random.Random(seed).shuffle(deals)
        assert calculate(inputs(*deals)) == expected


def test_deals_of_one_day_are_taken_by_external_id_bytewise() -> None:
    late = a_deal(1, "2026-11-04", "80000", external_id="b")
    early = a_deal(2, "2026-11-04", "80000", external_id="Z")

    draft = calculate(inputs(late, early))

    assert amounts(draft) == {2: Decimal("4800.00"), 1: Decimal("6400.00")}


def test_a_quarter_goes_on_over_the_end_of_a_month() -> None:
    program = a_program(QUARTERLY)
    deals = (a_deal(1, "2026-10-31", "900"), a_deal(2, "2026-11-01", "200"))

    draft = calculate(inputs(*deals, program=program))

    assert amounts(draft) == {2: Decimal("30.00")}
    assert draft.measures == {measure_key(7, "booked"): Decimal(200)}
    assert draft.totals[0].total == Decimal(1100)


def test_a_quarterly_component_pays_only_where_the_quarter_ends() -> None:
    program = a_program(QUARTERLY)
    deals = (a_deal(1, "2026-10-31", "900"), a_deal(2, "2026-12-31", "100"))

    november = calculate(inputs(*deals, program=program, period="2026-11"))
    december = calculate(inputs(*deals, program=program, period="2026-12"))

    assert amounts(november) == {}
    assert amounts(december)[0] == Decimal("10.00")


def test_a_locked_month_is_read_as_stored_and_not_from_its_entries() -> None:
    stored = {(measure_key(7, "booked"), "2026-10"): Decimal(1000)}
    deals = (a_deal(1, "2026-10-31", "5"), a_deal(2, "2026-11-01", "200"))

    draft = calculate(inputs(*deals, program=a_program(QUARTERLY), stored=stored))

    assert amounts(draft) == {2: Decimal("40.00")}
    assert draft.totals[0].total == Decimal(1200)


def test_what_a_period_stores_is_what_the_next_period_reads() -> None:
    program = a_program(QUARTERLY)
    deals = (a_deal(1, "2026-10-05", "700"), a_deal(2, "2026-11-05", "600"))
    live = calculate(inputs(*deals, program=program))

    october = calculate(inputs(*deals, program=program, period="2026-10"))
    stored = {(key, "2026-10"): value for key, value in october.measures.items()}
    from_stored = calculate(inputs(*deals[1:], program=program, stored=stored))

    assert from_stored.lines == live.lines


def test_a_new_version_in_the_middle_of_a_month_goes_on_with_the_running_total() -> (
    None
):
    old = a_program()
    new = a_program(TIERS.replace("rate: 8%", "rate: 10%"))
    versions = (
        an_assignment(old, version=1, ends="2026-11-15"),
        an_assignment(new, version=2, starts="2026-11-16"),
    )
    deals = (a_deal(1, "2026-11-15", "80000"), a_deal(2, "2026-11-16", "1000"))

    draft = calculate(inputs(*deals, assignments=versions))

    assert amounts(draft) == {1: Decimal("4800.00"), 2: Decimal("100.00")}
    assert [line.version_id for line in draft.lines] == [71, 72]


def test_a_deal_after_the_period_is_never_part_of_it() -> None:
    now = a_deal(1, "2026-11-30", "100")
    later = a_deal(2, "2026-12-01", "90000")

    assert calculate(inputs(now, later)) == calculate(inputs(now))


def _calls(given: PayeeInputs) -> int:
    """Return how many functions a calculation calls, on whatever machine."""
    found = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal found
        found += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        calculate(given)
    finally:
        sys.setprofile(None)
    return found


def test_ten_times_the_deals_are_ten_times_the_work() -> None:
    deals = [a_deal(n, f"2026-11-{n % 30 + 1:02}", "12.50") for n in range(2_000)]
    given = inputs(*deals)
    calculate(given)

    few, many = _calls(replace(given, entries=given.entries[:200])), _calls(given)

    assert many < 10.5 * few
