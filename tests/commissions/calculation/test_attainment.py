"""The tiers that a payee passed, and with which deal."""

from datetime import date
from decimal import Decimal

from commissions.calculation.attainment import tiers_passed
from tests.commissions.calculation.builders import a_deal, inputs


def test_the_entry_that_reaches_a_tier_is_named() -> None:
    given = inputs(a_deal(1, "2026-11-04", "79999.99"), a_deal(2, "2026-11-19", "0.01"))

    (passed,) = tiers_passed(given)

    assert (passed.bound, passed.rate) == (Decimal(80000), Decimal("0.08"))
    assert (passed.on, passed.entry_id) == (date(2026, 11, 19), 2)


def test_below_the_tier_nothing_is_passed() -> None:
    assert tiers_passed(inputs(a_deal(1, "2026-11-04", "79999.99"))) == ()
