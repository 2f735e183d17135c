"""What a change of the ledger would do to statements, if any room can tell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Sum

from tenants.accounts.models import Business
from tenants.rollup.models import BookingFact
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
    posted: int = 0
    """Late changes that would post by themselves, into the open period."""


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


def booked_in(business: Business) -> dict[str, Decimal]:
    """Return what is booked in a business, by currency."""
    rows = BookingFact.objects.filter(business_id=business.pk).values("currency")
    return {row["currency"]: row["sum"] for row in rows.annotate(sum=Sum("booked"))}


def less(
    after: Mapping[str, Decimal], before: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    """Return what has changed from before to after, by currency."""
    zero = Decimal(0)
    return {
        currency: after.get(currency, zero) - before.get(currency, zero)
        for currency in sorted(after.keys() | before.keys())
        if after.get(currency, zero) != before.get(currency, zero)
    }
