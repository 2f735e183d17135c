"""A ghost runs a version beside the one in force, and pays nobody."""

from django.test import Client

from commissions.plans import services
from commissions.plans.models import (
    Plan,
    Preview,
    PreviewedStatement,
)
from commissions.statements import previews
from commissions_saas.lib.periods import parse_period
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.services import run_all_jobs
from tests.commissions.plans.drafts import IMPACT, a_draft, text_of, totals
from tests.commissions.statements import world
from tests.people import a_member


def test_a_ghost_is_worked_out_apart_and_no_total_has_it(
    plan: Plan, maya: Payee, ada: Member, ben: Member, page: Client
) -> None:
    a_draft(plan, ada)
    before = totals(), world.written()

    page.post(
        "/b/acme/plans/comfort_advisor/ghosts/", {"version": 2, "period": "2026-11"}
    )
    run_all_jobs()

    ghost = Preview.objects.get(kind="ghost")
    body = text_of(page.get(f"/b/acme/plans/comfort_advisor/ghosts/{ghost.pk}/"))
    assert ghost.statements.count() == 2, "everybody stands beside the real period"
    assert "+$100.00" in body and "1 of 2 open statements would differ" in body
    assert (totals(), world.written()) == before


def test_a_ghost_is_hidden_from_reps(
    acme: Business, plan: Plan, maya: Payee, ada: Member, client: Client
) -> None:
    rep = a_member(acme, "Maya", Role.REP)
    ghost = previews.ask_ghost(
        version=a_draft(plan, ada), period=parse_period("2026-11"), by=ada
    )
    run_all_jobs()
    client.force_login(rep.user)

    for path in (IMPACT, f"/b/acme/plans/comfort_advisor/ghosts/{ghost.pk}/"):
        assert client.get(path).status_code == 403


def test_a_ghost_keeps_its_document_and_ends_without_a_trace_in_pay(
    plan: Plan, ada: Member, ben: Member
) -> None:
    draft = a_draft(plan, ada)
    ghost = previews.ask_ghost(version=draft, period=parse_period("2026-11"), by=ada)
    services.discard_draft(draft=draft, by=ada)
    run_all_jobs()
    ghost.refresh_from_db()

    assert ghost.summary["total"] == "100.0000"
    previews.end_ghost(ghost=ghost, by=ada)
    assert not PreviewedStatement.objects.exists()
