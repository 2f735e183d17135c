"""Functions over dates."""

import datetime
from calendar import monthrange
from decimal import Decimal

from ..errors import ValueFault
from ..types import Type
from .declare import Accepts, Function, Place, always


def parsed_date(text: str) -> datetime.date | None:
    """Return the date that a text such as 2026-11-24 names, or None."""
    if len(text) != 10 or not text.isascii():
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def _date(text: str) -> datetime.date:
    found = parsed_date(text)
    if found is None:
        raise ValueFault("no_date", 'This is not a date such as "2026-11-24".', 0)
    return found


def _whole(value: Decimal, argument: int) -> int:
    if value != value.to_integral_value():
        raise ValueFault("not_whole", "This must be a whole number.", argument)
    if abs(value) > 100_000:
        raise ValueFault("no_date", "The calendar does not reach so far.", argument)
    return int(value)


def _add_days(day: datetime.date, days: Decimal) -> datetime.date:
    try:
        return day + datetime.timedelta(days=_whole(days, 1))
    except OverflowError:
        raise ValueFault("no_date", "The calendar does not reach so far.", 1) from None


def _add_months(day: datetime.date, months: Decimal) -> datetime.date:
    year, month = divmod(day.year * 12 + day.month - 1 + _whole(months, 1), 12)
    if not datetime.MINYEAR <= year <= datetime.MAXYEAR:
        raise ValueFault("no_date", "The calendar does not reach so far.", 1)
    last = monthrange(year, month + 1)[1]
    return datetime.date(year, month + 1, min(day.day, last))


def _days_between(first: datetime.date, last: datetime.date) -> Decimal:
    return Decimal((last - first).days)


def _months_between(first: datetime.date, last: datetime.date) -> Decimal:
    if last < first:
        return -_months_between(last, first)
    months = (last.year - first.year) * 12 + last.month - first.month
    # From 31 January a month is complete on the last day of February.
    end = monthrange(last.year, last.month)[1]
    return Decimal(months - (last.day < min(first.day, end)))


def _year(day: datetime.date) -> Decimal:
    return Decimal(day.year)


def _month(day: datetime.date) -> Decimal:
    return Decimal(day.month)


def _day(day: datetime.date) -> Decimal:
    return Decimal(day.day)


_DAY = (Place("date", Accepts.DATE),)
_BETWEEN = (Place("first", Accepts.DATE), Place("last", Accepts.DATE))

DATE_FUNCTIONS = (
    Function(
        "date",
        (Place("text", Accepts.TEXT),),
        always(Type.DATE),
        "The date that is written as year-month-day.",
        (('date("2026-11-24") < date("2026-12-01")', "yes"),),
        _date,
    ),
    Function(
        "days_between",
        _BETWEEN,
        always(Type.NUMBER),
        "Days from the first date to the last; below zero if the last comes first.",
        (('days_between(date("2026-11-01"), date("2026-11-24"))', "23"),),
        _days_between,
    ),
    Function(
        "months_between",
        _BETWEEN,
        always(Type.NUMBER),
        "Complete months from the first date to the last.",
        (
            ('months_between(date("2026-01-15"), date("2026-11-14"))', "9"),
            ('months_between(date("2026-01-31"), date("2026-02-28"))', "1"),
        ),
        _months_between,
    ),
    Function(
        "add_days",
        (*_DAY, Place("days", Accepts.COUNT)),
        always(Type.DATE),
        "The date so many days later, or earlier for a number below zero.",
        (('add_days(date("2026-11-24"), 90) == date("2027-02-22")', "yes"),),
        _add_days,
    ),
    Function(
        "add_months",
        (*_DAY, Place("months", Accepts.COUNT)),
        always(Type.DATE),
        "The same day so many months later, or the last day of a shorter month.",
        (('add_months(date("2026-01-31"), 1) == date("2026-02-28")', "yes"),),
        _add_months,
    ),
    Function(
        "year",
        _DAY,
        always(Type.NUMBER),
        "The year of the date.",
        (('year(date("2026-11-24"))', "2026"),),
        _year,
    ),
    Function(
        "month",
        _DAY,
        always(Type.NUMBER),
        "The month of the date, 1 to 12.",
        (('month(date("2026-11-24"))', "11"),),
        _month,
    ),
    Function(
        "day",
        _DAY,
        always(Type.NUMBER),
        "The day of the month, 1 to 31.",
        (('day(date("2026-11-24"))', "24"),),
        _day,
    ),
)
