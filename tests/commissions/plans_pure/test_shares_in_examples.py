"""A share of 60 would be six thousand percent; an example says so at once."""

from typing import Any

import pytest

from commissions.plans.examples import run_examples
from commissions.plans.yaml_form import plan_from_yaml

PLAN = """
plan: Shares
currency: USD
components: [{key: sale, amount: deal.amount * deal.share * 10%}]
examples:
  - name: One
    period: 2026-03
    payees: [A, B]
    deals: [{id: d, won_on: 2026-03-31, amount: 100, credits: CREDITS}]
    expect: {A: 6, B: 4}
"""


def _problems(credits: str) -> list[Any]:
    return run_examples(plan_from_yaml(PLAN.replace("CREDITS", credits)))


@pytest.mark.parametrize("credits", ["{A: 60%, B: 40%}", "{A: 0.6, B: 0.4}"])
def test_a_share_is_a_percent_or_a_number_up_to_one(credits: str) -> None:
    assert all(result.ok for result in _problems(credits))


def test_a_share_above_ten_is_asked_about() -> None:
    (problem,) = _problems("{A: 60, B: 40}")

    assert problem.problem == (
        "Entry d, share: 60 is 6000 %. Write 60% or a number up to 1."
    )
