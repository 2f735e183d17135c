"""One door: what a pause in typing says is what saving says, and what `formula_check` says."""

from collections.abc import Iterator
from typing import Any

import pytest

from commissions.formula.check_door import answer
from commissions.plans import services
from commissions.plans.document import PlanDocument
from commissions.plans.form_door import document_from_form, form_of
from commissions.plans.formula_names import check_field
from commissions.plans.yaml_form import plan_from_yaml
from tenants.accounts.models import Business

# A formula of every kind that a plan can have, each reading what only its place offers.
EVERY_KIND = """
plan: Every kind
currency: USD
pays: month
variables: {quota: money, hours: number}
measures:
  bookings: {sum: deal.amount * deal.share, when: deal.amount > 0}
  streak: {value: 'IF(bookings.total > quota, streak.before + 1, 0)', type: number}
  team_sum: {measure: bookings, of: team, where: value > 0}
  paid: {component: [pay], by: deal.product}
components:
  - key: pay
    when: deal.amount > 0
    steps: {net: deal.amount * 90%}
    base: net * deal.share
    amount: base * 6% + net * 0
    cap: quota
    floor: min(base, 0)
    payable_when: deal.amount < quota
    waiting_for: the quota
    keeps: earned / 2
  - key: trail
    repeat: yes
    times: months_between(deal.won_on, deal.won_on) + 12
    while: nth < 24
    amount: deal.amount * 1% * nth
  - key: bonus
    per: period
    over: quarter
    when: bookings.total >= quota
    amount: hours * 10 * streak.total
"""
BROKEN = (
    "nonsense * 2",
    'IF(deal.product == "é😀", 1,\n  2',
    "\n  1 +\n\tquota = 5",
    "yes + hours",
    "'text'",
    "quota\u00a0* 2",
)


@pytest.fixture
def plan(acme: Business) -> PlanDocument:
    document = plan_from_yaml(EVERY_KIND)
    assert services.problems_of(document) == []
    return document


def fields(document: PlanDocument) -> Iterator[tuple[dict[str, str], str, str]]:
    """Return the form as it is sent, each formula's field and its path in the plan."""
    form: Any = form_of(document.raw)
    sent = {field.name: field.value for field in form["head"]}
    for blocks in (form["components"], form["measures"]):
        for block in blocks:
            sent |= {field.name: field.value for field in block.fields}
    for blocks, name in (("components", "key"), ("measures", "name")):
        for block in form[blocks]:
            for field in block.fields:
                prefix, _, key = field.name.partition("-")
                part = sent[f"{prefix}-{name}"]
                if field.is_code and part and sent[field.name]:
                    yield sent, field.name, f"{blocks}.{part}.{key}"


def test_no_sound_formula_of_any_kind_is_called_wrong_while_it_is_typed(
    plan: PlanDocument,
) -> None:
    tried = list(fields(plan))

    assert len(tried) == 17
    for sent, field, path in tried:
        assert check_field(plan, sent, field) is None, path


@pytest.mark.parametrize("text", BROKEN)
def test_typing_saving_and_the_command_say_the_same(
    plan: PlanDocument, text: str
) -> None:
    for sent, field, path in fields(plan):
        changed = {**sent, field: text.strip()}
        document = document_from_form(plan.raw, changed)
        typed = check_field(document, changed, field)

        saved = [one for one in services.problems_of(document) if one.path == path]

        assert bool(saved) == (typed is not None), path
        if typed is not None:
            first, seen = saved[0], typed.problem
            assert (first.message, first.hint) == (seen.message, typed.hint), path
            assert (first.line, first.column) == (seen.line, seen.column), path
            assert first.picture == f"{typed.picture}\n{typed.sentence}", path


def test_the_command_names_the_place_that_the_page_names(plan: PlanDocument) -> None:
    sent, field, _ = next(one for one in fields(plan) if one[1] == "c0-amount")

    for text in BROKEN:
        typed = check_field(plan, {**sent, field: text}, field)
        names = {
            "deal.product": {"type": "text", "value": "a"},
            "deal.amount": {"type": "money", "value": "1"},
            "quota": {"type": "money", "value": "1"},
            "hours": {"type": "number", "value": "1"},
        }
        told = answer({"id": 1, "text": text, "names": names, "result": "money"})

        assert typed is not None
        assert told["message"] == typed.problem.message, text
        assert (told["line"], told["column"]) == (
            typed.problem.line,
            typed.problem.column,
        ), text
