"""Reads a list that can only be asked for by `date_created`, window by window.

A window is made smaller until one answer holds all of it, so there is no second page
that could shift, and the source's order does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from crm_sync.contract import Payload, TryAgainLater, as_moment
from crm_sync.providers.close.records import asked, earlier, version_at
from crm_sync.providers.close.transport import Transport

_MOST_STRANGE = 6
_FIRST = timedelta(days=30)
_SMALLEST = timedelta(seconds=1)
_LARGEST = timedelta(days=720)


@dataclass(frozen=True, slots=True)
class Window:
    """All rows created before `until` that no window before it had."""

    rows: list[Payload]
    until: str


def windows(
    transport: Transport, *, path: str, since: str, until: str, page_size: int
) -> Iterator[Window]:
    """Yield windows from `since` to `until`, oldest first."""
    width = _FIRST
    lower = earlier(since, timedelta(0))
    while lower < until:
        upper = min(version_at(as_moment(lower) + width), until)
        rows, more = _read(transport, path, lower, upper, page_size)
        if more and width > _SMALLEST:
            width = max(width / 4, _SMALLEST)
            width -= timedelta(microseconds=width.microseconds)
            continue
        if more:
            rows = _all_of_one_second(transport, path, lower, upper, page_size)
        yield Window(rows, upper)
        lower = upper
        if len(rows) < page_size // 4:
            width = min(width * 2, _LARGEST)


def _read(
    transport: Transport, path: str, lower: str, upper: str, size: int, skip: int = 0
) -> tuple[list[Payload], bool]:
    params: dict[str, str | int] = {
        "date_created__gte": asked(lower),
        "date_created__lt": asked(upper),
        "_limit": size,
    }
    if skip:
        params["_skip"] = skip
    for _ in range(_MOST_STRANGE):
        doc = transport.get(path, params).doc
        rows = doc.get("data")
        # What is not of this window is not the answer to what was asked.
        if isinstance(rows, list) and all(
            isinstance(row, dict) and lower <= _created(row) < upper for row in rows
        ):
            return rows, doc.get("has_more") is True
    raise TryAgainLater(
        "Close keeps answering with records that were not asked for.",
        hint="It is tried again by itself; nothing that was read is lost.",
    )


def _all_of_one_second(
    transport: Transport, path: str, lower: str, upper: str, size: int
) -> list[Payload]:
    rows: list[Payload] = []
    more = True
    while more:
        page, more = _read(transport, path, lower, upper, size, len(rows))
        rows += page
        more = more and bool(page)
    return rows


def _created(row: Payload) -> str:
    try:
        return version_at(as_moment(row["date_created"]))
    except (ValueError, TypeError, KeyError):
        return ""
