"""Two people, exact sums, and every state moved by a condition."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from commissions.statements.models import PayPeriod, Statement
from commissions.statements.services import add_adjustment
from crm_sync.ledger.models import Payee
from payouts.journal.models import Account, Posting
from payouts.journal.selectors import trial_balance
from payouts.runs import errors
from payouts.runs.models import Payout, PayoutRun
from payouts.runs.selectors import payable_lines
from payouts.runs.services import decide, prepare
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tests.commissions.statements import world
from tests.payouts.conftest import approve_all, owed_to, sign
from tests.people import a_member


def states(run: PayoutRun) -> set[str]:
    return set(run.payouts.values_list("state", flat=True))


def test_the_person_who_prepared_a_run_cannot_approve_it(
    run: PayoutRun, alice: Member, helen: Member
) -> None:
    with pytest.raises(errors.NeedsSecondPerson, match="You prepared this run") as told:
        approve_all(run, alice)

    assert "Helen Cho can approve" in str(told.value)
    assert states(run) == {Payout.State.READY}


def test_nobody_approves_a_run_they_are_paid_in(
    run: PayoutRun, bob: Member, businesses: dict[str, Business]
) -> None:
    with pytest.raises(errors.NeedsSecondPerson, match="You are paid in this run"):
        approve_all(run, bob)

    assert states(run) == {Payout.State.READY}


def test_nobody_approves_a_run_they_adjusted(
    october: PayPeriod, theo: Payee, alice: Member, helen: Member
) -> None:
    add_adjustment(
        payee=theo,
        period=october,
        amount="100",
        currency="USD",
        reason="Showroom day",
        by=helen,
    )
    world.catch_up()
    run = prepare.prepare_run(period=october, by=alice)

    with pytest.raises(errors.NeedsSecondPerson, match="accepted an adjustment"):
        approve_all(run, helen)


def test_a_stale_sum_approves_nobody(run: PayoutRun, helen: Member) -> None:
    payout = run.payouts.first()
    assert payout is not None

    with pytest.raises(errors.FiguresMoved, match="changed while you were reading"):
        decide.approve_payouts(
            run=run,
            payout_ids=[payout.pk],
            seen_version=run.version,
            seen_total=payout.amount + Decimal("0.01"),
            by=helen,
        )

    assert states(run) == {Payout.State.READY}


def test_a_stale_version_approves_nobody(run: PayoutRun, helen: Member) -> None:
    payout = run.payouts.first()
    assert payout is not None
    decide.hold_payout(payout=payout, reason="Ask Maya", by=helen)

    with pytest.raises(errors.FiguresMoved):
        decide.approve_payouts(
            run=run,
            payout_ids=[],
            seen_version=run.version,
            seen_total=Decimal(0),
            by=helen,
        )


def test_a_run_is_signed_only_when_everybody_is_decided(
    run: PayoutRun, helen: Member
) -> None:
    with pytest.raises(errors.NotDecided, match="2 payees are not decided yet"):
        sign(run, helen)

    run.refresh_from_db()
    assert run.state == PayoutRun.State.IN_REVIEW


def test_signing_locks_the_statements_and_books_what_is_owed(
    run: PayoutRun, october: PayPeriod, theo: Payee, helen: Member
) -> None:
    approve_all(run, helen)

    signed = sign(run, helen)

    assert signed.state == PayoutRun.State.APPROVED
    locked = Statement.objects.filter(period=october)
    assert {row.state for row in locked} == {Statement.State.LOCKED}
    assert all(row.sha256 for row in locked)
    assert owed_to(theo) == Decimal("1200.00")
    assert trial_balance("USD")[Account.Kind.EXPENSE] == Decimal("-1800.00")


def test_a_held_payee_is_in_the_next_run(
    run: PayoutRun, theo: Payee, helen: Member, alice: Member, october: PayPeriod
) -> None:
    decide.hold_payout(
        payout=run.payouts.get(payee=theo), reason="Bank details", by=helen
    )
    approve_all(run, helen)
    sign(run, helen)

    again = [line.payee_id for line in payable_lines(up_to=october)]
    assert again == [theo.pk]


def test_a_rejection_needs_a_reason(run: PayoutRun, helen: Member) -> None:
    payout = run.payouts.first()
    assert payout is not None

    with pytest.raises(errors.NeedsReason):
        decide.reject_payout(payout=payout, reason=" ", by=helen)


def test_above_the_limit_two_people_sign(
    acme: Business, run: PayoutRun, helen: Member
) -> None:
    acme.second_approver_above = Decimal(1000)
    amir = a_member(acme, "Amir Rao", Role.FINANCE)
    approve_all(run, helen)

    assert sign(run, helen).state == PayoutRun.State.IN_REVIEW
    assert sign(run, helen).state == PayoutRun.State.IN_REVIEW
    signed = sign(run, amir)

    assert signed.state == PayoutRun.State.APPROVED
    assert (signed.approved_by_id, signed.second_approved_by_id) == (
        helen.user_id,
        amir.user_id,
    )


def test_the_database_refuses_an_approver_who_prepared(
    run: PayoutRun, alice: Member
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutRun.objects.filter(pk=run.pk).update(approved_by_id=alice.user_id)


def test_an_approval_can_be_recalled_and_signed_again(
    run: PayoutRun, helen: Member
) -> None:
    approve_all(run, helen)
    sign(run, helen)
    postings = Posting.objects.count()

    decide.recall_run(run=run, by=helen)
    again = sign(run, helen)

    assert again.state == PayoutRun.State.APPROVED
    assert Posting.objects.count() == postings
