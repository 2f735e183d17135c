"""Exchange rates of deals: which one holds on a day, and who published it."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from commissions.calculation.facts import RateFact
from crm_sync.ledger.known import RateOfDays

# A rate without a last day stands in for the days after it, on which none came out.
LONGEST = timedelta(days=6)


class RateBook:
    """The rates that were known at a change number, by pair of currencies."""

    def __init__(self, rates: Iterable[RateOfDays]) -> None:
        self._of: dict[tuple[str, str], list[RateOfDays]] = defaultdict(list)
        for rate in rates:
            self._of[rate.currency, rate.into].append(rate)

    def on(self, currency: str, into: str, day: date) -> RateFact | None:
        """Return the newest rate that holds on a day, or None where there is none."""
        holding = [
            rate for rate in self._of.get((currency, into), ()) if holds(rate, day)
        ]
        if not holding:
            return None
        newest = max(holding, key=lambda rate: rate.starts_on)
        return RateFact(newest.rate, newest.source, newest.starts_on)


def holds(rate: RateOfDays, day: date) -> bool:
    """Say whether a rate can be used on a day."""
    last = rate.ends_on or rate.starts_on + LONGEST
    return rate.starts_on <= day <= last
