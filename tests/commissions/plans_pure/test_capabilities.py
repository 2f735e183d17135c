"""Everything that plans must be able to say has a file of worked examples."""

from pathlib import Path

import pytest

PLANS = Path(__file__).resolve().parents[2] / "plans"
ROWS = [
    "An amount per period from totals",
    "Flat % of a base: revenue, credited amount, another commission, net revenue",
    "State kept between periods or earlier deals, of any kind",
    "An amount per deal: tiers, floors, rates by transaction",
    "Marginal tiers: each slice at its own rate",
    "Quota attainment as an input",
    "Threshold, gate, decelerator",
    "A balance carried from the period before",
    "A stated rounding policy: half-up cents, per line or on the total",
    "Recoverable draw with a balance; forgiveness; cap on recovery per period",
    "Upline chains, contract-level spreads, several levels, legs",
    "Rates by product, by payee; exclusions",
    "Whole-amount (retroactive) tiers: one rate for everything",
    "Non-recoverable draw, guarantee, floor, greater-of",
    "Clawback: full, a percentage, or the unearned months of an advance",
    "Effective dates on rates, plans and assignments",
    "Ordered fees and deductions (a waterfall)",
    "Tax withholding and net pay",
    "Hours, salary or other payee facts of the period as inputs",
    "Target-incentive payout: target × f(attainment)",
    "Running attainment inside a period: the order of deals matters",
    "Year-to-date (or quarter-to-date) measures across periods",
    "A tier's edge belongs up or down: selectable",
    "Split credit between payees",
    "A pool: how it is funded, how it is shared (equally, by points, by allocation)",
    "Team quota, team attainment",
    "Milestone, SPIFF, bonus per event",
    "Residual: recurring while active",
    "A pay curve: linear interpolation between points",
    "Negative lines: returns and refunds",
    "A cap that fills over the year, the house's share first",
    "Multiplicative and additive modifiers",
    "A fixed amount per unit",
    "Ramp quota, proration, tenure rates",
    "The blended (effective) rate shown",
    "One multiplier on all overage, base rate below quota",
    "A cap per period, on payout or on the curve",
    "Manager override: a rate on team revenue, optional threshold",
    "Weighted components, a cap per component, an inverse measure (lower is better)",
    "Rule precedence: the specific replaces the general",
    "Gross margin as base; rate chosen by a second measure",
    "Currency conversion and settlement-currency policy",
    "Refusing a bad or missing rate",
    "Tiers that reset with the period",
    "Released as invoices are paid, partial payments, tax-exclusive base",
    "Ranking, contest",
    "Contest payouts with ties, clawback windows by date, a year-end true-up, rate by discount given",
]


def rows_of(path: Path) -> str:
    first = path.read_text().partition("\n")[0]
    return first.removeprefix("# Row: ") if first.startswith("# Row: ") else ""


@pytest.mark.parametrize("row", ROWS)
def test_a_thing_that_plans_must_say_has_worked_examples(row: str) -> None:
    assert [path.name for path in PLANS.glob("*.yaml") if rows_of(path) == row]


def test_every_plan_file_says_in_its_first_line_what_it_shows() -> None:
    known = {*ROWS, "A plan from real life"}

    assert [p.name for p in PLANS.glob("*.yaml") if rows_of(p) not in known] == []
