"""A draft is tried on the deals on which plans break, saved or as it is typed."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from commissions.plans.models import Assignment, Plan, PlanVersion
from commissions.plans.services import document_of
from commissions.plans.yaml_form import plan_to_yaml
from commissions.statements.live import picked_deals, try_live
from commissions.statements.periods import current_period
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.jobs.services import run_all_jobs
from tests.commissions.plans.drafts import DEARER, a_draft, text_of
from tests.commissions.statements import world

LIVE = "/b/acme/plans/comfort_advisor/draft/live/"


@pytest.fixture
def awkward(plan: Plan) -> Plan:
    """A negative deal and one in another currency beside the story's."""
    world.sync(
        world.a_deal("credit_note", date(2026, 11, 6), "-500", world.AIR),
        world.a_deal("in_euro", date(2026, 11, 7), "700", world.AIR, currency="EUR"),
    )
    run_all_jobs()
    return plan


def test_the_awkward_deals_are_picked_and_each_says_why(awkward: Plan) -> None:
    found = {
        why: x.entry.external_id
        for x in picked_deals(awkward, current_period())
        for why in x.why.split(", ")
    }

    assert found["a negative amount"] == "credit_note"
    assert found["another currency"] == "in_euro"
    assert found["shared"] == "sandoval"


def test_each_deal_shows_the_draft_beside_what_is_in_force_with_its_steps(
    awkward: Plan, ada: Member
) -> None:
    draft = a_draft(awkward, ada, ("base * 10%", "base * 12%"))

    trial = try_live(awkward, document_of(draft))

    by_deal = {row.picked.entry.external_id: row for row in trial.rows}
    note = by_deal["credit_note"]
    assert (note.draft, note.in_force) == (Decimal(-60), Decimal(-50))
    assert note.difference == Decimal(-10)
    assert note.receipt is not None and "12 %" in note.receipt.text
    shared = [x.payee for x in trial.rows if x.picked.entry.external_id == "sandoval"]
    assert shared == ["Maya Okafor", "Theo Brandt"]
    assert trial.rows[0].picked.entry.external_id == "in_euro", "what fails comes first"
    assert "EUR" in trial.rows[0].failed


def test_a_deal_is_found_by_its_name_and_nothing_is_written(
    plan: Plan, ada: Member, client: Client
) -> None:
    draft = a_draft(plan, ada)
    before = world.written(), PlanVersion.objects.count()
    client.force_login(ada.user)

    body = text_of(client.get(LIVE, {"q": "kessler maint"}))

    assert "Kessler maintenance Maintenance plan · Maya Okafor · searched for" in body
    assert "60.00 40.00 +20.00" in body
    assert "with the draft as it is saved" in body
    assert (world.written(), PlanVersion.objects.count()) == before
    assert draft.plan_id == plan.pk


def test_what_is_typed_is_tried_before_it_is_saved(
    plan: Plan, ada: Member, client: Client
) -> None:
    draft = a_draft(plan, ada)
    client.force_login(ada.user)
    typed = plan_to_yaml(document_of(draft)).replace(DEARER[1], "75 * deal.share")

    body = text_of(client.post(LIVE, {"text": typed}, headers={"HX-Request": "true"}))
    wrong = client.post(LIVE, {"text": typed.replace("75 *", "75 * fee *")})

    assert "75.00 40.00 +35.00" in body and "not saved yet" in body
    assert "<html" not in body
    assert "fee" in text_of(wrong)
    draft.refresh_from_db()
    assert draft.edition == 2


def test_a_plan_with_nobody_on_it_says_what_it_needs_to_be_tried(
    plan: Plan, maya: Payee, ada: Member, client: Client
) -> None:
    plan.assignments.all().update(closed=1)
    a_draft(plan, ada)
    client.force_login(ada.user)

    body = text_of(client.get(LIVE))

    assert "Nobody is on this plan yet, and it needs quota of each payee" in body


def test_a_plan_with_nobody_on_it_is_tried_on_whose_deals_they_are(
    plan: Plan, maya: Payee, ada: Member
) -> None:
    plan.assignments.all().update(closed=1)
    draft = a_draft(plan, ada, ("  quota: money", "  quota: {type: money, default: 1}"))
    people = Assignment.objects.count()

    trial = try_live(plan, document_of(draft), "kessler maint")

    assert trial.as_if
    assert [(row.payee, row.draft, row.in_force) for row in trial.rows] == [
        ("Maya Okafor", Decimal(40), None)
    ]
    assert Assignment.objects.count() == people
