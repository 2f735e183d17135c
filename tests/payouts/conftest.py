"""October at Acme is over: three payees on one plan, ready to be paid."""

from collections.abc import Iterator
from dataclasses import dataclass
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
from tests.kept import begins_with, begun_with
from tests.people import a_member

NOVEMBER_2 = datetime(2026, 11, 2, 16, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def early_november(acme: Business) -> Iterator[None]:
    with clock.at(NOVEMBER_2):
        yield


@dataclass
class October:
    """Two payees and their month."""

    bob: Member
    maya: Payee
    theo: Payee
    period: PayPeriod


def make_october(acme: Business) -> October:
    """Maya earned 600.00 of which 60.00 waits, Theo 1,200.00; all is calculated."""
    with clock.at(NOVEMBER_2):
        bob = a_member(acme, "Bob", Role.REP)
        maya = world.a_payee("Maya Okafor", "user_maya", user_id=bob.user_id)
        theo = world.a_payee("Theo Brandt", "user_theo")
        return October(bob, maya, theo, calculated(maya, theo))


def calculated(maya: Payee, theo: Payee) -> PayPeriod:
    """Put both on the plan, and work their October out."""
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


@dataclass
class Prepared:
    """A run, and who prepared it."""

    run: PayoutRun
    alice: Member


def make_run(acme: Business, october: October) -> Prepared:
    """October's run, prepared by Alice."""
    alice = a_member(acme, "Alice", Role.FINANCE)
    with clock.at(NOVEMBER_2):
        return Prepared(prepare.prepare_run(period=october.period, by=alice), alice)


kept_october = begins_with("kept_october", make_october)
kept_run = begins_with("kept_run", make_run, after="kept_october")


@pytest.fixture
def helen(businesses: dict[str, Business]) -> Member:
    """The controller, who approves what Alice prepares."""
    return a_member(businesses["acme"], "Helen Cho", Role.FINANCE)


@pytest.fixture
def alice(request: pytest.FixtureRequest, businesses: dict[str, Business]) -> Member:
    """Finance, who has prepared the run if there is one."""
    made: Prepared | None = begun_with(request, "kept_run")
    return made.alice if made else a_member(businesses["acme"], "Alice", Role.FINANCE)


@pytest.fixture
def bob(request: pytest.FixtureRequest, businesses: dict[str, Business]) -> Member:
    """A rep, whose own pay is Maya's."""
    made: October | None = begun_with(request, "kept_october")
    return made.bob if made else a_member(businesses["acme"], "Bob", Role.REP)


@pytest.fixture
def maya(request: pytest.FixtureRequest, acme: Business, bob: Member) -> Payee:
    """A payee who also logs in: Bob's own pay."""
    made: October | None = begun_with(request, "kept_october")
    if made:
        return made.maya
    return world.a_payee("Maya Okafor", "user_maya", user_id=bob.user_id)


@pytest.fixture
def theo(request: pytest.FixtureRequest, acme: Business) -> Payee:
    made: October | None = begun_with(request, "kept_october")
    return made.theo if made else world.a_payee("Theo Brandt", "user_theo")


@pytest.fixture
def october(acme: Business, kept_october: October) -> PayPeriod:
    """Maya earned 600.00 of which 60.00 waits, Theo 1,200.00; all is calculated."""
    return kept_october.period


@pytest.fixture
def run(acme: Business, kept_run: Prepared) -> PayoutRun:
    """October's run, prepared by Alice."""
    return kept_run.run


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
