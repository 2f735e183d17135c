"""Everything that the editor offers has a type and a sentence in the business's words."""

import pytest

from commissions.plans import services
from commissions.plans.formula_names import every_name
from commissions.plans.yaml_form import plan_from_yaml
from tenants.accounts.models import Business
from tests.commissions.plans.drafts import FLAT
from tests.commissions.plans.test_same_door import EVERY_KIND

SAYS = {
    "deal.amount": "Money. The whole deal, of which share is the payee's part.",
    "deal.won_on": "Date. The day on which the deal was won.",
    "quota": "Money. A value of the plan that each assignment gives.",
    "hours": "Number. A value of the plan that each assignment gives; 8 where it says"
    " nothing.",
    "bookings.before": "Money. The measure bookings before this entry:"
    " deal.amount * deal.share.",
    "team_sum.total": "Money. The measure team_sum in its whole window: sum of bookings.",
    "paid.after": "Money. The measure paid with this entry: paid by pay.",
    "streak.total": "Number. The measure streak in its whole window:"
    " IF(bookings.total > quota, streak.before + 1, 0).",
    "base": "Money. What the component's base gives.",
    "net": "Money. A step of Pay.",
    "nth": "Number. Which payment of a repeated component this is: 1, 2, 3.",
    "earned": "Money. What a lost deal has earned so far.",
    "value": "Money. What the measure is for the other person.",
    "period.days": "Number. How many days the pay period has.",
    "owner.name": "Text. Name, of the deal's owner.",
    "marginal(": "Each slice of the amount at the rate of its own tier, counted on from"
    " the total before it, as tax brackets do.",
}


@pytest.fixture
def offered(acme: Business) -> dict[str, dict[str, str]]:
    text = EVERY_KIND.replace("hours: number", "hours: {type: number, default: 8}")
    document = plan_from_yaml(text)
    assert services.problems_of(document) == []
    return {one["insert"]: one for one in every_name(document)}


def test_each_name_says_what_it_is(offered: dict[str, dict[str, str]]) -> None:
    assert {name: offered[name]["says"] for name in SAYS} == SAYS


def test_what_only_one_kind_of_formula_reads_is_offered_where_there_is_one(
    acme: Business,
) -> None:
    offered = {one["insert"] for one in every_name(plan_from_yaml(FLAT))}

    assert "deal.amount" in offered
    assert not offered & {"earned", "value", "nth"}


def test_nothing_is_offered_without_a_type_and_a_whole_sentence(
    offered: dict[str, dict[str, str]],
) -> None:
    for name, one in offered.items():
        assert one["type"], name
        assert one["says"].endswith("."), name
        assert one["says"].count(".") >= 2 or one["kind"] == "function", name
