"""Reads a list that can only be asked for by a moment of its rows, window by window.

A window is made smaller until one answer holds all of it, so there is no second page
that could shift, and the source's order does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeGuard

from crm_sync.contract import Payload, TryAgainLater
from crm_sync.moments import as_moment, version_at
from crm_sync.providers.close.records import asked, earlier
from crm_sync.providers.close.repeats import Advance
from crm_sync.providers.close.transport import Transport

_MOST_STRANGE = 6
_MOST_PASSES = 20
_FIRST = timedelta(days=30)
_SMALLEST = timedelta(seconds=1)
_LARGEST = timedelta(days=720)


@dataclass(frozen=True, slots=True)
class Window:
    """All rows from before `until` that no window before it had."""

    rows: list[Payload]
    until: str


def windows(
    transport: Transport,
    *,
    path: str,
    since: str,
    until: str,
    page_size: int,
    by: str = "date_created",
    params: Mapping[str, str] | None = None,
) -> Iterator[Window]:
    """Yield windows of the moment `by` from `since` to `until`, oldest first.

    The last one also has what is dated later than that.
    """
    reader = _Reader(transport, path, by, params or {}, page_size)
    width = _FIRST
    lower = earlier(since, timedelta(0))
    # Where Close's clock is before all that is asked for, there is one window.
    until = max(until, version_at(as_moment(lower) + _SMALLEST))
    while lower < until:
        upper = min(version_at(as_moment(lower) + width), until)
        # The last one has no end: what is dated later than Close's own clock is there.
        end = "" if upper == until else upper
        rows, more = reader.read(lower, end)
        if more and width > _SMALLEST:
            width = max(width / 4, _SMALLEST)
            width -= timedelta(microseconds=width.microseconds)
            continue
        if more:
            rows = reader.all_of_one_second(lower, end)
        yield Window(rows, upper)
        lower = upper
        if len(rows) < page_size // 4:
            width = min(width * 2, _LARGEST)


@dataclass(frozen=True, slots=True)
class _Reader:
    transport: Transport
    path: str
    by: str
    params: Mapping[str, str]
    size: int

    def read(self, lower: str, upper: str, skip: int = 0) -> tuple[list[Payload], bool]:
        """Return the rows of a window, and whether there are more of them."""
        params: dict[str, str | int] = {
            **self.params,
            f"{self.by}__gte": asked(lower),
            "_limit": self.size,
        }
        if upper:
            params[f"{self.by}__lt"] = asked(upper)
        if skip:
            params["_skip"] = skip
        for _ in range(_MOST_STRANGE):
            doc = self.transport.get(self.path, params).doc
            rows = doc.get("data")
            # What is not of this window is not the answer to what was asked.
            if self._are_of(rows, lower, upper):
                more = doc.get("has_more") is True or self._goes_on(
                    params, skip, rows, (lower, upper)
                )
                return rows, more and bool(rows)
        raise TryAgainLater(
            "Close keeps answering with records that were not asked for.",
            hint="It is tried again by itself; nothing that was read is lost.",
        )

    def all_of_one_second(self, lower: str, upper: str) -> list[Payload]:
        """Return all rows of a window that cannot be made smaller.

        Rows of one moment may come in another order each time, so that a page repeats
        some and leaves out others: they are read until as many were met as there are.
        """
        found: dict[str, Payload] = {}
        for _ in range(_MOST_PASSES):
            met, more, advance = 0, True, Advance()
            while more:
                page, more = self.read(lower, upper, met)
                found |= {str(row.get("id")): row for row in page}
                met += len(page)
                more = more and bool(page)
                advance.look((row.get("id") for row in page), more=more)
            if len(found) >= met:
                break
        return list(found.values())

    def _goes_on(
        self,
        params: Mapping[str, str | int],
        skip: int,
        rows: list[Payload],
        window: tuple[str, str],
    ) -> bool:
        """Look behind an answer that says it is the last: such lists have no count.

        One that was cut short says so, too, and its rows would be missed.
        """
        if not rows:
            return False
        behind = {**params, "_skip": skip + len(rows), "_limit": 1}
        found = self.transport.get(self.path, behind).doc.get("data")
        known = {row.get("id") for row in rows}
        return self._are_of(found, *window) and any(
            row.get("id") not in known for row in found
        )

    def _are_of(self, rows: Any, lower: str, upper: str) -> TypeGuard[list[Payload]]:
        return isinstance(rows, list) and all(
            isinstance(row, dict)
            and lower <= self._at(row)
            and (not upper or self._at(row) < upper)
            for row in rows
        )

    def _at(self, row: Payload) -> str:
        try:
            return version_at(as_moment(row[self.by]))
        except (ValueError, TypeError, KeyError):
            return ""
