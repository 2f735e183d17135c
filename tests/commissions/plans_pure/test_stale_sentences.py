"""A sentence for payees that names what the plan no longer pays is pointed out."""

import pytest

from commissions.plans.stale_sentences import stale_sentences
from commissions.plans.templates_page import plan_templates
from commissions.plans.yaml_form import plan_from_yaml

TIERS = plan_templates()["tiers"].text


@pytest.mark.parametrize("name", list(plan_templates()))
def test_templates_say_what_they_pay(name: str) -> None:
    assert stale_sentences(plan_templates()[name].document) == []


def test_a_rate_and_an_amount_that_changed_are_named() -> None:
    dearer = TIERS.replace("rate: 8%", "rate: 9%").replace("from: 50000", "from: 60000")

    assert stale_sentences(plan_from_yaml(dearer)) == [("Deals", ["50,000.00", "8 %"])]


def test_rows_of_the_businesss_own_tables_count() -> None:
    dearer = plan_from_yaml(TIERS.replace("rate: 8%", "rate: 9%"))

    assert stale_sentences(dearer, [{"from": "0", "rate": "0.08"}]) == []
