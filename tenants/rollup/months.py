"""Months of an owner's page: the last ones, as their first days."""

from datetime import date

from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.periods import parse_period, period_of


def last_months(today: date, count: int) -> list[date]:
    """Return the first days of the last `count` months, this month last."""
    period = period_of("month", today)
    months = []
    for _ in range(count):
        months.append(period.starts_on)
        period = period.previous()
    return months[::-1]


def slug_of(month: date) -> str:
    """Return `2026-11` for the first day of November 2026."""
    return period_of("month", month).slug


def month_named(slug: str) -> date | None:
    """Return the first day of the month with this slug; nothing for other texts."""
    try:
        period = parse_period(slug)
    except ProductError:
        return None
    return period.starts_on if period.kind == "month" else None
