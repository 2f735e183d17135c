"""October at Acme is over: three payees on one plan, ready to be paid."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from commissions.plans.models import Plan
from commissions.statements.models import PayPeriod
from commissions_saas.lib import clock
from crm_sync.connections.models import Connection
from crm_sync.ledger.models import Payee
from payouts.journal.models import Account, Posting
from payouts.runs.models import Payout, PayoutRun
from payouts.runs.selectors import approved_total
from payouts.runs.services import decide, pay, prepare
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.schema import current_business
from tests.commissions.statements import world
from tests.people import a_member

NOVEMBER_2 = datetime(2026, 11, 2, 16, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def early_november(acme: Business) -> Iterator[None]:
    with clock.at(NOVEMBER_2):
        yield


@pytest.fixture
def helen(businesses: dict[str, Business]) -> Member:
    """The controller, who approves what Alice prepares."""
    return a_member(businesses["acme"], "Helen Cho", Role.FINANCE)


@pytest.fixture
def maya(acme: Business, bob: Member) -> Payee:
    """A payee who also logs in: Bob's own pay."""
    return world.a_payee("Maya Okafor", "user_maya", user_id=bob.user_id)


@pytest.fixture
def theo(acme: Business) -> Payee:
    return world.a_payee("Theo Brandt", "user_theo")


@pytest.fixture
def october(maya: Payee, theo: Payee) -> PayPeriod:
    """Maya earned 600.00 of which 60.00 waits, Theo 1,200.00; all is calculated."""
    group_id = current_business().group_id or 0
    Connection.objects.create(pk=1, group_id=group_id, kind="close", name="Close")
    plan: Plan = world.a_plan("comfort_advisor", starts_on=date(2026, 7, 1))
    for payee in (maya, theo):
        world.assign(payee, plan, date(2026, 7, 1))
    system = world.SYSTEM
    world.sync(
        world.a_deal("abbott", date(2026, 10, 5), "9000", system),
        world.a_deal("brooks", date(2026, 10, 6), "1000", system, customer_paid=False),
        world.a_deal("castro", date(2026, 10, 7), "20000", system, owner="user_theo"),
    )
    world.catch_up()
    return PayPeriod.objects.get(slug="2026-10")


@pytest.fixture
def run(october: PayPeriod, alice: Member) -> PayoutRun:
    """October's run, prepared by Alice."""
    return prepare.prepare_run(period=october, by=alice)


def approve_all(run: PayoutRun, by: Member) -> PayoutRun:
    """Approve every payee who is not decided; return the run as it is then."""
    waiting = list(run.payouts.filter(state=Payout.State.READY))
    run.refresh_from_db()
    decide.approve_payouts(
        run=run,
        payout_ids=[payout.pk for payout in waiting],
        seen_version=run.version,
        seen_total=sum((p.amount for p in waiting), start=waiting[0].amount * 0),
        by=by,
    )
    run.refresh_from_db()
    return run


def owed_to(payee: Payee) -> Decimal:
    """Return what the journal owes a payee: earned and not yet paid."""
    own = Posting.objects.filter(
        account__kind=Account.Kind.PAYABLE, account__payee_id=payee.pk
    )
    sums: dict[str, Decimal] = dict(own.values_list("side").annotate(Sum("amount")))
    return sums.get("credit", Decimal(0)) - sums.get("debit", Decimal(0))


def sign(run: PayoutRun, by: Member) -> PayoutRun:
    """Sign a run at the total that it has."""
    run.refresh_from_db()
    approved = run.payouts.filter(state=Payout.State.APPROVED)
    total = sum((p.amount for p in approved), start=run.total * 0)
    return decide.sign_run(run=run, seen_version=run.version, seen_total=total, by=by)


def pay_out(run: PayoutRun, by: Member) -> None:
    """Make the file of a signed run and mark it as paid."""
    seen: dict[str, Any] = {"run": run, "seen_total": approved_total(run), "by": by}
    pay.export_run(format_name="payroll_csv", reason="", **seen)
    pay.mark_run_paid(paid_on=date(2026, 12, 15), reference="", **seen)
