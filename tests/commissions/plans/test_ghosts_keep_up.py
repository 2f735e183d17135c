"""A ghost is worked out again after each recalculation, once for many changes."""

from datetime import date

from django.test import Client

from commissions.plans.models import Plan, Preview
from commissions.statements import previews
from commissions_saas.lib.periods import parse_period
from tenants.access import Member
from tenants.jobs.models import Job
from tenants.jobs.services import run_all_jobs, run_now
from tests.commissions.plans.drafts import a_draft, text_of
from tests.commissions.statements import world

GHOSTS = Job.objects.filter(kind="ghosts", state="queued")


def a_ghost(plan: Plan, ada: Member) -> Preview:
    ghost = previews.ask_ghost(
        version=a_draft(plan, ada), period=parse_period("2026-11"), by=ada
    )
    run_all_jobs()
    ghost.refresh_from_db()
    return ghost


def another_deal(day: int) -> None:
    world.sync(world.a_deal(f"plan_{day}", date(2026, 11, day), "240", world.CARE))


def caught_up() -> None:
    """Do the recalculation that waits, and nothing that it asks for."""
    run_now(Job.objects.get(kind="catch_up", state="queued"))


def test_a_ghost_follows_the_deals_by_itself(plan: Plan, ada: Member) -> None:
    ghost = a_ghost(plan, ada)
    assert ghost.summary["total"] == "100.0000"

    another_deal(21)
    run_all_jobs()

    ghost.refresh_from_db()
    assert (ghost.state, ghost.summary["total"]) == ("ready", "120.0000")


def test_many_changes_are_one_look_and_what_stood_is_seen_until_then(
    plan: Plan, ada: Member, page: Client
) -> None:
    ghost = a_ghost(plan, ada)
    for day in (21, 22):
        another_deal(day)
        caught_up()

    assert GHOSTS.count() == 1
    body = text_of(page.get(f"/b/acme/plans/comfort_advisor/ghosts/{ghost.pk}/"))
    assert "+$100.00" in body
    assert "data changed since, and it is worked out again by itself" in body

    run_now(GHOSTS.get())
    ghost.refresh_from_db()
    assert ghost.summary["total"] == "140.0000"


def test_a_ghost_waits_while_changes_that_it_reads_are_calculated(
    plan: Plan, ada: Member
) -> None:
    ghost = a_ghost(plan, ada)
    another_deal(21)
    caught_up()
    another_deal(22)

    run_now(GHOSTS.get())
    run_all_jobs()

    ghost.refresh_from_db()
    assert ghost.summary["total"] == "140.0000"


def test_a_business_without_ghosts_asks_for_nothing(plan: Plan) -> None:
    another_deal(21)
    caught_up()

    assert not Job.objects.filter(kind="ghosts").exists()
