"""A draft shows its price before it is published, and publishing gives that price."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from commissions.plans import errors, services
from commissions.plans.models import (
    Plan,
    PlanVersion,
    Preview,
    PreviewedStatement,
)
from commissions.statements import previews
from commissions.statements.models import PayPeriod, Proposal, Run
from commissions.statements.services import freeze
from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.services import run_all_jobs
from tests.commissions.plans.drafts import NOVEMBER, a_draft, previewed, totals
from tests.commissions.statements import world
from tests.people import a_member


def test_the_price_of_a_draft_is_what_publishing_moves(
    plan: Plan, maya: Payee, ada: Member, ben: Member
) -> None:
    before = totals()

    found = previewed(a_draft(plan, ada), ben)
    previews.publish_previewed(preview=found, by=ben)
    run_all_jobs()

    assert (found.summary["statements"], found.summary["total"]) == (1, "100.0000")
    row = found.statements.get()
    assert (row.now, row.after) == (before[maya.pk], totals()[maya.pk])
    assert [line["before"] for line in row.lines] == ["40.0000"] * 5
    assert [line["after"] for line in row.lines] == ["60.0000"] * 5


def test_a_preview_writes_no_line_and_no_version(
    plan: Plan, ada: Member, ben: Member
) -> None:
    draft = a_draft(plan, ada)
    before = world.written(), Run.objects.count(), PlanVersion.objects.count()

    previewed(draft, ben)

    assert (world.written(), Run.objects.count(), PlanVersion.objects.count()) == before


def test_publishing_is_refused_with_new_figures_once_a_deal_changed(
    plan: Plan, ada: Member, ben: Member
) -> None:
    found = previewed(a_draft(plan, ada), ben)
    world.sync(world.a_deal("plan_21", date(2026, 11, 21), "240", world.CARE))

    with pytest.raises(
        errors.FiguresMoved, match=r"Figures moved: now 1 statement, \+\$120\.00\."
    ):
        previews.publish_previewed(preview=found, by=ben)

    instead = Preview.objects.get()
    assert instead.summary["total"] == "120.0000"
    assert PlanVersion.objects.filter(state="draft").exists()
    assert previews.publish_previewed(preview=instead, by=ben).state == "published"


def test_a_change_that_moves_no_figure_is_no_reason_to_look_again(
    plan: Plan, ada: Member, ben: Member
) -> None:
    found = previewed(a_draft(plan, ada), ben)
    world.a_payee("Somebody Else", "user_else")
    world.sync(
        world.a_deal("elsewhere", date(2026, 11, 3), "9", world.CARE, owner="user_else")
    )

    assert previews.publish_previewed(preview=found, by=ben).state == "published"


def test_a_draft_that_was_saved_since_is_looked_at_again(
    plan: Plan, ada: Member, ben: Member
) -> None:
    draft = a_draft(plan, ada)
    found = previewed(draft, ben)
    again = dict(draft.document, says="Other words")
    services.save_draft(
        draft=draft,
        document=services.document_of(PlanVersion(document=again)),
        seen_edition=draft.edition,
        by=ada,
    )

    with pytest.raises(errors.FiguresMoved):
        previews.publish_previewed(preview=found, by=ben)


def test_a_draft_without_a_look_is_not_published(
    plan: Plan, ada: Member, ben: Member
) -> None:
    asked = previews.ask_preview(draft=a_draft(plan, ada), starts_on=NOVEMBER, by=ben)

    with pytest.raises(errors.NotPreviewed):
        previews.publish_previewed(preview=asked, by=ben)


def test_nobody_who_had_a_hand_in_a_draft_publishes_it(
    acme: Business, plan: Plan, ada: Member, ben: Member
) -> None:
    draft = a_draft(plan, ada)
    later = dict(draft.document, says="Ben was here")
    saved = services.save_draft(
        draft=draft,
        document=services.document_of(PlanVersion(document=later)),
        seen_edition=draft.edition,
        by=ben,
    )
    found = previewed(saved, ben)

    for editor in (ada, ben):
        with pytest.raises(errors.NeedsSecondPerson):
            previews.publish_previewed(preview=found, by=editor)

    eve = a_member(acme, "Eve", Role.ADMIN)
    assert previews.publish_previewed(preview=found, by=eve).state == "published"


def test_up_to_the_limit_one_person_is_enough(
    acme: Business, plan: Plan, ada: Member
) -> None:
    found = previewed(a_draft(plan, ada), ada)
    acme.second_publisher_above = Decimal("99.99")
    with pytest.raises(errors.NeedsSecondPerson):
        previews.publish_previewed(preview=found, by=ada)

    acme.second_publisher_above = Decimal(100)

    assert previews.publish_previewed(preview=found, by=ada).state == "published"


def test_what_one_loses_and_another_gains_is_not_small(
    acme: Business, plan: Plan, ada: Member
) -> None:
    """The limit is of the pay that moves, not of what is left of it in the end."""
    found = previewed(a_draft(plan, ada), ada)
    found.summary["total"] = "0.0000"
    acme.second_publisher_above = Decimal(50)

    with pytest.raises(errors.NeedsSecondPerson):
        previews.publish_previewed(preview=found, by=ada)


def test_nobody_publishes_what_changes_their_own_pay(
    plan: Plan, maya: Payee, ada: Member, ben: Member
) -> None:
    Payee.objects.filter(pk=maya.pk).update(email=ben.email)
    found = previewed(a_draft(plan, ada), ben)

    with pytest.raises(errors.OwnPay):
        previews.publish_previewed(preview=found, by=ben)


def test_what_begins_tomorrow_has_no_price_and_is_not_small(
    acme: Business, plan: Plan, ada: Member
) -> None:
    acme.second_publisher_above = Decimal(1)
    tomorrow = clock.today("UTC") + timedelta(days=1)
    found = previewed(a_draft(plan, ada), ada, starts_on=tomorrow)

    with pytest.raises(errors.NeedsSecondPerson):
        previews.publish_previewed(preview=found, by=ada)


def test_nobody_publishes_what_will_change_their_own_pay(
    plan: Plan, maya: Payee, ada: Member, ben: Member
) -> None:
    Payee.objects.filter(pk=maya.pk).update(email=ben.email)
    tomorrow = clock.today("UTC") + timedelta(days=1)
    found = previewed(a_draft(plan, ada), ben, starts_on=tomorrow)

    with pytest.raises(errors.OwnPay):
        previews.publish_previewed(preview=found, by=ben)


def test_a_draft_that_fails_on_a_deal_says_which_and_is_not_published(
    plan: Plan, ada: Member, ben: Member
) -> None:
    draft = a_draft(
        plan,
        ada,
        ("40 * deal.share", "deal.amount * (60 / (deal.amount - 240)) * deal.share"),
    )

    found = previewed(draft, ben)

    assert found.state == "ready", found.problem
    assert found.summary["failures"] == 5
    failures = found.statements.get().failures
    assert len(set(failures)) == 5, failures
    with pytest.raises(errors.PlanError):
        previews.publish_previewed(preview=found, by=ben)


def test_a_frozen_period_would_differ_and_is_not_part_of_the_price(
    plan: Plan, ada: Member, ben: Member, alice: Member
) -> None:
    world.sync(world.a_deal("october", date(2026, 10, 5), "240", world.CARE))
    run_all_jobs()
    freeze(period=PayPeriod.objects.get(slug="2026-10"), by=alice)

    found = previewed(a_draft(plan, ada), ben, date(2026, 10, 1))

    assert found.summary["total"] == "100.0000"
    assert (found.summary["frozen"], found.summary["frozen_total"]) == (1, "20.0000")
    previews.publish_previewed(preview=found, by=ben)
    run_all_jobs()
    assert [row.amount for row in Proposal.objects.all()] == [Decimal(20)]


def test_a_draft_that_changes_nothing_says_so(
    plan: Plan, ada: Member, ben: Member
) -> None:
    found = previewed(a_draft(plan, ada, ("name: Maintenance", "name: Care")), ben)

    assert found.summary["statements"] == 0
    assert not PreviewedStatement.objects.exists()


def test_a_published_version_cannot_be_changed_or_removed_in_the_database(
    plan: Plan, ada: Member, ben: Member
) -> None:
    version = plan.versions.get(state="published")

    for wrong in (
        lambda: PlanVersion.objects.filter(pk=version.pk).update(document={}),
        lambda: PlanVersion.objects.filter(pk=version.pk).update(state="draft"),
        lambda: PlanVersion.objects.filter(pk=version.pk).delete(),
    ):
        with (
            pytest.raises(IntegrityError, match="never changed or removed"),
            transaction.atomic(),
        ):
            wrong()
