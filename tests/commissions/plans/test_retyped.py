"""A field that becomes text: what its lines and its plan's page say to do."""

from datetime import date

from django.test import Client

from commissions.plans import services
from commissions.plans.yaml_form import plan_from_yaml
from crm_sync.ledger.catalogue import save_fields
from crm_sync.ledger.facts import FieldFact
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tests.commissions.plans.drafts import text_of
from tests.commissions.statements import world


def test_the_line_and_the_plans_page_say_what_to_do(
    maya: Payee, ada: Member, ben: Member, page: Client
) -> None:
    save_fields([FieldFact("deal", "dealer_fee", "Dealer fee", "money")])
    draft = services.create_plan(
        document=plan_from_yaml(world.plan_text("after_the_fee")), by=ada
    )
    services.publish_version(draft=draft, starts_on=date(2026, 7, 1), by=ben)
    world.assign(maya, draft.plan, date(2026, 7, 1))
    save_fields([FieldFact("deal", "dealer_fee", "Dealer fee", "text")])
    world.sync(
        world.a_deal("one", date(2026, 11, 9), "9000", "System", dealer_fee="waived")
    )
    world.catch_up()

    (line,) = world.live(world.statement(maya, "2026-11"))
    body = text_of(page.get("/b/acme/plans/after-the-fee/"))

    assert line.failed == (
        "deal.dealer_fee should be an amount, but One has “waived”. The field is text"
        " now: make it an amount again where it is mapped, or publish a version of the"
        " plan that reads text."
    )
    assert "deal.dealer_fee was an amount when version 1 was published" in body
    assert "and is text now. Lines that read it fail." in body
    assert "cannot be subtracted" not in body, "its examples are those of its own types"
