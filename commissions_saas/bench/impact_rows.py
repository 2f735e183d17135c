"""What a plan would change, before it is published: over 41 statements, and over many."""

from datetime import UTC, datetime

from commissions.plans.models import Plan, PlanVersion
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements.impact import compare
from commissions.statements.periods import rows_of
from commissions.statements.recalculate import recalculate
from commissions_saas.bench import limit
from commissions_saas.bench.machine import Cost, measured
from commissions_saas.bench.rows import Row, at_most
from commissions_saas.bench.work import (
    NOW,
    YEAR,
    Size,
    a_business,
    at_work,
    fill,
    plan_text,
)
from commissions_saas.lib import clock
from commissions_saas.lib.periods import parse_period
from crm_sync.ledger.changes import latest_change
from tenants.accounts.models import Business

STATEMENTS = 41
DEALS_OF_EACH = 28
JANUARY = datetime(2026, 1, 30, 12, tzinfo=UTC)
SECONDS = 1.0
RATIO = 0.4


def rows(many: int, rounds: int) -> list[Row]:
    """Compare what is in force with a plan of other rates, which moves everybody."""
    size = Size(STATEMENTS * DEALS_OF_EACH, STATEMENTS, months=1)
    few = _business("few", size, JANUARY)
    tries = max(3, rounds)
    seconds = [_compared(few, STATEMENTS, JANUARY).seconds for _ in range(tries)]
    size = Size(many, payees=max(1, many // 5000))
    business = _business("price", size, NOW)
    ratios = []
    for _ in range(rounds):
        base = _limit(business)
        cost = _compared(business, size.payees * size.months, NOW)
        ratios.append(cost.seconds / base)
    return [
        at_most(f"price of a plan over {STATEMENTS} statements", SECONDS, seconds, "s"),
        at_most(f"price of a plan over {many:,} deals", RATIO, ratios, "×"),
    ]


def _business(slug: str, size: Size, now: datetime) -> Business:
    business = a_business(slug)
    fill(business, size)
    with at_work(business), clock.at(now):
        rows_of([parse_period(f"2026-{month + 1:02}") for month in range(size.months)])
        limit.prepare()
        recalculate()
    return business


def _compared(business: Business, statements: int, now: datetime) -> Cost:
    """Work out both sides of every statement; each of them moves."""
    document = plan_from_yaml(plan_text(3).replace(", rate: ", ", rate: 1"))
    with at_work(business), clock.at(now):
        plan = Plan.objects.get()
        with measured() as cost:
            found = compare(plan, document, YEAR)
    if len(found.rows) != statements or not all(row.is_changed for row in found.rows):
        raise RuntimeError(f"{len(found.rows)} statements were compared.")
    return cost


def _limit(business: Business) -> float:
    with at_work(business):
        return limit.write_lines(latest_change(), PlanVersion.objects.get().pk).seconds
