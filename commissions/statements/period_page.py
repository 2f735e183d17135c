"""One period of the business, added up by payee, product, territory or component."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.db.models import Count, Sum

from commissions.statements.models import PayPeriod, Proposal, Statement
from commissions.statements.really_paid import came_back, paid_of_period
from crm_sync.accounting.accounts import has_any
from crm_sync.accounting.queue import unmatched_until
from crm_sync.ledger.selectors import refused_total
from tenants.rollup.models import DetailFact
from tenants.schema import current_business
from tenants.urls_for import business_url

ZERO = Decimal(0)
BY = {
    "payee": "Payee",
    "product": "Product",
    "territory": "Territory",
    "component": "Component",
}


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """One row of a period's table, with the page that shows the same figure."""

    name: str
    note: str
    amount: Decimal
    url: str
    state: str = ""


def period_figures(period: PayPeriod) -> dict[str, Any]:
    """Return what the statements of a period come to."""
    found = Statement.objects.filter(period__slug=period.slug).aggregate(
        total=Sum("total", default=ZERO),
        waiting=Sum("waiting", default=ZERO),
        payable=Sum("payable", default=ZERO),
        statements=Count("pk"),
    )
    paid = PayPeriod.objects.filter(slug=period.slug).annotate(paid=paid_of_period())
    found["paid"] = paid.values_list("paid", flat=True).first() or ZERO
    found["accrual"] = found["total"] - found["paid"]
    return found


def period_rows(period: PayPeriod, by: str, only: str | None) -> list[PeriodRow]:
    """Return a period by one dimension; `only` narrows it to one value, by payee."""
    if by == "payee":
        return _by_payee(period)
    business = current_business()
    facts = DetailFact.objects.filter(business_id=business.pk, period=period.slug)
    if only is not None:
        return _of_one_value(period, by, only)
    groups = (
        facts.values(by)
        .annotate(earned=Sum("earned"), count=Sum("lines"))
        .order_by("-earned", by)
    )
    here = business_url(business, "statements:period", period.slug)
    return [
        PeriodRow(
            group[by] or f"No {by}",
            f"{group['count']:,} lines",
            group["earned"],
            f"{here}?by={by}&only={_quoted(group[by])}",
        )
        for group in groups
    ]


def _by_payee(period: PayPeriod) -> list[PeriodRow]:
    business = current_business()
    rows = Statement.objects.filter(period__slug=period.slug).select_related(
        "payee", "period"
    )
    rows = rows.annotate(came_back=came_back())
    return [
        PeriodRow(
            row.payee.name,
            row.payee.title,
            row.total,
            business_url(business, "statements:statement", row.payee_id, period.slug),
            "returned" if row.came_back else row.look,
        )
        for row in rows.order_by("-total", "payee__name", "pk")
    ]


def _of_one_value(period: PayPeriod, by: str, only: str) -> list[PeriodRow]:
    """Inside one product or territory: by component; inside a component: by product."""
    business = current_business()
    inner = "product" if by == "component" else "component"
    groups = (
        DetailFact.objects.filter(
            business_id=business.pk, period=period.slug, **{by: only}
        )
        .values(inner)
        .annotate(earned=Sum("earned"), count=Sum("lines"))
        .order_by("-earned", inner)
    )
    return [
        PeriodRow(
            group[inner] or f"No {inner}",
            f"{group['count']:,} lines",
            group["earned"],
            "",
        )
        for group in groups
    ]


def total_of(rows: Sequence[PeriodRow]) -> Decimal:
    """Return the sum of a table, which is its headline."""
    return sum((row.amount for row in rows), ZERO)


def close_checks(period: PayPeriod) -> list[dict[str, Any]]:
    """Return what must be true before a period is closed."""
    rows = Statement.objects.filter(period__slug=period.slug)
    failed = rows.filter(failures__gt=0).count()
    waiting = Proposal.objects.filter(state=Proposal.State.WAITING).count()
    refused = refused_total()
    return [
        *_accounting(period),
        _check(failed, "No line failed", f"{failed} statements have failed lines"),
        _check(
            refused.records,
            "No refused records",
            f"{refused.records} refused records may hold up money",
        ),
        _check(
            waiting, "No late change waits", f"{waiting} late changes wait for finance"
        ),
    ]


def _accounting(period: PayPeriod) -> list[dict[str, Any]]:
    """Money that came in and stands nowhere opens no gate and pays nobody."""
    if not has_any():
        return []
    count = unmatched_until(period.ends_on)
    if count == 1:
        bad = "1 invoice or payment is not matched: it pays nobody and opens no gate"
    else:
        bad = f"{count} invoices or payments are not matched: they pay nobody"
    url = business_url(current_business(), "accounting:invoices")
    return [_check(count, "Every invoice and payment is matched", bad, url)]


def _check(problems: int, good: str, bad: str, url: str = "") -> dict[str, Any]:
    return {
        "good": not problems,
        "words": bad if problems else good,
        "url": url if problems else "",
    }


def _quoted(text: str) -> str:
    return quote(text, safe="")
