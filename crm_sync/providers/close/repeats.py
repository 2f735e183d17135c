"""Notices a list that says for ever that there is more, and shows nothing more."""

from __future__ import annotations

from collections.abc import Iterable

from crm_sync.contract import TryAgainLater

# Of rows that come in another order each time, a page may show none that is new.
_MOST_IN_A_ROW = 6


class Advance:
    """One reading of a list from its beginning, page by page."""

    def __init__(self) -> None:
        self._met: set[str] = set()
        self._in_a_row = 0

    def look(self, ids: Iterable[object], *, more: bool) -> None:
        """Refuse to go on where page after page holds only what was met before."""
        before = len(self._met)
        self._met.update(map(str, ids))
        if not more or len(self._met) > before:
            self._in_a_row = 0
            return
        self._in_a_row += 1
        if self._in_a_row > _MOST_IN_A_ROW:
            raise TryAgainLater(
                "Close keeps answering with the same page, and says that there is more.",
                hint="It is tried again by itself; nothing that was read is lost.",
            )
