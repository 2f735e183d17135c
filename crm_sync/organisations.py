"""Whose records a source gives, where it says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Organisation:
    """Whose records a key opens; one of another's is never read into the same place."""

    external_id: str
    name: str


@runtime_checkable
class Identifies(Protocol):
    """A source that says whose it is.

    Given that in its options (`organisation`: `id` and `name`), it refuses to answer a
    key of anybody else.
    """

    def organisation(self) -> Organisation:
        """Return whose records the key opens."""
