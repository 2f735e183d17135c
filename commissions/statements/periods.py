"""The business's pay calendar: which period a day belongs to, and when it is paid."""

from collections.abc import Iterable
from datetime import date, timedelta

from commissions.statements.models import PayPeriod
from commissions_saas.lib import clock
from commissions_saas.lib.periods import KINDS, Kind, Period, parse_period, period_of
from tenants.accounts.models import Business
from tenants.schema import current_business

SATURDAY = 5


def calendar_kind(business: Business) -> Kind:
    """Return the kind of period by which the business pays."""
    return next(kind for kind in KINDS if kind == business.pay_calendar)


def pay_period_of(day: date) -> Period:
    """Return the pay period that holds a day, whether or not it has a row yet."""
    return period_of(calendar_kind(current_business()), day)


def current_period() -> Period:
    """Return the pay period that holds today, in the business's zone."""
    return pay_period_of(clock.today(current_business().time_zone))


def pays_on(period: Period, offset: int) -> date:
    """Return the day a period is paid: some days after its end, never on a weekend."""
    day = period.ends_on + timedelta(days=offset)
    return day - timedelta(days=max(0, day.weekday() - SATURDAY + 1))


def rows_of(periods: Iterable[Period]) -> dict[str, PayPeriod]:
    """Return the rows of these periods by slug, and make those that are missing."""
    wanted = {period.slug: period for period in periods}
    offset = current_business().pay_day_offset
    found = {row.slug: row for row in PayPeriod.objects.filter(slug__in=wanted)}
    missing = [period for slug, period in wanted.items() if slug not in found]
    if missing:
        PayPeriod.objects.bulk_create(
            [
                PayPeriod(
                    slug=period.slug,
                    starts_on=period.starts_on,
                    ends_on=period.ends_on,
                    pays_on=pays_on(period, offset),
                )
                for period in missing
            ],
            ignore_conflicts=True,
        )
        found = {row.slug: row for row in PayPeriod.objects.filter(slug__in=wanted)}
    return found


def row_of(period: Period) -> PayPeriod:
    """Return the row of one period."""
    return rows_of([period])[period.slug]


def as_period(row: PayPeriod) -> Period:
    """Return the stretch of days of a row."""
    return parse_period(row.slug)


def first_open_after(period: Period) -> Period:
    """Return where a late change is booked: today's period, or the next open one."""
    locked = set(
        PayPeriod.objects.filter(state=PayPeriod.State.LOCKED).values_list(
            "slug", flat=True
        )
    )
    candidate = max(current_period(), period.next())
    while candidate.slug in locked:
        candidate = candidate.next()
    return candidate
