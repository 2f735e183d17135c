"""The work: deals with custom fields, payees on one plan of three components.

Everything follows from a deal's number, so that two runs of one size have one checksum.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, transaction

from commissions.plans.models import Assignment, Plan, PlanVersion
from commissions.plans.yaml_form import plan_from_yaml
from commissions_saas.lib import clock
from crm_sync.ledger.catalogue import save_fields
from crm_sync.ledger.changes import next_change
from crm_sync.ledger.facts import FieldFact
from crm_sync.ledger.models import Payee, Product, Territory
from tenants.accounts import services as accounts
from tenants.accounts.cloning import clone_now
from tenants.accounts.models import Business, Group
from tenants.jobs.models import Job
from tenants.jobs.services import without_sending
from tenants.schema import in_business

PRODUCTS, TERRITORIES = 20, 12
YEAR = date(2026, 1, 1)
NOW = datetime(2026, 12, 30, 12, tzinfo=UTC)
FIELDS = (
    FieldFact("deal", "fee", "Fee", "money"),
    FieldFact("deal", "cost", "Cost", "money"),
    FieldFact("deal", "margin_rate", "Share of the margin", "percent"),
    FieldFact("deal", "customer_paid", "Customer paid", "yesno"),
    FieldFact("deal", "segment", "Segment", "text"),
)
COMPONENTS = {
    "commission": """
  - key: commission
    name: Commission
    base: (deal.amount - deal.fee) * deal.share
    amount: base * lookup(tables.rates, deal.product, deal.territory)""",
    "accelerator": """
  - key: accelerator
    name: Accelerator
    base: (deal.amount - deal.fee) * deal.share
    amount: marginal(bookings.before, base, tiers.steps)""",
    "margin": """
  - key: margin
    name: Share of the margin
    base: max(0, deal.amount - deal.fee - deal.cost) * deal.share
    amount: base * deal.margin_rate * (1.2 if deal.segment == "Enterprise" else 1)
    cap: 2500
    payable_when: deal.customer_paid
    waiting_for: customer payment""",
}


@dataclass(frozen=True, slots=True)
class Size:
    """How much work there is."""

    deals: int
    payees: int = 200
    components: int = 3
    months: int = 12


def rate_percent(product: int, territory: int) -> str:
    """Return a rate of the table of products and territories, such as `3.25`."""
    return f"{3 + product * 25 // 10 / 10 + territory * 5 / 100:.2f}"


def plan_text(components: int) -> str:
    """Return the plan; more than three components are the three once more."""
    keys = list(COMPONENTS)
    parts = []
    for number in range(components):
        key = keys[number % 3]
        again = "" if number < 3 else f"_{number // 3 + 1}"
        parts.append(COMPONENTS[key].replace(f"key: {key}", f"key: {key}{again}", 1))
    rates = "\n".join(
        f"      - {{product: Product {p}, territory: Territory {t},"
        f" rate: {rate_percent(p, t)}%}}"
        for p in range(PRODUCTS)
        for t in range(TERRITORIES)
    )
    return f"""
plan: Bench 2026
currency: USD
pays: month
measures:
  bookings:
    sum: (deal.amount - deal.fee) * deal.share
    over: quarter
components:{"".join(parts)}
tables:
  rates:
    kind: keyed
    keys: [product, territory]
    rows:
{rates}
  steps:
    rows:
      - {{from: 0, rate: 1%}}
      - {{from: 1000000, rate: 1.5%}}
      - {{from: 3000000, rate: 2.25%}}
      - {{from: 5000000, rate: 3%}}
examples: []
"""


def a_group() -> Group:
    """Make the group that owns all businesses of the benchmark."""
    found = Group.objects.filter(slug="bench").first()
    if found is not None:
        return found
    with clock.at(NOW):
        owner = accounts.create_user(email="owner@bench.example", name="Bench Owner")
        return accounts.create_group(name="Bench", slug="bench", owner=owner)


def a_business(slug: str) -> Business:
    """Make an empty business."""
    number = Business.objects.count() + 100
    business: Business = Business.objects.create(
        group=a_group(), schema_name=f"b{number}", slug=slug, name=slug.title()
    )
    clone_now(business)
    return business


@contextmanager
def at_work(business: Business) -> Iterator[None]:
    """Enter a business at the benchmark's day, without calling a worker."""
    with in_business(business), clock.at(NOW), without_sending():
        yield


def fill(business: Business, size: Size) -> None:
    """Put payees, a plan and all deals into a business that has none."""
    with at_work(business):
        save_fields(FIELDS)
        payees = _payees(size.payees)
        Product.objects.bulk_create(
            Product(name=f"Product {n}") for n in range(PRODUCTS)
        )
        Territory.objects.bulk_create(
            Territory(name=f"Territory {n}") for n in range(TERRITORIES)
        )
        _put_on_plan(payees, plan_text(size.components))
        with transaction.atomic(), connection.cursor() as cursor:
            # Foreign keys hold by the way in which the rows are made.
            cursor.execute("SET LOCAL session_replication_role = replica")
            values = _values(size, [payee.pk for payee in payees])
            for statement in _STATEMENTS:
                cursor.execute(statement, values)
        with connection.cursor() as cursor:
            for table in ("change", "entry", "revision", "credit"):
                cursor.execute(f"VACUUM ANALYZE ledger_{table}")
    Job.objects.filter(state=Job.State.QUEUED).delete()


