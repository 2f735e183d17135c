"""Whoever a published version pays gets one mail, with a link and without a figure."""

from datetime import date
from typing import Any

import pytest
from django.core import mail
from django.test import Client, override_settings

from commissions.plans.models import Plan, PlanNotice, PlanVersion
from commissions.plans.telling import tell_published
from commissions.statements import previews
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.errors import RunLater
from tenants.jobs.lease import Lease
from tenants.jobs.models import Job
from tenants.jobs.services import run_all_jobs
from tests.commissions.plans.drafts import a_draft, previewed, text_of
from tests.people import a_member, a_user

DECEMBER = date(2026, 12, 1)


@pytest.fixture
def rep(acme: Business, maya: Payee) -> Member:
    """Maya logs in."""
    member = a_member(acme, "Maya", Role.REP)
    Payee.objects.filter(pk=maya.pk).update(user_id=member.user_id)
    return member


def published(
    plan: Plan, ada: Member, ben: Member, day: date = DECEMBER
) -> PlanVersion:
    found = previewed(a_draft(plan, ada), ben, day)
    return previews.publish_previewed(preview=found, by=ben)


def mails() -> list[Any]:
    return [one for one in mail.outbox if "plan" in one.subject]


def test_a_payee_with_a_login_is_told_once_and_finds_the_new_words(
    plan: Plan, rep: Member, ada: Member, ben: Member, client: Client
) -> None:
    version = published(plan, ada, ben)
    run_all_jobs()
    told = Job.objects.get(kind="plan_published")
    tell_published(Lease(told, None, is_kept=False))  # as if a worker had died

    [one] = mails()
    assert one.to == [rep.email]
    assert one.subject == "Your plan changes from 1 Dec 2026"
    assert one.body.strip().endswith("/b/acme/me/plan/")
    assert "60" not in one.subject + one.body, "no mail holds an amount"
    assert PlanNotice.objects.get(version=version).sent_at is not None

    client.force_login(rep.user)
    page = text_of(client.get("/b/acme/me/plan/"))
    assert f"From 1 Dec 2026: version {version.number}" in page


def test_nobody_is_told_who_is_not_on_the_plan_or_a_member_no_more(
    acme: Business, plan: Plan, maya: Payee, ada: Member, ben: Member
) -> None:
    gone = a_member(acme, "Gone", Role.REP, ends_on=date(2026, 10, 1))
    Payee.objects.filter(pk=maya.pk).update(user_id=gone.user_id)
    Payee.objects.create(name="Elsewhere", user_id=a_user("Elsewhere").pk)

    published(plan, ada, ben)
    run_all_jobs()

    assert mails() == []
    assert not PlanNotice.objects.exists()


def test_a_version_without_log_ins_asks_for_nothing(
    plan: Plan, ada: Member, ben: Member
) -> None:
    published(plan, ada, ben)

    assert not Job.objects.filter(kind="plan_published").exists()


def test_a_mail_server_that_is_away_is_asked_again(
    plan: Plan, rep: Member, ada: Member, ben: Member
) -> None:
    published(plan, ada, ben)
    job = Job.objects.get(kind="plan_published")

    smtp = "django.core.mail.backends.smtp.EmailBackend"
    closed = override_settings(EMAIL_BACKEND=smtp, EMAIL_PORT=1, EMAIL_TIMEOUT=1)
    with closed, pytest.raises(RunLater):
        tell_published(Lease(job, None, is_kept=False))
    assert PlanNotice.objects.get().sent_at is None

    run_all_jobs()
    assert len(mails()) == 1


def test_the_price_says_how_many_will_be_told(
    plan: Plan, rep: Member, ada: Member, ben: Member, page: Client
) -> None:
    previewed(a_draft(plan, ada), ben)

    body = text_of(page.get("/b/acme/plans/comfort_advisor/draft/impact/"))

    assert "1 person gets one mail" in body
