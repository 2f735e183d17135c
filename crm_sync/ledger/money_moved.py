"""What a change of the ledger would do to statements, if any room can tell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tenants.accounts.models import Business
from tenants.schema import current_business


@dataclass(frozen=True, slots=True)
class Moved:
    """Lines and statements that would change, and by how much in all."""

    lines: int = 0
    statements: int = 0
    net: Mapping[str, Decimal] = field(default_factory=dict)
    """By currency; amounts in different currencies are not added."""
    proposals: int = 0
    """Late changes that would wait for finance, of statements that do not move."""


# Does something, says what it moved in each business, and takes all of it back.
Measure = Callable[[Callable[[], None], Sequence[Business]], Mapping[int, Moved]]

_measures: list[Measure] = []


def use_measure(measure: Measure) -> Measure:
    """Let a higher room say what a change would move."""
    _measures[:] = [measure]
    return measure


def money_moved(do: Callable[[], None]) -> Moved:
    """Do something on trial in the business at hand and return what it would move."""
    business = current_business()
    return money_moved_in([business], do)[business.pk]


def money_moved_in(
    businesses: Sequence[Business], do: Callable[[], None]
) -> Mapping[int, Moved]:
    """Do something on trial in several businesses; nothing of it stays in any."""
    if not _measures:
        raise RuntimeError("No room can tell what a change moves.")
    return _measures[0](do, businesses)
