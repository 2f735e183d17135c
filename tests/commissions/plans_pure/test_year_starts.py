"""The month in which a plan's year begins: how it is written, and what is refused."""

from typing import Any

import pytest

from commissions.plans.compiling import check_plan
from commissions.plans.diff import diff_plans
from commissions.plans.document import InvalidPlan
from commissions.plans.form_door import document_from_form, form_of
from commissions.plans.sentences import plan_words
from commissions.plans.yaml_form import plan_from_yaml

PLAN = """
plan: Fiscal
currency: USD
pays: {pays}
year_starts: {starts}
components:
  - {{key: bonus, per: {per}, amount: "5"}}
"""


def _plan(starts: str, per: str = "year", pays: str = "month") -> str:
    return PLAN.format(starts=starts, per=per, pays=pays)


@pytest.mark.parametrize(
    ("written", "month"),
    [("4", 4), ("04", 4), ("April", 4), ("apr", 4), ("12", 12), ("1", 1), ("March", 3)],
)
def test_a_month_is_a_number_or_a_name(written: str, month: int) -> None:
    assert plan_from_yaml(_plan(written)).year_starts == month


def test_january_is_left_out_of_the_canonical_form() -> None:
    without = plan_from_yaml(_plan("1").replace("year_starts: 1\n", ""))

    assert plan_from_yaml(_plan("January")).hash == without.hash


@pytest.mark.parametrize("written", ["0", "13", "4.5", "ma", "-1", "spring", "[4]"])
def test_anything_else_is_refused_with_what_may_stand_there(written: str) -> None:
    with pytest.raises(InvalidPlan) as refused:
        plan_from_yaml(_plan(written))

    assert refused.value.problems[0].path == "year_starts"


@pytest.mark.parametrize("per", ["quarter", "year"])
def test_quarterly_pay_refuses_a_year_that_is_not_made_of_its_quarters(
    per: str,
) -> None:
    fine = plan_from_yaml(_plan("4", per, "quarter"))
    wrong = plan_from_yaml(_plan("2", per, "quarter"))

    assert not check_plan(fine)
    (problem,) = check_plan(wrong)
    assert problem.path == "components.bonus.over"
    assert "a year that begins in February" in problem.message
    assert "January, April, July or October" in problem.hint


def test_a_new_month_is_a_change_in_words() -> None:
    before, after = plan_from_yaml(_plan("1")), plan_from_yaml(_plan("April"))

    (change,) = diff_plans(before, after)

    assert str(change) == "The month in which the year begins: nothing → 4"


def test_payees_read_in_which_month_the_year_begins() -> None:
    (words,) = plan_words(plan_from_yaml(_plan("April")))
    (plain,) = plan_words(plan_from_yaml(_plan("January")))

    assert "Paid once per year (the year begins in April), when it ends." in str(words)
    assert "Paid once per year, when it ends." in str(plain)


def test_the_form_shows_the_month_and_keeps_it() -> None:
    document = plan_from_yaml(_plan("April"))
    form: Any = form_of(document.raw)
    head = {field.name: field.value for field in form["head"]}

    assert head["year_starts"] == "4"
    changed = document_from_form(
        document.raw,
        {**head, "year_starts": "July", "c0-key": "bonus", "c0-per": "period"}
        | {"c0-over": "year", "c0-amount": "5"},
    )
    assert changed.year_starts == 7
