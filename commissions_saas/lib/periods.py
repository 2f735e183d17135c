"""Stretches of business time: the only place where periods are reckoned."""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NewType, get_args

from commissions_saas.lib import weeks
from commissions_saas.lib.errors import ProductError

Kind = Literal["month", "half_month", "week", "quarter", "year"]
# A year that begins in another month than January, by that month; its quarters follow.
ShiftedYear = Literal[
    "year_2",
    "year_3",
    "year_4",
    "year_5",
    "year_6",
    "year_7",
    "year_8",
    "year_9",
    "year_10",
    "year_11",
    "year_12",
]
ShiftedQuarter = Literal["quarter_2", "quarter_3"]
# A calendar of whole weeks, such as `445_l61`; its quarters and years have kinds too.
WeekCalendar = NewType("WeekCalendar", str)
# What a total may run over; nobody is paid by what comes after the kinds. A day is that
# of an opening balance in the midst of a pay period.
Window = Kind | ShiftedYear | ShiftedQuarter | WeekCalendar | Literal["day", "always"]
YEARS = range(1900, 3000)  # at the edges of time a period has none beside it
KINDS: tuple[Kind, ...] = get_args(Kind)


class NotAPeriod(ProductError):
    """The text names no period."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A stretch of days, both ends included."""

    starts_on: date
    ends_on: date
    kind: Window
    slug: str

    def contains(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on

    def next(self) -> "Period":
        return period_of(self.kind, self.ends_on + timedelta(days=1))

    def previous(self) -> "Period":
        return period_of(self.kind, self.starts_on - timedelta(days=1))

    @property
    def label(self) -> str:
        """Return the words people use: `November 2026`, `1–15 Nov 2026`, `Q4 2026`."""
        if self.kind == "month":
            return self.starts_on.strftime("%B %Y")
        if self.kind == "quarter":
            return f"Q{(self.starts_on.month + 2) // 3} {self.starts_on.year}"
        if self.kind == "year":
            return str(self.starts_on.year)
        if self.kind == "always":
            return "all time"
        if self.kind == "day":
            return f"{self.starts_on.day} {self.starts_on:%b %Y}"
        weekly = weeks.weeks_of(self.kind)
        if weekly is not None and weeks.is_calendar(self.kind):
            return f"{_period_name(self.slug)} ({_days(self)})"
        if weekly is not None or self.slug.endswith("w2"):
            return _days(self)
        if self.kind in _SHIFTED:
            return f"{self.starts_on:%b %Y} – {self.ends_on:%b %Y}"
        if self.kind == "half_month":
            days = f"{self.starts_on.day}–{self.ends_on.day}"
            return f"{days} {self.starts_on.strftime('%b %Y')}"
        return f"Week of {self.starts_on.day} {self.starts_on.strftime('%b %Y')}"


def period_of(kind: Window, day: date) -> Period:
    """Return the period of this kind that contains `day`."""
    found = _FINDERS.get(kind)
    if found is None:
        stretch = weeks.stretch_of(kind, day)
        return Period(stretch.starts_on, stretch.ends_on, kind, stretch.slug)
    return found(day)


def pay_kind(text: str) -> Window:
    """Return the kind of period of a pay calendar, as a business or a plan keeps it."""
    for kind in KINDS:
        if kind == text:
            return kind
    if not weeks.is_calendar(text):
        raise NotAPeriod(f"“{text[:20]}” is not a pay calendar.")
    return WeekCalendar(text)


def window_of_year(window: Window, starts: int) -> Window:
    """Return a window in a year that begins in another month; months stay as they are."""
    return _OF_YEARS.get((window, starts), window)


ALWAYS = Period(date.min, date.max, "always", "always")


def parse_period(slug: str) -> Period:
    """Read a slug: `2026-11`, `2026-11a`, `2026-w07`, `2026-q4`, `2026`."""
    for kind, pattern in _SLUGS.items():
        if re.fullmatch(pattern, slug):
            try:
                found = period_of(kind, _first_day(kind, slug))
            except (ValueError, OverflowError):
                break
            if found.slug == slug and found.starts_on.year in YEARS:
                return found
            break
    found_in_weeks = _in_weeks(slug)
    if found_in_weeks is not None:
        return found_in_weeks
    raise NotAPeriod(
        f"“{slug[:20]}” is not a period.",
        hint="Write 2026-11, 2026-11a, 2026-w07, 2026-q4 or 2026.",
    )


def _in_weeks(slug: str) -> Period | None:
    """Read `2026-01-05w2` or `2026-p03al61`, whose letters name the calendar."""
    try:
        found = weeks.read_slug(slug)
        if found is None:
            return None
        period = period_of(WeekCalendar(found[0]), found[1])
    except (ValueError, OverflowError):
        return None
    return period if period.slug == slug and period.starts_on.year in YEARS else None


def _period_name(slug: str) -> str:
    return f"P{int(slug[6:8])} {slug[:4]}"


def _days(period: Period) -> str:
    first, last = period.starts_on, period.ends_on
    if first.year != last.year:
        return f"{first.day} {first:%b %Y} – {last.day} {last:%b %Y}"
    if first.month != last.month:
        return f"{first.day} {first:%b} – {last.day} {last:%b %Y}"
    return f"{first.day}–{last.day} {last:%b %Y}"


def _month(day: date) -> Period:
    last = monthrange(day.year, day.month)[1]
    slug = f"{day.year:04}-{day.month:02}"
    return Period(day.replace(day=1), day.replace(day=last), "month", slug)


def _half_month(day: date) -> Period:
    month = _month(day)
    if day.day <= 15:
        half = day.replace(day=15)
        return Period(month.starts_on, half, "half_month", month.slug + "a")
    half = day.replace(day=16)
    return Period(half, month.ends_on, "half_month", month.slug + "b")


def _week(day: date) -> Period:
    monday = day - timedelta(days=day.weekday())
    year, week, _ = day.isocalendar()
    slug = f"{year:04}-w{week:02}"
    return Period(monday, monday + timedelta(days=6), "week", slug)


def _quarter(day: date) -> Period:
    first = 3 * ((day.month - 1) // 3) + 1
    last = _month(date(day.year, first + 2, 1)).ends_on
    slug = f"{day.year:04}-q{first // 3 + 1}"
    return Period(date(day.year, first, 1), last, "quarter", slug)


def _year(day: date) -> Period:
    first, last = date(day.year, 1, 1), date(day.year, 12, 31)
    return Period(first, last, "year", f"{day.year:04}")


def _since(months: int, first: int, kind: Window) -> Callable[[date], Period]:
    """Return what finds windows of so many months, counted from a month of the year."""

    def found(day: date) -> Period:
        number = day.year * 12 + day.month - 1
        number -= (number - (first - 1)) % months
        starts, ends = _month_at(number), _month_at(number + months - 1)
        slug = f"{starts.slug}+{months}"
        return Period(starts.starts_on, ends.ends_on, kind, slug)

    return found


def _month_at(number: int) -> Period:
    return _month(date(number // 12, number % 12 + 1, 1))


def _first_day(kind: Kind, slug: str) -> date:
    year, _, rest = slug.partition("-")
    if kind == "week":
        return date.fromisocalendar(int(year), int(rest[1:]), 1)
    if kind == "quarter":
        return date(int(year), 3 * int(rest[1:]) - 2, 1)
    if kind == "year":
        return date(int(year), 1, 1)
    return date(int(year), int(rest[:2]), 16 if rest.endswith("b") else 1)


_OF_YEARS: dict[tuple[Window, int], Window] = {
    ("year", int(kind.removeprefix("year_"))): kind for kind in get_args(ShiftedYear)
} | {
    ("quarter", starts): kind
    for kind in get_args(ShiftedQuarter)
    for starts in range(int(kind.removeprefix("quarter_")), 13, 3)
}
_SHIFTED = frozenset(_OF_YEARS.values())
_FINDERS: dict[Window, Callable[[date], Period]] = {
    **{
        kind: _since(
            12 if kind.startswith("year") else 3, int(kind.split("_")[1]), kind
        )
        for kind in _SHIFTED
    },
    "month": _month,
    "half_month": _half_month,
    "week": _week,
    "quarter": _quarter,
    "year": _year,
    "day": lambda day: Period(day, day, "day", day.isoformat()),
    "always": lambda _: ALWAYS,
}
_SLUGS: dict[Kind, str] = {
    "month": r"\d{4}-\d{2}",
    "half_month": r"\d{4}-\d{2}[ab]",
    "week": r"\d{4}-w\d{2}",
    "quarter": r"\d{4}-q[1-4]",
    "year": r"\d{4}",
}
