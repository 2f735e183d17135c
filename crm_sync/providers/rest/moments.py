"""Moments as sources write them, and as versions of fixed width."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from crm_sync.moments import as_moment, as_version, version_at

FORMATS = ("iso8601", "epoch_s", "epoch_ms", "date")
PRECISIONS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "day": timedelta(days=1),
}
_SPAN = re.compile(r"(\d{1,7})\s*(s|min|m|h|d)?")
_SECONDS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


def read_span(text: str) -> timedelta:
    """Read 300, 300s, 5min, 24h or 30d; ValueError for anything else."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2] or ""])


def version_of(text: str, form: str) -> str:
    """Return a moment in one of the formats as a version; ValueError if it is none."""
    if form in ("epoch_s", "epoch_ms"):
        try:
            number = Decimal(text)
        except InvalidOperation:
            # Some write one and the same moment both ways.
            return as_version(text)
        seconds = number / 1000 if form == "epoch_ms" else number
        if not 0 <= seconds < 100_000_000_000:
            raise ValueError(text)
        since = timedelta(microseconds=int(seconds * 1_000_000))
        return version_at(datetime(1970, 1, 1, tzinfo=UTC) + since)
    return as_version(text.replace("+0000", "+00:00"))


def written(version: str, form: str, precision: str) -> str:
    """Return a version as the source wants to be asked for it."""
    moment = as_moment(version)
    if form == "date":
        return f"{moment:%Y-%m-%d}"
    since_epoch = moment - datetime(1970, 1, 1, tzinfo=UTC)
    if form == "epoch_s":
        return str(since_epoch // timedelta(seconds=1))
    if form == "epoch_ms":
        return str(since_epoch // timedelta(milliseconds=1))
    if precision == "ms":
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


def floored(version: str, precision: str) -> str:
    """Return the beginning of the second, minute or day that a version is in."""
    moment = as_moment(version)
    start = datetime(1970, 1, 1, tzinfo=UTC)
    step = PRECISIONS[precision]
    return version_at(start + (moment - start) // step * step)


def earlier(version: str, by: timedelta) -> str:
    """Return a version some time before this one, and never before 1970."""
    first = datetime(1970, 1, 1, tzinfo=UTC)
    return version_at(max(as_moment(version) - by, first))
