"""Nobody approves what they prepared or wrote, by whatever way round."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from commissions.plans import errors as plan_errors
from commissions.plans import services as plans
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements.models import PayPeriod
from commissions.statements.periods import row_of
from commissions_saas.lib import clock
from commissions_saas.lib.periods import parse_period
from payouts.runs import errors
from payouts.runs.models import Payout, PayoutRun
from payouts.runs.services import decide, pay, prepare
from tenants.access import Member
from tenants.accounts import errors as account_errors
from tenants.accounts import models as accounts
from tenants.accounts.models import Business, Role, RoleGrant
from tenants.accounts.services import change_business, end_role, grant_role
from tenants.schema import in_business
from tests.payouts.conftest import approve_all, sign
from tests.people import a_group_member, a_member
from tests.security.duties import (
    PLAN,
    a_member_who_is,
    approval,
    nothing_is_approved,
    today,
    url,
)

Browser = Callable[[Member], Client]
pytestmark = pytest.mark.usefixtures("early_november")


def test_a_second_person_can_approve_and_sign(run: PayoutRun, helen: Member) -> None:
    approve_all(run, helen)
    sign(run, helen)

    run.refresh_from_db()
    assert run.state == PayoutRun.State.APPROVED


@pytest.mark.parametrize("verb", ["approve", "sign"])
def test_the_preparer_cannot_by_a_forged_post(
    run: PayoutRun, alice: Member, helen: Member, log_in: Browser, verb: str
) -> None:
    if verb == "sign":
        approve_all(run, helen)
    body = approval(run)
    if verb == "sign":
        body["seen_total"] = str(run.total)
    body |= {"by": helen.user_id, "approved_by_id": helen.user_id, "solo": "on"}

    answer = log_in(alice).post(url(run, verb), body)

    assert answer.status_code == 403
    assert b"You prepared this run." in answer.content
    run.refresh_from_db()
    assert run.approved_by_id is None


def test_the_preparer_cannot_after_a_change_of_role(
    run: PayoutRun, acme: Business, alice: Member, helen: Member
) -> None:
    owner = a_group_member(acme, "Olga", Role.OWNER)
    member = accounts.Member.objects.get(user=alice.user, business=acme)
    held = RoleGrant.objects.get(member=member)
    grant_role(member=member, role=Role.ADMIN, by=owner.user)
    end_role(grant=held, by=owner.user)

    with pytest.raises(errors.NeedsSecondPerson):
        approve_all(run, today(alice, acme))


def test_the_preparer_cannot_as_owner_of_the_group(
    run: PayoutRun, acme: Business, alice: Member
) -> None:
    owner = a_group_member(acme, "Alice", Role.OWNER, user=alice.user)

    with pytest.raises(errors.NeedsSecondPerson):
        approve_all(run, today(owner, acme))


def test_the_preparer_cannot_as_operator(run: PayoutRun, alice: Member) -> None:
    accounts.User.objects.filter(pk=alice.user_id).update(is_operator=True)
    alice.user.refresh_from_db()

    with pytest.raises(errors.NeedsSecondPerson):
        approve_all(run, alice)


def test_the_preparer_cannot_by_roles_of_a_second_business(
    run: PayoutRun, acme: Business, globex: Business, alice: Member, log_in: Browser
) -> None:
    """Who is finance in one business and a rep in another decides in one alone."""
    clerk = a_member(acme, "Rita", Role.REP)
    there = a_member(globex, "Rita", Role.FINANCE, Role.ADMIN, user=clerk.user)

    assert log_in(there).post(url(run, "approve"), approval(run)).status_code == 403
    assert log_in(there).post(url(run, "sign"), approval(run)).status_code == 403
    assert nothing_is_approved(run)


def test_the_database_itself_refuses_the_preparers_signature(
    run: PayoutRun, alice: Member
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutRun.objects.filter(pk=run.pk).update(approved_by_id=alice.user_id)


def test_solo_mode_that_is_turned_on_after_preparing_helps_nobody(
    run: PayoutRun, acme: Business, alice: Member, helen: Member, bob: Member
) -> None:
    """A run says from its beginning whether one person may do all."""
    owner = a_group_member(acme, "Olga", Role.OWNER)
    change_business(
        business=acme,
        name=acme.name,
        posts_late_changes=True,
        solo_mode=True,
        by=owner.user,
    )
    paid = a_member_who_is(bob, acme)

    for cheat in (alice, paid):
        with in_business(acme), pytest.raises(errors.NeedsSecondPerson):
            approve_all(run, cheat)


def test_solo_mode_that_is_turned_off_before_signing_ends_at_once(
    october: PayPeriod, acme: Business, alice: Member
) -> None:
    acme.solo_mode = True
    with in_business(acme):
        run = prepare.prepare_run(period=october, by=alice)
    acme.solo_mode = False

    with in_business(acme), pytest.raises(errors.NeedsSecondPerson):
        approve_all(run, alice)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.GROUP_ADMIN])
def test_only_the_owner_can_turn_solo_mode_on(
    run: PayoutRun, acme: Business, log_in: Browser, role: Role
) -> None:
    make = a_group_member if role == Role.GROUP_ADMIN else a_member
    body = {"name": "Acme", "posts_late_changes": "on", "solo_mode": "on"}

    answer = log_in(make(acme, "Ada", role)).post("/b/acme/settings/", body)

    assert answer.status_code == 302
    assert not Business.objects.get(pk=acme.pk).solo_mode


def test_the_author_of_a_draft_cannot_publish_it(
    acme: Business, log_in: Browser
) -> None:
    ada = a_member(acme, "Ada", Role.ADMIN)
    draft = plans.create_plan(document=plan_from_yaml(PLAN), by=ada)

    answer = log_in(ada).post(
        f"/b/acme/plans/{draft.plan.slug}/draft/publish/", {"starts_on": "2026-12-01"}
    )

    assert answer.status_code == 409
    with pytest.raises(plan_errors.NeedsSecondPerson):
        plans.publish_version(
            draft=draft, starts_on=clock.now().date(), by=a_member_again(ada, acme)
        )


def a_member_again(member: Member, business: Business) -> Member:
    """The same person, who is now the owner of the whole group as well."""
    return a_group_member(business, member.name, Role.OWNER, user=member.user)


@pytest.mark.parametrize("how", ["hold", "undo"])
def test_a_first_signature_does_not_stand_for_other_figures(
    october: PayPeriod, acme: Business, alice: Member, helen: Member, how: str
) -> None:
    """Who signed first signed this sum: after a change they must sign again."""
    acme.second_approver_above = Decimal(1)
    second = a_member(acme, "Sven", Role.FINANCE)
    with in_business(acme):
        run = prepare.prepare_run(period=october, by=alice)
        approve_all(run, helen)
        sign(run, helen)
        payout = Payout.objects.filter(run=run).order_by("amount")[0]
        if how == "hold":
            decide.hold_payout(payout=payout, reason="Wait", by=alice)
        else:
            decide.undo_decision(payout=payout, by=alice)
            approve_all(run, second)
        sign(run, second)

    run.refresh_from_db()
    assert run.state == PayoutRun.State.IN_REVIEW
    assert run.approved_by_id == second.user_id


def test_one_person_cannot_give_both_signatures(
    october: PayPeriod, acme: Business, alice: Member, helen: Member
) -> None:
    acme.second_approver_above = Decimal(1)
    with in_business(acme):
        run = prepare.prepare_run(period=october, by=alice)
        approve_all(run, helen)
        sign(run, helen)
        sign(run, helen)

    run.refresh_from_db()
    assert run.state == PayoutRun.State.IN_REVIEW


def test_a_payout_of_another_run_cannot_be_approved_with_this_one(
    run: PayoutRun, alice: Member, helen: Member, log_in: Browser
) -> None:
    other = PayoutRun.objects.create(
        number=99,
        period=row_of(parse_period("2026-12")),
        currency="USD",
        state=PayoutRun.State.IN_REVIEW,
        change=1,
        prepared_by_id=helen.user_id,
        prepared_at=clock.now(),
    )
    smuggled = Payout.objects.create(
        run=other, payee=run.payouts.all()[0].payee, amount=5, currency="USD"
    )
    body = approval(run, payouts=[smuggled.pk], seen_total="5")

    answer = log_in(helen).post(url(run, "approve"), body)

    assert answer.status_code == 422
    smuggled.refresh_from_db()
    assert smuggled.state == Payout.State.READY


def test_nothing_is_exported_or_paid_before_it_is_approved(
    run: PayoutRun, alice: Member, log_in: Browser
) -> None:
    client = log_in(alice)
    sums = {"seen_total": "0", "format": "payroll_csv", "paid_on": "2026-11-02"}

    exported = client.post(url(run, "export"), sums)
    paid = client.post(url(run, "paid"), {**sums, "reference": "x"})

    assert (exported.status_code, paid.status_code) == (409, 409)
    with pytest.raises(errors.WrongState):
        pay.mark_run_paid(
            run=run,
            paid_on=clock.now().date(),
            reference="x",
            seen_total=Decimal(0),
            by=alice,
        )


def test_nobody_gives_themselves_a_role(acme: Business, log_in: Browser) -> None:
    ada = a_member(acme, "Ada", Role.ADMIN)
    body = {"email": ada.email, "place": str(acme.pk), "role": "finance", "name": ""}

    answer = log_in(ada).post("/b/acme/access/", body)

    assert answer.status_code == 422
    with pytest.raises(account_errors.NotYourOwnRole):
        grant_role(
            member=accounts.Member.objects.get(user=ada.user),
            role=Role.FINANCE,
            by=ada.user,
        )


def test_a_group_admin_makes_no_owner(acme: Business, log_in: Browser) -> None:
    grace = a_group_member(acme, "Grace", Role.GROUP_ADMIN)
    friend = a_member(acme, "Frida", Role.REP)
    body = {"email": friend.email, "place": "group", "role": "owner", "name": ""}

    answer = log_in(grace).post("/g/northwind/people/", body)

    assert answer.status_code == 422
    assert not RoleGrant.objects.filter(member__user=friend.user, role="owner")
