"""Nobody adjusts, claims, accepts or approves what they are paid by."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from commissions.plans.models import Plan
from commissions.statements import disputes
from commissions.statements import errors as statement_errors
from commissions.statements import services as statements
from commissions.statements.models import Adjustment, Line, PayPeriod, Proposal
from commissions_saas.lib import clock
from crm_sync.ledger import services as ledger
from crm_sync.ledger.merging import merge_payees
from crm_sync.ledger.models import Payee
from payouts.runs import errors
from payouts.runs.models import PayoutRun
from payouts.runs.services import decide, prepare
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tests.commissions.statements import world
from tests.payouts.conftest import NOVEMBER_2, approve_all
from tests.people import a_member
from tests.security.duties import a_member_who_is, approval, url

Browser = Callable[[Member], Client]
pytestmark = pytest.mark.usefixtures("early_november")


def test_a_payee_cannot_approve_a_run_that_pays_them(
    run: PayoutRun, acme: Business, bob: Member, log_in: Browser
) -> None:
    finance = a_member_who_is(bob, acme)

    answer = log_in(finance).post(url(run, "approve"), approval(run))

    assert answer.status_code == 403
    assert b"You are paid in this run." in answer.content


def test_a_payee_cannot_approve_the_others_alone(
    run: PayoutRun, acme: Business, bob: Member, theo: Payee
) -> None:
    others = run.payouts.get(payee=theo)

    with pytest.raises(errors.NeedsSecondPerson):
        decide.approve_payouts(
            run=run,
            payout_ids=[others.pk],
            seen_version=run.version,
            seen_total=others.amount,
            by=a_member_who_is(bob, acme),
        )


def test_a_payee_cannot_approve_once_their_payee_was_merged_into_another(
    october: PayPeriod, acme: Business, alice: Member, bob: Member, maya: Payee
) -> None:
    """The log-in stays with the payee who was merged; the money does not."""
    shell = ledger.create_payee(name="M. Okafor")
    world.assign(shell, Plan.objects.get(), date(2026, 7, 1))
    merge_payees(payee=maya, into=shell, by=alice)
    world.catch_up()
    run = prepare.prepare_run(period=october, by=alice)
    assert run.payouts.filter(payee=shell, amount__gt=0).exists()

    with pytest.raises(errors.NeedsSecondPerson, match="You are paid"):
        approve_all(run, a_member_who_is(bob, acme))


def test_a_payee_without_a_log_in_is_known_by_the_e_mail(
    run: PayoutRun, acme: Business, theo: Payee
) -> None:
    finance = a_member(acme, "Theo Brandt", Role.FINANCE)
    ledger.edit_payee(payee=theo, by=finance, email=finance.email.upper())

    with pytest.raises(errors.NeedsSecondPerson, match="You are paid"):
        approve_all(run, finance)


def test_nobody_adjusts_their_own_pay_that_is_under_their_e_mail_only(
    october: PayPeriod, acme: Business, theo: Payee
) -> None:
    finance = a_member(acme, "Theo Brandt", Role.FINANCE)
    ledger.edit_payee(payee=theo, by=finance, email=finance.email)

    with pytest.raises(statement_errors.OwnPay):
        statements.add_adjustment(
            payee=theo,
            period=october,
            amount="100",
            currency="USD",
            reason="I deserve it",
            by=finance,
        )


def test_the_author_of_an_adjustment_cannot_approve_it(
    october: PayPeriod, alice: Member, helen: Member, theo: Payee
) -> None:
    statements.add_adjustment(
        payee=theo,
        period=october,
        amount="100",
        currency="USD",
        reason="A bonus for a friend",
        by=helen,
    )
    world.catch_up()
    run = prepare.prepare_run(period=october, by=alice)

    with pytest.raises(errors.NeedsSecondPerson, match="adjustment"):
        approve_all(run, helen)


def test_nobody_adjusts_their_own_pay(
    october: PayPeriod, acme: Business, bob: Member, maya: Payee, log_in: Browser
) -> None:
    finance = a_member_who_is(bob, acme)
    body = {"payee": maya.pk, "period": october.pk, "amount": "5", "reason": "mine"}

    answer = log_in(finance).post("/b/acme/adjustments/", body)

    assert answer.status_code == 422
    assert not Adjustment.objects.exists()


def a_line_of(payee: Payee) -> Line:
    lines = Line.objects.filter(payee_id=payee.pk, closed_run__isnull=True)
    return lines.order_by("pk")[0]


def test_the_claimant_cannot_decide_a_dispute(
    october: PayPeriod, acme: Business, alice: Member, bob: Member, maya: Payee
) -> None:
    finance = a_member_who_is(bob, acme)
    line = a_line_of(maya)
    own = disputes.open_dispute(
        line=line, reason="amount", claimed=Decimal(900), note="More.", by=alice
    )

    for cheat in (finance, alice):
        with pytest.raises(statement_errors.OwnPay):
            disputes.decide_dispute(
                dispute=own, amount=Decimal(900), answer="Yes.", by=cheat
            )


def test_who_accepts_a_dispute_cannot_approve_what_it_pays(
    october: PayPeriod, alice: Member, helen: Member, theo: Payee
) -> None:
    with clock.at(NOVEMBER_2.replace(month=10, day=31)):
        opened = disputes.open_dispute(
            line=a_line_of(theo),
            reason="amount",
            claimed=Decimal(2000),
            note="More.",
            by=alice,
        )
        disputes.decide_dispute(
            dispute=opened, amount=Decimal(2000), answer="Yes.", by=helen
        )
    world.catch_up()
    run = prepare.prepare_run(period=october, by=alice)

    with pytest.raises(errors.NeedsSecondPerson, match="adjustment"):
        approve_all(run, helen)


def test_who_accepts_a_late_change_cannot_approve_what_it_pays(
    october: PayPeriod, alice: Member, helen: Member
) -> None:
    with clock.at(NOVEMBER_2.replace(month=10, day=5)):
        world.sync(world.a_deal("late", date(2026, 9, 8), "5000", world.SYSTEM))
        world.catch_up()
        prepare.prepare_run(period=PayPeriod.objects.get(slug="2026-09"), by=alice)
        world.sync(world.a_deal("late", date(2026, 9, 8), "7000", world.SYSTEM))
        world.catch_up()
        waiting = Proposal.objects.get(state=Proposal.State.WAITING)
        statements.decide_proposal(proposal=waiting, accept=True, by=helen)
        world.catch_up()
    run = prepare.prepare_run(period=october, by=alice)

    with pytest.raises(errors.NeedsSecondPerson, match="accepted an adjustment"):
        approve_all(run, helen)
