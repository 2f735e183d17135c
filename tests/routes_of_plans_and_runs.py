"""What the pages of plans, payout runs and roll-ups need to be opened, and by whom."""

from datetime import date
from decimal import Decimal

from commissions.library.models import LibraryPlan, LibraryTable
from commissions.plans.assigning import assign, set_table
from commissions.plans.models import PlanVersion, Preview, PreviewedStatement
from commissions.plans.services import create_plan
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements.models import PayPeriod
from commissions.statements.prices import summary_of
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


def two_versions(business: Business) -> Arguments:
    return (*a_draft(business), 1, 1)


def _preview(business: Business, kind: str) -> Preview:
    (slug,) = a_draft(business)
    version = PlanVersion.objects.get(plan__slug=slug)
    return Preview.objects.create(
        kind=kind,
        plan=version.plan,
        version=version,
        number=1,
        document=version.document,
        sha256=version.sha256,
        starts_on=date(2026, 11, 1),
        period_slug="2026-11" if kind == "ghost" else "",
        state=Preview.State.READY,
        change=0,
        summary=summary_of([]),
        asked_by_id=1,
        asked_at=clock.now(),
    )


def a_preview(business: Business) -> Arguments:
    return (_preview(business, "impact").plan.slug,)


def a_previewed_statement(business: Business) -> Arguments:
    preview = _preview(business, "impact")
    row = PreviewedStatement.objects.create(
        preview=preview,
        payee_id=create_payee(name="Route Payee").pk,
        payee_name="Route Payee",
        period_slug="2026-11",
        now=Decimal(1),
        after=Decimal(2),
        difference=Decimal(1),
        lines=[
            {
                "component": "deals",
                "name": "Deals",
                "entry_id": 0,
                "deal": "",
                "role": "",
                "before": "1",
                "after": "2",
                "waited_for": "",
                "waiting_for": "",
            }
        ],
    )
    return preview.plan.slug, row.pk


def a_ghost(business: Business) -> Arguments:
    ghost = _preview(business, "ghost")
    return ghost.plan.slug, ghost.pk


def a_shelved_plan(business: Business) -> Arguments:
    (slug,) = a_draft(business)
    version = PlanVersion.objects.get(plan__slug=slug)
    entry = LibraryPlan.objects.create(
        group_id=business.group_id,
        name="Shelved",
        document=version.document | {"plan": "Shelved"},
        sha256="",
        from_business="Elsewhere",
        from_version=1,
        put_by_id=1,
        put_at=clock.now(),
    )
    return (entry.pk,)


def a_shelved_table(business: Business) -> Arguments:
    entry = LibraryTable.objects.create(
        group_id=business.group_id,
        key="shelved",
        name="Shelved",
        kind="tiers",
        dated_rows=[],
        sha256="",
        from_business="Elsewhere",
        put_by_id=1,
        put_at=clock.now(),
    )
    return (entry.pk,)


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
