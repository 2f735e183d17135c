"""Promises that hold for any deals: sums, shares, order; and what is not imported."""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from commissions.calculation.group import grouped
from commissions.calculation.pipeline import calculate
from commissions.calculation.receipts import explain
from crm_sync.ledger.facts import CreditFact
from tests.commissions.calculation.builders import (
    BOB,
    THEO,
    a_deal,
    amounts,
    inputs,
)
from tests.commissions.calculation.everything import sets, the_payees

PROJECT = Path(__file__).resolve().parents[3]
AMOUNTS = st.decimals("-5000", "60000", places=2)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(AMOUNTS, st.integers(1, 30)), max_size=12), st.randoms())
def test_any_order_of_the_inputs_gives_the_same_statement(
    drawn: list[tuple[Decimal, int]], random: object
) -> None:
    deals = [
        a_deal(number, f"2026-11-{day:02}", str(amount))
        for number, (amount, day) in enumerate(drawn, start=1)
    ]
    mixed = list(deals)
    random.shuffle(mixed)  # type: ignore[attr-defined]

    assert calculate(inputs(*mixed)) == calculate(inputs(*deals))


@settings(max_examples=60, deadline=None)
@given(st.lists(AMOUNTS, min_size=1, max_size=12))
def test_slices_of_many_deals_add_up_to_the_slices_of_their_sum(
    drawn: list[Decimal],
) -> None:
    deals = [
        a_deal(at, f"2026-11-{at:02}", str(part)) for at, part in enumerate(drawn, 1)
    ]

    many = calculate(inputs(*deals)).total
    one = calculate(inputs(a_deal(1, "2026-11-01", str(sum(drawn))))).total

    # Each line is rounded once, so each may be half a cent away from its exact amount.
    assert abs(many - one) <= Decimal("0.005") * (len(drawn) + 1)


@settings(max_examples=60, deadline=None)
@given(AMOUNTS, st.integers(0, 100))
def test_the_bases_of_a_split_add_up_to_the_deal(amount: Decimal, percent: int) -> None:
    mine = Decimal(percent) / 100
    credits = (CreditFact(BOB, "owner", mine), CreditFact(THEO, "split", 1 - mine))
    deal = a_deal(1, "2026-11-04", str(amount), credits=credits)

    (bob,) = calculate(inputs(deal)).lines
    (theo,) = calculate(inputs(deal, payee=THEO)).lines

    assert bob.base is not None
    assert theo.base is not None
    assert bob.base + theo.base == amount


@settings(max_examples=40, deadline=None)
@given(st.lists(AMOUNTS, min_size=2, max_size=8))
def test_taking_a_deal_away_again_leaves_what_was_there(drawn: list[Decimal]) -> None:
    deals = [
        a_deal(at, f"2026-11-{at:02}", str(part)) for at, part in enumerate(drawn, 1)
    ]
    lost = a_deal(len(deals), f"2026-11-{len(deals):02}", "1", lost_on="2026-11-30")

    with_it = calculate(inputs(*deals[:-1], lost))

    assert amounts(with_it) == amounts(calculate(inputs(*deals[:-1])))


def test_calculation_and_plan_documents_load_no_django() -> None:
    code = (
        "import sys;"
        "import commissions.calculation.receipts, commissions.calculation.differences,"
        "commissions.plans.check, commissions.plans.diff, commissions.plans.sentences;"
        "print([name for name in sys.modules if name.startswith('django')])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True
    )

    assert done.stdout.strip() == "[]", done.stderr


def test_a_plan_with_all_there_is_gives_the_same_bytes_in_any_order() -> None:
    said = set()
    for seed in ("1", "2", "3"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.commissions.calculation.everything", seed],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        assert done.returncode == 0, done.stderr
        said.add(done.stdout)

    assert len(said) == 1


def test_every_line_of_a_plan_with_all_there_is_agrees_with_its_receipt() -> None:
    seen = set()

    for inputs_of in grouped(the_payees(1), sets).values():
        draft = calculate(inputs_of)
        assert not draft.failures
        for line in draft.lines:
            assert explain(inputs_of, line.key).line == line
            seen.add(line.component)

    assert seen == {"sale", "special", "trail", "over", "month", "tax"}
