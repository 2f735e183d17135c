"""Moments as sources write them, and as text that sorts as time does."""

import re
from datetime import UTC, datetime, timedelta

# Servers of one source may differ by so much and still be right.
_CLOCKS_DIFFER = timedelta(minutes=1)


def as_version(moment: str) -> str:
    """Return a moment as UTC text of fixed width, which sorts as time does.

    A moment without an offset is taken as UTC. ValueError if it is not one.
    """
    at = as_moment(moment)
    return at.isoformat(timespec="microseconds")[:26] + "Z"


def as_moment(text: str) -> datetime:
    """Return the moment that an ISO 8601 text names, in UTC; ValueError if none."""
    # A leap second exists in UTC but not in Python: it is the end of its minute.
    text = text.strip()
    if ":60" in text:
        text = re.sub(r"(T\d\d:\d\d):60(\.\d+)?", r"\1:59.999999", text)
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def clock_went_back(since: str, now: str) -> bool:
    """Tell whether a source's clock shows less than when it was read up to `since`.

    What it writes until it is there again looks older than what is here.
    """
    if not since or not now:
        return False
    return as_moment(now) < as_moment(since) - _CLOCKS_DIFFER
