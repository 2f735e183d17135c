"""Calendars of whole weeks: 4-4-5 and its sisters, and every two weeks.

A calendar is one short text, such as `445_l61` or `two_weeks_3`, and the slugs of its
periods say which it is: so a period can be read without knowing whose it is.
"""

import re
from calendar import day_name, month_name, monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

PATTERNS = ("445", "454", "544")
LAST, NEAREST = "l", "n"
_LETTERS = dict(zip("abc", PATTERNS, strict=True))
_WEEK, _TWO = timedelta(days=7), 14
_KIND = re.compile(r"(445|454|544)([qy]?)_([ln])([1-7])([1-9a-c])")
_TWO_KIND = re.compile(r"two_weeks_(\d|1[0-3])")
_SLUG = re.compile(r"(\d{4})-p(\d{2})([abc])([ln][1-7][1-9a-c])")
_TWO_SLUG = re.compile(r"(\d{4}-\d{2}-\d{2})w2")
_SHORT = re.compile(r"\d{4}-p\d{2}")
_TWO_WORDS = re.compile(
    r"(?:every )?(?:two[ _-]weeks|bi-?weekly|fortnight) from (\d{4}-\d{2}-\d{2})"
)
_WORDS = re.compile(
    r"(4-?4-?5|4-?5-?4|5-?4-?4)(?: weeks)?,? to (?:the )?"
    r"(?:last (?P<last>[a-z]+) (?:of|in)"
    r"|(?P<nearest>[a-z]+) nearest (?:to )?(?:the )?(?:end of )?)"
    r" ?(?P<month>[a-z]+)"
)


class Stretch(NamedTuple):
    """The first and last day of a period or window, and its slug."""

    starts_on: date
    ends_on: date
    slug: str


@dataclass(frozen=True, slots=True)
class Weeks:
    """Years of 52 or 53 weeks that end on one weekday: the last of a month, or the one
    nearest to the month's end. The 53rd week belongs to the last period.
    """

    pattern: str
    rule: str
    weekday: int  # of the year's last day; Monday is 1
    month: int

    @property
    def code(self) -> str:
        return f"{self.rule}{self.weekday}{self.month:x}"

    @property
    def letters(self) -> str:
        """Return how a slug names the calendar: its pattern and the rest."""
        return f"{'abc'[PATTERNS.index(self.pattern)]}{self.code}"

    def kind(self, unit: str = "") -> str:
        """Return the name of its periods, quarters (`q`) or years (`y`)."""
        return f"{self.pattern}{unit}_{self.code}"

    def year_end(self, year: int) -> date:
        """Return the last day of the year that ends with the month in `year`."""
        last = date(year, self.month, monthrange(year, self.month)[1])
        past = (last.isoweekday() - self.weekday) % 7
        if self.rule == NEAREST and past > 3:
            return last + timedelta(days=7 - past)
        return last - timedelta(days=past)

    def year(self, named: int) -> tuple[date, date]:
        """Return the days of a year, which is named after the one that holds most."""
        ends_in = named if self.month > 6 else named + 1
        starts = self.year_end(ends_in - 1) + timedelta(days=1)
        return starts, self.year_end(ends_in)

    def year_of(self, day: date) -> int:
        """Return the name of the year that holds a day."""
        for named in (day.year, day.year - 1, day.year + 1):
            starts, ends = self.year(named)
            if starts <= day <= ends:
                return named
        raise ValueError(day)

    def periods(self, named: int) -> Iterator[Stretch]:
        """Yield the twelve periods of a year."""
        starts, last = self.year(named)
        for at in range(12):
            weeks = int(self.pattern[at % 3])
            ends = last if at == 11 else starts + weeks * _WEEK - timedelta(days=1)
            yield Stretch(starts, ends, f"{named:04}-p{at + 1:02}{self.letters}")
            starts = ends + timedelta(days=1)


def is_calendar(text: str) -> bool:
    """Say whether a text is the name of a calendar of weeks, by which one can pay."""
    found = _KIND.fullmatch(text)
    return bool(_TWO_KIND.fullmatch(text)) or (found is not None and not found[2])


def weeks_of(kind: str) -> Weeks | None:
    """Return the 4-4-5 calendar of a kind; None for all others."""
    found = _KIND.fullmatch(kind)
    if found is None:
        return None
    return Weeks(found[1], found[3], int(found[4]), int(found[5], 16))


