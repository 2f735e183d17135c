"""Functions over dates."""

import datetime
import re
from calendar import monthrange
from decimal import Decimal

from ..errors import ValueFault
from ..types import Type
from .declare import Accepts, Function, Place, always

_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OTHER_DATES = re.compile(
    r"(?P<y1>[0-9]{4})[-/.](?P<m1>[0-9]{1,2})[-/.](?P<d1>[0-9]{1,2})(?:T.*)?"
    r"|(?P<d2>[0-9]{1,2})\.(?P<m2>[0-9]{1,2})\.(?P<y2>[0-9]{4})"
    r"|(?P<y3>[0-9]{4})(?P<m3>[0-9]{2})(?P<d3>[0-9]{2})"
)


def parsed_date(text: str) -> datetime.date | None:
    """Return the date that a text such as 2026-11-24 names, or None."""
    # Python reads a week as well, 2026-W47-2, and digits of other scripts.
    if not _WRITTEN.fullmatch(text):
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def likely_date(text: str) -> str:
    """Return the date that somebody wrote in another way, if it can be only one."""
    match = _OTHER_DATES.fullmatch(text.strip())
    if match is None:
        return ""
    year = match["y1"] or match["y2"] or match["y3"]
    month = match["m1"] or match["m2"] or match["m3"]
    day = match["d1"] or match["d2"] or match["d3"]
    found = f"{year}-{month:0>2}-{day:0>2}"
    return found if parsed_date(found) else ""


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
    later = _whole(months, 1)
    year = (day.year * 12 + day.month - 1 + later) // 12
    if not datetime.MINYEAR <= year <= datetime.MAXYEAR:
        raise ValueFault("no_date", "The calendar does not reach so far.", 1)
    return _months_after(day, later)


def _days_between(first: datetime.date, last: datetime.date) -> Decimal:
    return Decimal((last - first).days)


def _months_between(first: datetime.date, last: datetime.date) -> Decimal:
    if last < first:
        return -_months_between(last, first)
    months = (last.year - first.year) * 12 + last.month - first.month
    # From 31 January a month is complete on the last day of February.
    end = monthrange(last.year, last.month)[1]
    return Decimal(months - (last.day < min(first.day, end)))


def _days_including(first: datetime.date, last: datetime.date) -> Decimal:
    return Decimal(max(0, (last - first).days + 1))


def _months_begun(first: datetime.date, last: datetime.date) -> Decimal:
    if last <= first:
        return Decimal(0)
    complete = _months_between(first, last)
    return complete + (_months_after(first, int(complete)) != last)


def _months_after(day: datetime.date, months: int) -> datetime.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return datetime.date(year, month + 1, min(day.day, last))


def _month_start(day: datetime.date) -> datetime.date:
    return day.replace(day=1)


def _month_end(day: datetime.date) -> datetime.date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _days_in_month(day: datetime.date) -> Decimal:
    return Decimal(monthrange(day.year, day.month)[1])


def _quarter(day: datetime.date) -> Decimal:
    return Decimal((day.month + 2) // 3)


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
        (
            ('deal.won_on >= date("2026-11-01")', "yes"),
            ('date("2026-11-24") < date("2026-12-01")', "yes"),
        ),
        _date,
    ),
    Function(
        "days_between",
        _BETWEEN,
        always(Type.NUMBER),
        "Days from the first date to the last, which is not counted itself; below zero "
        "if the last comes first.",
        (('days_between(date("2026-11-01"), date("2026-11-24"))', "23"),),
        _days_between,
    ),
    Function(
        "days_including",
        _BETWEEN,
        always(Type.NUMBER),
        "Days from the first date to the last, both counted; 0 if the last comes first.",
        (
            ('days_including(date("2026-11-01"), date("2026-11-30"))', "30"),
            ('days_including(date("2026-11-24"), date("2026-11-01"))', "0"),
        ),
        _days_including,
    ),
    Function(
        "months_between",
        _BETWEEN,
        always(Type.NUMBER),
        "Complete months from the first date to the last; a begun one does not count.",
        (
            ('months_between(date("2026-01-15"), date("2026-11-14"))', "9"),
            ('months_between(date("2026-01-31"), date("2026-02-28"))', "1"),
        ),
        _months_between,
    ),
    Function(
        "months_begun",
        _BETWEEN,
        always(Type.NUMBER),
        "Months from the first date to the last, a begun one counted as a whole; "
        "0 if the last comes first.",
        (
            ('months_begun(date("2026-01-15"), date("2026-11-14"))', "10"),
            ('months_begun(date("2026-01-15"), date("2026-11-15"))', "10"),
        ),
        _months_begun,
    ),
    Function(
        "add_days",
        (*_DAY, Place("days", Accepts.COUNT)),
        always(Type.DATE),
        "The date so many days later, or earlier for a number below zero.",
        (
            ("add_days(deal.won_on, 90)", "2027-02-17"),
            ('add_days(date("2026-11-24"), 90) == date("2027-02-22")', "yes"),
        ),
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
        "month_start",
        _DAY,
        always(Type.DATE),
        "The first day of the date's month.",
        (('month_start(date("2026-11-24")) == date("2026-11-01")', "yes"),),
        _month_start,
    ),
    Function(
        "month_end",
        _DAY,
        always(Type.DATE),
        "The last day of the date's month.",
        (
            ("month_end(deal.won_on)", "2026-11-30"),
            ('month_end(date("2028-02-03")) == date("2028-02-29")', "yes"),
        ),
        _month_end,
    ),
    Function(
        "days_in_month",
        _DAY,
        always(Type.NUMBER),
        "How many days the date's month has.",
        (('days_in_month(date("2026-11-24"))', "30"),),
        _days_in_month,
    ),
    Function(
        "quarter",
        _DAY,
        always(Type.NUMBER),
        "The quarter of the date's year, 1 to 4.",
        (
            ("IF(quarter(deal.won_on) == 4, 500, 0)", "500"),
            ('quarter(date("2026-11-24"))', "4"),
        ),
        _quarter,
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
