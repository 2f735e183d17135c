"""How this room learns what a deal's commission is, without knowing who works it out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

Mark = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Commission:
    """What a deal pays, or why that cannot be said as one amount."""

    amount: Decimal
    currency: str
    problem: str = ""


class Commissions(Protocol):
    """A higher room that knows what deals pay; asked inside a business."""

    def mark(self, *, live: bool) -> Mark:
        """Return where things stand, as JSON: while it is equal, so are all amounts."""

    def place(self) -> Mark:
        """Return from where on `touched` has to look the next time, as JSON."""

    def touched(self, place: Mark, *, live: bool) -> Collection[int] | None:
        """Return the entries whose amounts may differ since a place; None: any."""

    def of(
        self, entry_ids: Collection[int], *, live: bool, owner_only: bool
    ) -> Mapping[int, Commission]:
        """Return the commission of those entries that have one."""


_known: list[Commissions] = []


def use_commissions(source: Commissions) -> Commissions:
    """Let a higher room say what deals pay."""
    _known[:] = [source]
    return source


def commissions() -> Commissions:
    """Return who knows what deals pay."""
    if not _known:
        raise RuntimeError("No room can tell what a deal pays.")
    return _known[0]