def window_in_weeks(kind: str, over: str) -> str:
    """Return what a month, a quarter or a year is where one pays by 4-4-5."""
    weeks = weeks_of(kind)
    units = {"month": "", "quarter": "q", "year": "y"}
    return weeks.kind(units[over]) if weeks is not None and over in units else over


@lru_cache(maxsize=4096)
def stretch_of(kind: str, day: date) -> Stretch:
    """Return the period or window of a calendar of weeks that holds a day."""
    two = _TWO_KIND.fullmatch(kind)
    if two is not None:
        starts = day - timedelta(days=(day.toordinal() - int(two[1])) % _TWO)
        return Stretch(starts, starts + timedelta(days=_TWO - 1), f"{starts}w2")
    weeks, unit = weeks_of(kind), _KIND.sub(r"\2", kind)
    if weeks is None:
        raise ValueError(kind)
    named = weeks.year_of(day)
    parts = list(weeks.periods(named))
    at = next(at for at, part in enumerate(parts) if day <= part.ends_on)
    if not unit:
        return parts[at]
    first, last = (0, 11) if unit == "y" else (at - at % 3, at - at % 3 + 2)
    slug = f"{named:04}-{unit}{at // 3 + 1 if unit == 'q' else ''}{kind[:3]}"
    return Stretch(parts[first].starts_on, parts[last].ends_on, slug)


def read_slug(slug: str) -> tuple[str, date] | None:
    """Return the kind and the first day of a slug that names its calendar."""
    two = _TWO_SLUG.fullmatch(slug)
    if two is not None:
        starts = date.fromisoformat(two[1])
        return two_weeks_from(starts), starts
    found = _SLUG.fullmatch(slug)
    if found is None or not 1 <= int(found[2]) <= 12:
        return None
    kind = f"{_LETTERS[found[3]]}_{found[4]}"
    weeks = weeks_of(kind)
    if weeks is None:
        return None
    part = list(weeks.periods(int(found[1])))[int(found[2]) - 1]
    return kind, part.starts_on


def read_words(text: str) -> str | None:
    """Read `two weeks from 2026-01-05` or `4-4-5 to the last Saturday of January`."""
    text = " ".join(text.lower().split())
    two = _TWO_WORDS.fullmatch(text)
    if two is not None:
        try:
            return two_weeks_from(date.fromisoformat(two[1]))
        except ValueError:
            return None
    found = _WORDS.fullmatch(text)
    if found is None:
        return None
    rule = LAST if found["last"] else NEAREST
    weekday = _named(found["last"] or found["nearest"], list(day_name))
    month = _named(found["month"], list(month_name)[1:])
    if not weekday or not month:
        return None
    return Weeks(found[1].replace("-", ""), rule, weekday, month).kind()


def two_weeks_from(day: date) -> str:
    """Return the calendar of two weeks of which one begins on a day."""
    return f"two_weeks_{day.toordinal() % _TWO}"


def ending_on(pattern: str, rule: str, day: date) -> str | None:
    """Return the calendar of which a year ends on a day; None if none does so."""
    for month_end in (day, day - timedelta(days=3)):
        found = Weeks(pattern, rule, day.isoweekday(), month_end.month)
        if found.year_end(month_end.year) == day:
            return found.kind()
    return None


def words_of(kind: str) -> str:
    """Write a calendar as people read it, and as `read_words` takes it."""
    two = _TWO_KIND.fullmatch(kind)
    if two is not None:
        first = date(2026, 1, 1)
        first += timedelta(days=(int(two[1]) - first.toordinal()) % _TWO)
        return f"two weeks from {first}"
    weeks = weeks_of(kind)
    if weeks is None:
        return kind
    day, month = day_name[weeks.weekday - 1], month_name[weeks.month]
    to = f"last {day} of" if weeks.rule == LAST else f"{day} nearest the end of"
    return f"{'-'.join(weeks.pattern)} to the {to} {month}"


def full_slug(kind: str, slug: str) -> str:
    """Return `2026-p03` with the letters of the calendar that is meant."""
    weeks = weeks_of(kind)
    if weeks is None or not _SHORT.fullmatch(slug):
        return slug
    return f"{slug}{weeks.letters}"


def short_slug(slug: str) -> str:
    """Return a slug without the letters of its calendar: `2026-p03`."""
    return slug[:8] if _SLUG.fullmatch(slug) else slug


def _named(text: str, names: list[str]) -> int:
    """Return which of some names begins with a text of three letters or more."""
    found = [
        at for at, name in enumerate(names, 1) if name.lower().startswith(text.lower())
    ]
    return found[0] if len(text) > 2 and found else 0
