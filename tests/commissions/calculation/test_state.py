"""State between periods: balances, once-a-period sums, and what is read of them."""

from decimal import Decimal

from commissions.calculation.facts import measure_key
from commissions.calculation.pipeline import calculate
from tests.commissions.calculation.builders import a_deal, an_assignment, inputs
from tests.commissions.calculation.plain import a_plan, lines, totals

BALANCE = {
    "name": "owed",
    "value": "max(owed.before + 1000 - sold.total, 0)",
    "per": "period",
    "over": "always",
}
SOLD = {"name": "sold", "sum": "deal.amount * deal.share"}


def stored(name: str, **values: str) -> dict[tuple[str, str], Decimal]:
    """Return stored differences; `m2026_10="5"` is October's."""
    return {
        (measure_key(7, name), slug[1:].replace("_", "-")): Decimal(value)
        for slug, value in values.items()
    }


def test_a_balance_reads_what_it_was_and_becomes_what_its_formula_says() -> None:
    program = a_plan(measures=[SOLD, BALANCE])

    draft = calculate(
        inputs(
            a_deal(1, "2026-11-04", "300"),
            program=program,
            stored=stored("owed", m2026_09="1000", m2026_10="-400"),
        )
    )

    assert totals(draft)["owed"] == 1300
    assert draft.measures[measure_key(7, "owed")] == 700


def test_the_differences_that_periods_store_add_up_to_the_balance() -> None:
    program = a_plan(measures=[SOLD, BALANCE])
    kept: dict[tuple[str, str], Decimal] = {}

    for month, amount in enumerate(("300", "2500", "0", "400"), start=1):
        slug = f"2026-{month:02}"
        deal = a_deal(month, f"{slug}-10", amount)
        draft = calculate(inputs(deal, program=program, period=slug, stored=kept))
        kept |= {(key, slug): value for key, value in draft.measures.items()}

    # 0+700, then 700+1000−2500 is nothing owed, then 1000, then 1000+600.
    assert totals(draft)["owed"] == 1600
    owed = [value for (key, _), value in kept.items() if key.endswith("owed")]
    assert sum(owed) == 1600


def test_a_yearly_balance_begins_the_year_with_nothing() -> None:
    program = a_plan(measures=[SOLD, {**BALANCE, "over": "year"}])

    draft = calculate(
        inputs(
            program=program,
            period="2027-01",
            stored=stored("owed", m2026_12="500"),
        )
    )

    assert totals(draft)["owed"] == 1000


def test_a_sum_once_a_period_is_added_up_in_its_window() -> None:
    hours = {
        "name": "hours",
        "sum": "worked",
        "per": "period",
        "over": "quarter",
    }
    program = a_plan(
        measures=[hours],
        components=[
            {"key": "pay", "per": "period", "amount": "hours.total * 2 + hours.before"}
        ],
        variables={"worked": "money"},
        defaults={"worked": Decimal(160)},
    )

    draft = calculate(
        inputs(program=program, stored=stored("hours", m2026_09="99", m2026_10="150"))
    )

    assert totals(draft)["hours"] == 310
    assert draft.total == 310 * 2 + 150


def test_a_deal_reads_where_a_balance_stood_before_its_period() -> None:
    program = a_plan(
        measures=[SOLD, BALANCE],
        components=[{"key": "pay", "amount": "min(deal.amount, owed.before)"}],
    )

    draft = calculate(
        inputs(
            a_deal(1, "2026-11-04", "300"),
            program=program,
            stored=stored("owed", m2026_10="120"),
        )
    )

    assert draft.total == 120


def test_a_state_per_deal_is_folded_in_the_plans_order() -> None:
    # The largest deal so far: not a sum of anything.
    program = a_plan(
        measures=[
            {"name": "best", "value": "max(best.before, deal.amount)", "over": "always"}
        ],
        components=[
            {
                "key": "record",
                "when": "best.after > best.before",
                "amount": "best.after",
            }
        ],
    )

    draft = calculate(
        inputs(
            a_deal(3, "2026-11-20", "800"),
            a_deal(2, "2026-11-10", "300"),
            a_deal(1, "2026-11-05", "700"),
            program=program,
            stored=stored("best", m2026_10="500"),
        )
    )

    assert lines(draft) == {
        ("record", 1, "owner"): Decimal("700.00"),
        ("record", 3, "owner"): Decimal("800.00"),
    }
    assert draft.measures == {measure_key(7, "best"): Decimal(300)}


def test_a_state_whose_formula_fails_says_so_and_is_not_stored() -> None:
    program = a_plan(
        measures=[
            {**BALANCE, "value": "owed.before * (sold.total / (sold.total - 300))"},
            SOLD,
        ],
        components=[{"key": "pay", "per": "period", "amount": "owed.total"}],
    )

    draft = calculate(inputs(a_deal(1, "2026-11-04", "300"), program=program))

    (line,) = draft.lines
    assert line.amount == 0
    assert line.failed.startswith("“owed” could not be worked out.")
    assert measure_key(7, "owed") not in draft.measures


def test_a_payee_who_is_not_on_the_plan_in_the_period_keeps_the_balance() -> None:
    program = a_plan(measures=[SOLD, BALANCE])
    left = an_assignment(program, ends="2026-10-31")

    draft = calculate(
        inputs(assignments=(left,), stored=stored("owed", m2026_10="120"))
    )

    assert totals(draft)["owed"] == 120
    assert draft.measures[measure_key(7, "owed")] == 0


def test_always_adds_up_everything_since_the_beginning() -> None:
    program = a_plan(measures=[{**SOLD, "over": "always"}])

    draft = calculate(
        inputs(
            a_deal(1, "2019-02-04", "100"),
            a_deal(2, "2026-11-04", "300"),
            program=program,
            assignments=(),
        )
    )

    assert totals(draft)["sold"] == 300

    long_since = an_assignment(program, starts="2019-01-01")
    draft = calculate(
        inputs(
            a_deal(1, "2019-02-04", "100"),
            a_deal(2, "2026-11-04", "300"),
            assignments=(long_since,),
        )
    )

    assert totals(draft)["sold"] == 400
    assert draft.measures[measure_key(7, "sold")] == 300