def _payees(count: int) -> list[Payee]:
    return Payee.objects.bulk_create(
        Payee(name=f"Payee {number:04}") for number in range(count)
    )


@transaction.atomic
def _put_on_plan(payees: list[Payee], text: str) -> None:
    document = plan_from_yaml(text)
    plan = Plan.objects.create(name="Bench 2026", slug="bench")
    PlanVersion.objects.create(
        plan=plan,
        number=1,
        state=PlanVersion.State.PUBLISHED,
        document=document.raw,
        sha256=document.hash,
        starts_on=YEAR,
        opened=next_change(kind="plan", words="Bench 2026 v1 published"),
        edited_at=clock.now(),
    )
    number = next_change(kind="assignment", words="Everybody is on Bench 2026")
    Assignment.objects.bulk_create(
        Assignment(payee=payee, plan=plan, starts_on=YEAR, opened=number)
        for payee in payees
    )


def _values(size: Size, payee_ids: list[int]) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(number), 0) FROM ledger_change")
        (before,) = cursor.fetchone()
    return {
        "deals": size.deals,
        "before": before,
        "payees": payee_ids,
        "count": len(payee_ids),
        "first": YEAR,
        "days": 28 * size.months,
        "now": NOW,
        "products": PRODUCTS,
        "territories": TERRITORIES,
    }


# A payee sells in one territory; days go through the months, 28 days of each.
_DEALS = """
CREATE TEMPORARY TABLE deal ON COMMIT DROP AS
SELECT n, %(before)s + n AS change,
    (%(payees)s::bigint[])[1 + (n %% %(count)s)] AS payee,
    (%(first)s::date + make_interval(months => (n / %(count)s %% %(days)s)::int / 28)
        + make_interval(days => (n / %(count)s * 17 %% 28)::int))::date AS day,
    'deal-' || lpad((n * 7919 %% 1000003)::text, 7, '0') || '-' || n AS external_id,
    (5000 + n * 7919 %% 45000) + (n %% 100) * 0.01 AS amount,
    (n * 31 %% 900) + (n %% 4) * 0.25 AS fee,
    (1000 + n * 13 %% 9000)::numeric(12, 2) AS cost,
    (5 + n %% 11) * 0.01 AS margin_rate,
    'Product ' || (n * 7 %% %(products)s) AS product,
    'Territory ' || (n %% %(count)s %% %(territories)s) AS territory,
    CASE WHEN n %% 5 = 0 THEN 'no' ELSE 'yes' END AS paid,
    CASE n %% 3 WHEN 0 THEN 'Enterprise' WHEN 1 THEN 'Middle' ELSE 'Small' END
        AS segment
FROM generate_series(1, %(deals)s::bigint) AS n
"""
_CHANGES = """
INSERT INTO ledger_change (number, at, kind, words, source, entry_id)
SELECT change, %(now)s, 'deal', external_id || ' was won', 'Bench', n FROM deal
"""
_ENTRIES = """
INSERT INTO ledger_entry (id, connection_id, object, external_id, name, occurred_on,
    counts, status, amount, currency, product, territory, owner_id, version, deleted,
    changed, source_url) OVERRIDING SYSTEM VALUE
SELECT n, 1, 'deal', external_id, 'Customer ' || n, day, true, 'Won', amount, 'USD',
    product, territory, payee, '1', false, change, ''
FROM deal
"""
_REVISIONS = """
INSERT INTO ledger_revision (entry_id, opened, name, occurred_on, counts, currency,
    "values", credits, version, payload, deleted, seen_at)
SELECT n, change, 'Customer ' || n, day, true, 'USD',
    jsonb_build_object('name', 'Customer ' || n, 'amount', amount::text,
        'currency', 'USD', 'won_on', day::text, 'status', 'Won', 'status_type', 'won',
        'product', product, 'territory', territory, 'owner', payee::text,
        'fee', fee::text, 'cost', cost::text, 'margin_rate', margin_rate::text,
        'customer_paid', paid, 'segment', segment),
    jsonb_build_array(jsonb_build_object('payee', payee, 'role', 'owner',
        'share', '1')),
    '1', jsonb_build_object('id', external_id), false, %(now)s
FROM deal
"""
_CREDITS = """
INSERT INTO ledger_credit (entry_id, payee_id, role, share, occurred_on, opened)
SELECT n, payee, 'owner', 1, day, change FROM deal
"""
_SEQUENCE = """
SELECT setval(pg_get_serial_sequence('ledger_entry', 'id'), %(deals)s)
"""
_STATEMENTS = (_DEALS, _CHANGES, _ENTRIES, _REVISIONS, _CREDITS, _SEQUENCE)
