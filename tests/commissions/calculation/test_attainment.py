"""Attainment: tiers that were passed, and quotas reached in part."""

from datetime import date
from decimal import Decimal

from commissions.calculation.attainment import attainments, tiers_passed
from commissions.calculation.pipeline import calculate
from tests.commissions.calculation.builders import (
    a_deal,
    a_program,
    an_assignment,
    inputs,
)


def test_the_entry_that_reaches_a_tier_is_named() -> None:
    given = inputs(a_deal(1, "2026-11-04", "79999.99"), a_deal(2, "2026-11-19", "0.01"))

    (passed,) = tiers_passed(given)

    assert (passed.bound, passed.rate) == (Decimal(80000), Decimal("0.08"))
    assert (passed.on, passed.entry_id) == (date(2026, 11, 19), 2)


def test_below_the_tier_nothing_is_passed() -> None:
    assert tiers_passed(inputs(a_deal(1, "2026-11-04", "79999.99"))) == ()


def test_a_measure_is_held_against_the_quota() -> None:
    program = a_program()
    own = an_assignment(program, values={"quota": Decimal(90000)})
    given = inputs(a_deal(1, "2026-11-04", "82926.50"), assignments=(own,))

    (found,) = attainments(given, calculate(given).totals)

    assert (found.measure.total, found.quota) == (Decimal("82926.50"), Decimal(90000))
    assert found.share is not None
    assert round(found.share, 3) == Decimal("0.921")


def test_a_plan_without_a_quota_has_no_attainment() -> None:
    given = inputs(a_deal(1, "2026-11-04", "82926.50"))

    assert attainments(given, calculate(given).totals) == ()
