"""The file adds up, is made once, and what comes back is owed again."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from commissions.statements.models import PayPeriod, Statement
from commissions.statements.period_page import period_figures
from commissions.statements.really_paid import paid_in_year
from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee
from payouts.checks.every import verify
from payouts.exports.payroll_csv import plain, read_back
from payouts.journal.models import Posting
from payouts.runs import errors
from payouts.runs.models import ExportFile, Payout, PayoutRun
from payouts.runs.selectors import payable_lines
from payouts.runs.services import decide, pay, prepare
from tenants.access import Member
from tests.commissions.plans.drafts import text_of
from tests.commissions.statements import world
from tests.payouts.conftest import approve_all, owed_to, pay_out, sign

TOTAL = Decimal("1740.00")


@pytest.fixture
def approved(run: PayoutRun, helen: Member) -> PayoutRun:
    approve_all(run, helen)
    return sign(run, helen)


@pytest.fixture
def exported(approved: PayoutRun, alice: Member) -> PayoutRun:
    pay.export_run(
        run=approved, format_name="payroll_csv", seen_total=TOTAL, reason="", by=alice
    )
    approved.refresh_from_db()
    return approved


@pytest.fixture
def paid(exported: PayoutRun, alice: Member) -> PayoutRun:
    pay.mark_run_paid(
        run=exported,
        paid_on=date(2026, 11, 16),
        reference="BW-2026-10",
        seen_total=TOTAL,
        by=alice,
    )
    exported.refresh_from_db()
    return exported


def test_the_file_adds_up_to_what_was_approved(exported: PayoutRun) -> None:
    file = exported.files.get()

    assert read_back(bytes(file.content)) == (2, TOTAL)
    assert (file.rows, file.total) == (2, TOTAL)
    assert exported.state == PayoutRun.State.EXPORTED


def test_a_run_that_is_not_approved_has_no_file(run: PayoutRun, alice: Member) -> None:
    with pytest.raises(errors.WrongState, match="in review, so it cannot be exported"):
        pay.export_run(
            run=run, format_name="payroll_csv", seen_total=TOTAL, reason="", by=alice
        )

    assert not ExportFile.objects.exists()


def test_a_second_file_needs_a_reason_and_voids_the_first(
    exported: PayoutRun, alice: Member
) -> None:
    def again(reason: str) -> ExportFile:
        return pay.export_run(
            run=exported,
            format_name="payroll_csv",
            seen_total=TOTAL,
            reason=reason,
            by=alice,
        )

    with pytest.raises(errors.NeedsReason):
        again("")
    second = again("Payroll lost the first")

    assert list(exported.files.filter(void=False)) == [second]
    assert bytes(second.content) == bytes(exported.files.get(number=1).content)


def test_a_held_payee_is_not_in_the_file(
    run: PayoutRun, theo: Payee, helen: Member, alice: Member
) -> None:
    decide.hold_payout(payout=run.payouts.get(payee=theo), reason="Check", by=helen)
    approve_all(run, helen)
    sign(run, helen)

    file = pay.export_run(
        run=run,
        format_name="payroll_csv",
        seen_total=Decimal("540.00"),
        reason="",
        by=alice,
    )

    assert b"Theo" not in bytes(file.content)


def test_paying_books_the_money_out_once(
    paid: PayoutRun, theo: Payee, october: PayPeriod, alice: Member
) -> None:
    assert owed_to(theo) == 0
    assert {p.state for p in paid.payouts.all()} == {Payout.State.PAID}
    rows = Statement.objects.filter(period=october)
    assert {row.state for row in rows} == {Statement.State.PAID}

    with pytest.raises(errors.WrongState):
        pay.mark_run_paid(
            run=paid,
            paid_on=date(2026, 11, 16),
            reference="again",
            seen_total=TOTAL,
            by=alice,
        )


def test_a_returned_payment_is_owed_again(
    paid: PayoutRun, theo: Payee, alice: Member, october: PayPeriod
) -> None:
    payout = paid.payouts.get(payee=theo)

    pay.mark_returned(payout=payout, reason="Account closed", by=alice)

    assert owed_to(theo) == Decimal("1200.00")
    assert [x.payee_id for x in payable_lines(up_to=october)] == [theo.pk]


def test_pages_say_paid_of_what_reached_people_and_was_not_sent_back(
    paid: PayoutRun, maya: Payee, theo: Payee, alice: Member, october: PayPeriod
) -> None:
    """October earned 1,800.00, of which 60.00 waits for a customer."""
    assert period_figures(october)["paid"] == TOTAL
    assert period_figures(october)["accrual"] == Decimal("60.00")

    pay.mark_returned(payout=paid.payouts.get(payee=theo), reason="Closed", by=alice)

    assert period_figures(october)["paid"] == Decimal("540.00")
    year = Statement.objects.filter(period=october).annotate(paid=paid_in_year())
    assert dict(year.values_list("payee_id", "paid")) == {
        maya.pk: Decimal("540.00"),
        theo.pk: Decimal(0),
    }


def test_a_statement_says_that_its_payment_came_back_until_it_is_paid_again(
    paid: PayoutRun,
    maya: Payee,
    alice: Member,
    helen: Member,
    bob: Member,
    client: Client,
) -> None:
    own = f"/b/acme/statements/{maya.pk}/2026-10/"
    client.force_login(bob.user)
    assert "sent" not in text_of(client.get(own))

    payout = paid.payouts.get(payee=maya)
    pay.mark_returned(payout=payout, reason="Account closed", by=alice)

    sent_back = "The bank sent $540.00 of October 2026 back: Account closed."
    assert sent_back in text_of(client.get(own))
    assert sent_back in text_of(client.get(own.replace("-10", "-11")))
    assert "Paid" not in text_of(client.get(own)).partition("Paid in 2026")[0]
    client.force_login(alice.user)
    for page in ("periods/2026-10/", "statements/?period=2026-10"):
        assert text_of(client.get(f"/b/acme/{page}")).count("Returned") == 1

    with clock.at(datetime(2026, 12, 2, 16, 0, tzinfo=UTC)):
        world.catch_up()
        november = PayPeriod.objects.get(slug="2026-11")
        run = prepare.prepare_run(period=november, by=alice)
        assert "The bank sent" in text_of(client.get(own))
        assert sign(approve_all(run, helen), helen).total == payout.amount
        pay_out(run, alice)

    assert "The bank sent" not in text_of(client.get(own))


def test_every_invariant_holds_after_a_whole_month(paid: PayoutRun) -> None:
    assert [str(found.words) for found in verify()] == []


@pytest.mark.parametrize(
    ("sql", "invariant"),
    [
        (
            "UPDATE statements_statement SET total = total + 1, payable = payable + 1",
            "I01",
        ),
        ("UPDATE runs_payoutrun SET total = total + 1", "I03"),
        ("UPDATE statements_statement SET sha256 = 'x'", "I07"),
    ],
)
def test_a_break_is_found(paid: PayoutRun, sql: str, invariant: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)

    assert invariant in {found.invariant for found in verify()}


def test_an_unbalanced_journal_is_refused_by_the_database(paid: PayoutRun) -> None:
    posting = Posting.objects.first()
    assert posting is not None

    with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
        Posting.objects.create(
            journal=posting.journal,
            account=posting.account,
            side=posting.side,
            amount=Decimal("1.00"),
        )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_posting_is_never_changed(paid: PayoutRun) -> None:
    with pytest.raises(IntegrityError, match="appended only"), transaction.atomic():
        Posting.objects.update(amount=Decimal("1.00"))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_name_is_never_a_formula_in_a_file(text: str) -> None:
    assert not plain(text).startswith(("=", "+", "-", "@", "\t"))
