"""What a source offers that takes values of ours, beside what every source offers."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol, runtime_checkable


@runtime_checkable
class Writes(Protocol):
    """A source that takes a value of ours into a field of one of its records."""

    def writable(self) -> tuple[str, ...]:
        """Return the objects, in our words, whose fields can be written."""

    def takes(self, object: str, path: str) -> bool:
        """Say whether a value can be put there: a field that people made, not one that
        the source itself fills."""

    def write(
        self,
        object: str,
        external_id: str,
        path: str,
        value: Decimal | str | None,
        key: str = "",
    ) -> None:
        """Put a value into a field; None empties it. One request, never repeated here:
        to write the same once more is harmless. `key` names this value of this field.
        """

    def marks(self, object: str) -> tuple[str, ...]:
        """Return the paths that say when and by whom a record was changed: they move
        with every write, our own included."""
