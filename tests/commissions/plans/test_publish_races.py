"""Publishing pressed twice, beside a sync, or cut off half-way takes effect once."""

from datetime import date
from typing import Any

import pytest

from commissions.plans.models import Plan, PlanVersion, Preview, PreviewedStatement
from commissions.statements import previews
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.jobs.services import run_all_jobs
from tests.commissions.plans.drafts import NOVEMBER, a_draft
from tests.commissions.statements import world
from tests.databases import Copy
from tests.security.test_races_and_cents import at_once, told, won


def looked_at(draft: PlanVersion, by: Member) -> Preview:
    asked = previews.ask_preview(draft=draft, starts_on=NOVEMBER, by=by)
    run_all_jobs()
    return Preview.objects.get(pk=asked.pk)


def test_two_presses_and_a_sync_at_once(
    fresh_db: Copy, acme: Business, plan: Plan, ada: Member, ben: Member
) -> None:
    found = looked_at(a_draft(plan, ada), ben)

    def press() -> PlanVersion:
        return previews.publish_previewed(preview=found, by=ben)

    def sync() -> Any:
        return world.sync(
            world.a_deal("plan_21", date(2026, 11, 21), "240", world.CARE)
        )

    answers = at_once(acme, press, press, sync)

    published = [each for each in won(answers) if isinstance(each, PlanVersion)]
    assert set(told(answers)) <= {"commissions.plans.errors"}, answers
    assert len(published) <= 1
    live = PlanVersion.objects.filter(plan=plan, state="published").count()
    assert live == 1 + len(published)
    if not published:  # the sync came first: both were shown the figures of then
        newest = Preview.objects.order_by("pk").last()
        assert newest is not None and newest.summary["total"] == "120.0000"


def test_a_comparison_that_is_done_twice_is_one(
    plan: Plan, ada: Member, ben: Member
) -> None:
    found = looked_at(a_draft(plan, ada), ben)
    rows = PreviewedStatement.objects.count()

    previews.compute(found.pk)
    Preview.objects.filter(pk=found.pk).update(state=Preview.State.COMPUTING)
    previews.compute(found.pk)

    assert PreviewedStatement.objects.count() == rows
    again = Preview.objects.get(pk=found.pk)
    assert (again.figures, again.summary) == (found.figures, found.summary)


def test_a_comparison_that_was_forgotten_meanwhile_stores_nothing(
    plan: Plan, ada: Member, ben: Member
) -> None:
    draft = a_draft(plan, ada)
    first = previews.ask_preview(draft=draft, starts_on=NOVEMBER, by=ben)
    second = looked_at(draft, ben)

    previews.compute(first.pk)

    assert Preview.objects.get().pk == second.pk


def test_publishing_that_dies_half_way_leaves_a_draft(
    plan: Plan, ada: Member, ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = looked_at(a_draft(plan, ada), ben)

    def die() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("commissions_saas.lib.clock.now", die)
    with pytest.raises(KeyboardInterrupt):
        previews.publish_previewed(preview=found, by=ben)
    monkeypatch.undo()

    assert plan.versions.filter(state="draft").count() == 1
    assert previews.publish_previewed(preview=found, by=ben).state == "published"
