"""What a plan would change, before it is published: over 41 statements, and over many."""

from datetime import date

from commissions.plans.models import Plan, PlanVersion
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements.impact import compare
from commissions.statements.periods import rows_of
from commissions.statements.recalculate import recalculate
from commissions_saas.bench import limit
from commissions_saas.bench.machine import Cost, measured
from commissions_saas.bench.rows import Row, at_most
from commissions_saas.bench.work import (
    YEAR,
    Size,
    a_business,
    at_work,
    fill,
    plan_text,
)
from commissions_saas.lib.periods import parse_period
from crm_sync.ledger.changes import latest_change
from tenants.accounts.models import Business

STATEMENTS = 41
DEALS_OF_EACH = 336  # 28 in each month
SECONDS = 1.0
RATIO = 0.4


def rows(many: int, rounds: int) -> list[Row]:
    """Compare what is in force with a plan of other rates, which moves everybody."""
    few = _business("few", Size(STATEMENTS * DEALS_OF_EACH, STATEMENTS))
    december = date(2026, 12, 1)
    seconds = [
        _compared(few, december, STATEMENTS).seconds for _ in range(max(3, rounds))
    ]
    size = Size(many, payees=max(1, many // 1000))
    business = _business("price", size)
    ratios = []
    for _ in range(rounds):
        base = _limit(business)
        cost = _compared(business, YEAR, size.payees * size.months)
        ratios.append(cost.seconds / base)
    return [
        at_most(f"price of a plan over {STATEMENTS} statements", SECONDS, seconds, "s"),
        at_most(f"price of a plan over {many:,} deals", RATIO, ratios, "×"),
    ]


def _business(slug: str, size: Size) -> Business:
    business = a_business(slug)
    fill(business, size)
    with at_work(business):
        rows_of([parse_period(f"2026-{month + 1:02}") for month in range(size.months)])
        limit.prepare()
        recalculate()
    return business


def _compared(business: Business, starts_on: date, statements: int) -> Cost:
    """Work out both sides of every statement from a day; each of them moves."""
    text = plan_text(3).replace(", rate: ", ", rate: 1")
    with at_work(business):
        plan = Plan.objects.get()
        with measured() as cost:
            found = compare(plan, plan_from_yaml(text), starts_on)
    if len(found.rows) != statements or not all(row.is_changed for row in found.rows):
        raise RuntimeError(f"{len(found.rows)} statements were compared.")
    return cost


def _limit(business: Business) -> float:
    with at_work(business):
        return limit.write_lines(latest_change(), PlanVersion.objects.get().pk).seconds
