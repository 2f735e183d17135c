"""A business that nobody sees in the story: one payee with ten thousand lines."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from commissions_saas.demo import founding
from commissions_saas.demo.replay import require_done
from commissions_saas.lib import clock
from crm_sync.connections import upload_columns
from crm_sync.ledger import services as ledger
from crm_sync.ledger.catalogue import save_fields
from crm_sync.ledger.facts import FieldFact
from crm_sync.ledger.reading import Incoming
from crm_sync.ledger.recording import Origin, record
from tenants.access import Member, member_of
from tenants.accounts import services as accounts
from tenants.accounts.models import Business, Role, User
from tenants.jobs.services import run_all_jobs
from tenants.schema import in_business

SLUG, PAYEE = "perf", "Load Test"
LINES, AT_A_TIME = 10_214, 2_600
NOVEMBER = date(2026, 11, 1)
OWNER = ("load.owner@perf.example", "Load Owner")
FINANCE = ("load.finance@perf.example", "Load Finance")
ADMIN = ("load.admin@perf.example", "Load Admin")
PLAN = """
plan: Load 2026
currency: USD
pays: month
components:
  - key: share
    name: Share of the sale
    base: deal.amount * deal.share
    amount: base * 1%
examples:
  - name: One percent
    period: 2026-11
    deals: [{id: a, won_on: 2026-11-03, amount: 1000}]
    expect: {total: 10.00}
"""


def found_perf() -> None:
    """Make the group, its people, and the payee with everything they sold."""
    owner = accounts.create_user(email=OWNER[0], name=OWNER[1])
    group = accounts.create_group(name="Perf", slug=SLUG, owner=owner)
    business = accounts.create_business(
        group=group, name="Perf", slug=SLUG, time_zone="America/Chicago", by=owner
    )
    run_all_jobs()
    business.refresh_from_db()
    _add(business, FINANCE, Role.FINANCE, owner)
    admin = _add(business, ADMIN, Role.ADMIN, owner)
    connection = upload_columns.file_connection(business, None)
    with in_business(business):
        payee = ledger.create_payee(name=PAYEE, hidden=True)
        ledger.match_payee(payee=payee, connection_id=connection.pk, external_id="load")
        save_fields([FieldFact("deal", "product", "Product", "text")])
        plan = founding.found_plan(
            PLAN,
            starts_on=NOVEMBER,
            written_by=_member(owner, business),
            published_by=admin,
        )
        founding.put_on_plan(payee, plan, starts_on=NOVEMBER, by=admin)
        _sell(Origin(connection_id=connection.pk, source="the load"))
    require_done(run_all_jobs())


def _sell(origin: Origin) -> None:
    deals = list(_deals())
    for start in range(0, len(deals), AT_A_TIME):
        record(records=deals[start : start + AT_A_TIME], origin=origin)


def _deals() -> Iterator[Incoming]:
    version = clock.now().isoformat()
    for number in range(1, LINES + 1):
        day = NOVEMBER + timedelta(days=number % 20)
        yield Incoming(
            object="deal",
            external_id=f"load-{number:05}",
            version=version,
            values={
                "name": f"Load customer {number:,}",
                "amount": Decimal(100 + number % 900) + Decimal(number % 100) / 100,
                "currency": "USD",
                "won_on": day,
                "status": "Won",
                "status_type": "won",
                "owner": "load",
                "product": "Load",
            },
            payload={"id": f"load-{number:05}"},
            mapped=frozenset({"amount", "won_on", "status_type", "owner", "product"}),
        )


def _add(
    business: Business, person: tuple[str, str], role: Role, owner: User
) -> Member:
    email, name = person
    user = accounts.create_user(email=email, name=name)
    row = accounts.add_member(user=user, business=business, by=owner)
    accounts.grant_role(member=row, role=role, starts_on=founding.BEGIN, by=owner)
    return _member(user, business)


def _member(user: User, business: Business) -> Member:
    day = clock.today(business.time_zone)
    found = member_of(user=user, business=business, day=day)
    if found is None:
        raise LookupError(f"{user} is nobody here.")
    return found
