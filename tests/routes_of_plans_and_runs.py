"""What the pages of plans, payout runs and roll-ups need to be opened, and by whom."""

from datetime import date
from decimal import Decimal

from commissions.plans.assigning import assign, set_table
from commissions.plans.services import create_plan
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements.models import PayPeriod
from commissions_saas.lib import clock
from crm_sync.ledger.services import create_payee
from payouts.runs.models import ExportFile, Payout, PayoutRun
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tests.people import a_member

FINANCE = frozenset({Role.FINANCE})
DECIDES = frozenset({Role.FINANCE, Role.ADMIN})
READS = frozenset({Role.FINANCE, Role.ADMIN, Role.AUDITOR})
ADMIN = frozenset({Role.ADMIN})
PLAN = """
plan: Route plan
currency: USD
components:
  - {key: deals, name: Deals, base: deal.amount, amount: base * 6%}
"""
Arguments = tuple[object, ...]


def _author(business: Business) -> Member:
    return a_member(business, "Ursula Author", Role.ADMIN)


def a_draft(business: Business) -> Arguments:
    draft = create_plan(document=plan_from_yaml(PLAN), by=_author(business))
    return (draft.plan.slug,)


def a_version(business: Business) -> Arguments:
    return (*a_draft(business), 1)


def an_assignment(business: Business) -> Arguments:
    author = _author(business)
    draft = create_plan(document=plan_from_yaml(PLAN), by=author)
    made = assign(
        payee=create_payee(name="Route Payee"),
        plan=draft.plan,
        starts_on=date(2026, 1, 1),
        ends_on=None,
        values={},
        by=author,
    )
    return (made.pk,)


def a_table(business: Business) -> Arguments:
    made = set_table(
        key="route_table",
        name="Route table",
        starts_on=date(2026, 1, 1),
        rows=[{"from": "0", "rate": "6%"}],
        by=_author(business),
    )
    return (made.table.key,)


def a_run(business: Business) -> Arguments:
    return (_run().number,)


def _run() -> PayoutRun:
    period = PayPeriod.objects.create(
        slug="2026-09",
        starts_on=date(2026, 9, 1),
        ends_on=date(2026, 9, 30),
        pays_on=date(2026, 10, 15),
    )
    return PayoutRun.objects.create(
        number=41,
        period=period,
        currency="USD",
        state=PayoutRun.State.IN_REVIEW,
        change=0,
        prepared_at=clock.now(),
    )


def a_payout(business: Business) -> Arguments:
    run = _run()
    payout = Payout.objects.create(
        run=run,
        payee=create_payee(name="Route Payee"),
        amount=Decimal("1.00"),
        currency="USD",
    )
    return (run.number, payout.payee_id)


def a_file(business: Business) -> Arguments:
    run = _run()
    file = ExportFile.objects.create(
        run=run,
        number=1,
        format="payroll_csv",
        name="run.csv",
        content=b"",
        sha256="",
        rows=0,
        total=Decimal(0),
        made_by_id=1,
        made_at=clock.now(),
    )
    return (run.number, file.number)


def a_month(business: Business) -> Arguments:
    return ("2026-09",)
