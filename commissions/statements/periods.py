"""The business's pay calendar: which period a day belongs to, and when it is paid."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from commissions.statements import writing
from commissions.statements.models import PayPeriod, Statement
from commissions_saas.lib import clock
from commissions_saas.lib.periods import (
    Period,
    Window,
    parse_period,
    pay_kind,
    period_of,
)
from commissions_saas.lib.weeks import full_slug
from tenants.accounts.models import Business
from tenants.schema import current_business

SATURDAY = 5


def calendar_kind(business: Business) -> Window:
    """Return the kind of period by which the business pays."""
    return pay_kind(business.pay_calendar)


def pay_period_of(day: date) -> Period:
    """Return the pay period that holds a day, whether or not it has a row yet."""
    return period_of(calendar_kind(current_business()), day)


def read_period(written: str) -> Period:
    """Read a period as people write it: `2026-p03` is one of the business's own."""
    slug = written.strip().lower()
    return parse_period(full_slug(current_business().pay_calendar, slug))


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


def hold_open_after(period: Period, payee_id: int) -> PayPeriod:
    """Hold where a late change is booked: today's period, or the next one open to it.

    A payee's statement that is frozen takes nothing in, though its period is open.
    """
    candidate = max(current_period(), period.next())
    while True:
        row = row_of(candidate)
        if not hold_and_find_frozen([(payee_id, row.pk)]):
            return row
        candidate = candidate.next()


def hold_and_find_frozen(
    pairs: Collection[writing.Pair],
) -> list[tuple[int, PayPeriod]]:
    """Return whose statements of these are frozen, by period.

    The others stay as they are until the caller's transaction ends.
    """
    writing.lock_periods_to_write({period_id for _, period_id in pairs})
    periods = PayPeriod.objects.in_bulk({period_id for _, period_id in pairs})
    statements = Statement.objects.filter(
        payee_id__in={payee_id for payee_id, _ in pairs}, period_id__in=periods
    )
    own = {(each.payee_id, each.period_id): each for each in statements}
    return [
        (payee_id, periods[period_id])
        for payee_id, period_id in sorted(
            pairs, key=lambda pair: (periods[pair[1]].starts_on, pair[0])
        )
        if not writing.is_open(own.get((payee_id, period_id)), periods[period_id])
    ]
