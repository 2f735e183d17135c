"""Every template is sound, proves each of its components, and says what it pays."""

import pytest
from django.test import Client

from commissions.plans.examples import try_examples, untouched_components
from commissions.plans.models import PlanVersion
from commissions.plans.templates_page import FOLDER, NAMES, plan_templates
from tenants.accounts.models import Business, Role
from tests.people import a_member


def test_every_file_is_offered() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_keeps_every_promise_and_touches_every_component(name: str) -> None:
    document = plan_templates()[name].document

    tried = try_examples(document)

    assert tried.ok, [result for result in tried.results if not result.ok]
    assert untouched_components(document, tried) == ()
    assert document.says
    assert all(part.says for part in document.components)


def test_a_plan_begins_with_a_template_in_the_businesss_currency(
    acme: Business, client: Client
) -> None:
    Business.objects.filter(pk=acme.pk).update(currency="CAD")
    ada = a_member(acme, "Ada", Role.ADMIN)
    client.force_login(ada.user)

    offered = client.get("/b/acme/plans/new/").content.decode()
    chosen = client.get("/b/acme/plans/new/?template=whole_tiers")
    client.post("/b/acme/plans/new/", {"text": chosen.context["text"]})

    for name in NAMES:
        assert f"?template={name}" in offered
    assert "The cliff, one cent more is worth 1,500.00" in chosen.content.decode()
    draft = PlanVersion.objects.select_related("plan").get()
    assert (draft.plan.name, draft.document["currency"]) == (
        "Tiers for everything",
        "CAD",
    )


def test_a_field_that_the_business_lacks_is_named_before_anything_is_saved(
    acme: Business, client: Client
) -> None:
    client.force_login(a_member(acme, "Ada", Role.ADMIN).user)

    body = client.get("/b/acme/plans/new/?template=hold_until").content.decode()

    assert "deal.customer_paid" in body and "does not have yet" in body
