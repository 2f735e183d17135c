"""What a change of the ledger would do to statements, if any room can tell."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Moved:
    """Lines and statements that would change, and by how much in all."""

    lines: int = 0
    statements: int = 0
    net: Mapping[str, Decimal] = field(default_factory=dict)
    """By currency; amounts in different currencies are not added."""
    proposals: int = 0
    """Late changes that would wait for finance, of statements that do not move."""


# Does something, says what it moved, and takes all of it back.
Measure = Callable[[Callable[[], None]], Moved]

_measures: list[Measure] = []


def use_measure(measure: Measure) -> Measure:
    """Let a higher room say what a change would move."""
    _measures[:] = [measure]
    return measure


def money_moved(do: Callable[[], None]) -> Moved:
    """Do something on trial and return what it would move; nothing of it stays."""
    if not _measures:
        raise RuntimeError("No room can tell what a change moves.")
    return _measures[0](do)
