"""Moments as sources write them, and as text that sorts as time does."""

import re
from datetime import UTC, date, datetime, timedelta

# Servers of one source may differ by so much and still be right.
_CLOCKS_DIFFER = timedelta(minutes=1)

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
# What can be read one way only: 04/11/2026 is no day, for it may be April.
_DAYS = (
    re.compile(r"(?P<y>\d{4})([-/.])(?P<m>\d{1,2})\2(?P<d>\d{1,2})", re.ASCII),
    re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})", re.ASCII),
    re.compile(
        r"(?P<d>\d{1,2})[ -](?P<m>[a-z]{3,9})\.?,?[ -](?P<y>\d{4}|\d\d)",
        re.ASCII | re.IGNORECASE,
    ),
    re.compile(
        r"(?P<m>[a-z]{3,9})\.? (?P<d>\d{1,2}),? (?P<y>\d{4})",
        re.ASCII | re.IGNORECASE,
    ),
)
_FIRST_YEAR, _LAST_YEAR = 1900, 2199  # others are slips


def as_day(text: str) -> date:
    """Return the day that a text names, in any form that can be read one way only, such
    as 2026-11-04, 4.11.2026 or 4 Nov 2026; ValueError if none."""
    text = text.strip()
    try:
        day = date.fromisoformat(text)  # nearly all
    except ValueError:
        day = _written_day(text)
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError(f"{day.year} is no year")
    return day


def _written_day(text: str) -> date:
    found = next((day for form in _DAYS if (day := form.fullmatch(text))), None)
    if found is None:
        raise ValueError(f"{text[:40]} is no day")
    century = 2000 if len(found["y"]) == 2 else 0
    return date(century + int(found["y"]), _month(found["m"]), int(found["d"]))


def _month(text: str) -> int:
    if text.isdecimal():
        return int(text)
    names = [month[: len(text)] for month in _MONTHS]
    if len(text) > 3 and text.lower() != "sept" and text.lower() not in _MONTHS:
        raise ValueError(f"{text} is no month")
    return names.index(text.lower()) + 1


def as_version(moment: object) -> str:
    """Return a moment as UTC text of fixed width, which sorts as time does.

    A moment without an offset is taken as UTC. ValueError if it is not one.
    """
    return version_at(as_moment(moment))


def version_at(moment: datetime) -> str:
    """Return a moment as the same text; ValueError if UTC has no such time."""
    return _in_utc(moment).isoformat(timespec="microseconds")[:26] + "Z"


def as_moment(text: object) -> datetime:
    """Return the moment that an ISO 8601 text names, in UTC; ValueError if none, or if
    it is no text: a source may send anything.
    """
    if not isinstance(text, str):
        raise ValueError("a moment is written as text")
    # A leap second exists in UTC but not in Python: it is the end of its minute.
    text = text.strip()
    if ":60" in text:
        text = re.sub(r"(T\d\d:\d\d):60(\.\d+)?", r"\1:59.999999", text)
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else _in_utc(at)


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{moment} is before or after all time") from None


def clock_went_back(since: str, now: str) -> bool:
    """Tell whether a source's clock shows less than when it was read up to `since`.

    What it writes until it is there again looks older than what is here.
    """
    if not since or not now:
        return False
    return as_moment(now) < as_moment(since) - _CLOCKS_DIFFER
