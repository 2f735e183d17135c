"""The owner's matrix: businesses by months, in one currency or in each one's own."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache

from commissions_saas.lib.money import round_money
from tenants.rollup.selectors import Key, Rate

Places = dict[tuple[int, date], dict[str, Decimal]]


@dataclass(frozen=True, slots=True)
class Cell:
    """One business in one month: an amount, or why there is none."""

    month: date
    amount: Decimal | None
    currency: str
    own: Decimal | None = None
    own_currency: str = ""
    rate: Rate | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A business over the months."""

    business_id: int
    currency: str
    cells: tuple[Cell, ...]

    @property
    def total(self) -> Decimal | None:
        """Return the sum of the row; nothing where a cell cannot be added."""
        if any(cell.why_not for cell in self.cells):
            return None
        amounts = [cell.amount for cell in self.cells if cell.amount is not None]
        return sum(amounts, Decimal(0)) if amounts else None

    @property
    def points(self) -> list[Decimal]:
        return [cell.amount or Decimal(0) for cell in self.cells]


@dataclass(frozen=True)
class Matrix:
    """All rows, and totals only where all amounts are in one currency."""

    rows: tuple[Row, ...]
    currency: str | None  # none: each in its own
    months: tuple[date, ...]
    missing: tuple[str, ...] = field(default=())

    @cached_property
    def totals(self) -> list[Decimal | None]:
        """Return a total for each month; nothing where currencies would be mixed."""
        if len(self.currencies) > 1:
            return [None for _ in self.months]
        return [self._total(i) for i in range(len(self.months))]

    def _total(self, i: int) -> Decimal | None:
        cells = [row.cells[i] for row in self.rows]
        if any(c.why_not for c in cells):
            return None
        return sum((c.amount for c in cells if c.amount is not None), Decimal(0))

    @property
    def total(self) -> Decimal | None:
        """Return the sum of all months; nothing where one has none."""
        known = [total for total in self.totals if total is not None]
        return sum(known, Decimal(0)) if len(known) == len(self.months) else None

    @property
    def currencies(self) -> list[str]:
        return sorted({row.currency for row in self.rows})


def build(
    *,
    businesses: Mapping[int, str],
    months: tuple[date, ...],
    amounts: Mapping[Key, Decimal],
    into: str | None,
    rates: Mapping[tuple[date, str], Rate],
) -> Matrix:
    """Lay amounts out by business and month, converted once for each cell.

    `businesses` gives each one's currency. A cell is rounded to the currency's places
    and totals are sums of rounded cells, so columns and rows add up to the cent.
    """
    places = _by_place(amounts)
    rows = tuple(
        _row(pk, own, months, places, into, rates) for pk, own in businesses.items()
    )
    missing = sorted({c.why_not for row in rows for c in row.cells if c.why_not})
    return Matrix(rows=rows, currency=into, months=months, missing=tuple(missing))


def _by_place(amounts: Mapping[Key, Decimal]) -> Places:
    """Put each amount where its cell will look for it."""
    found: Places = defaultdict(dict)
    for (business, month, currency), amount in amounts.items():
        found[business, month][currency] = amount
    return found


def _row(
    pk: int,
    own: str,
    months: tuple[date, ...],
    places: Places,
    into: str | None,
    rates: Mapping[tuple[date, str], Rate],
) -> Row:
    shown = into or own
    cells = [
        _cell(month, places.get((pk, month), {}), own, shown, rates) for month in months
    ]
    return Row(business_id=pk, currency=shown, cells=tuple(cells))


@lru_cache(maxsize=512)
def _empty(month: date, currency: str) -> Cell:
    return Cell(month=month, amount=None, currency=currency)


def _cell(
    month: date,
    found: Mapping[str, Decimal],
    own: str,
    shown: str,
    rates: Mapping[tuple[date, str], Rate],
) -> Cell:
    if not found:
        return _empty(month, shown)
    if len(found) == 1 and shown in found:
        amount = round_money(found[shown], shown)
        return Cell(month, amount, shown, found.get(own), own)
    total, used = Decimal(0), None
    for currency, amount in sorted(found.items()):
        if currency == shown:
            total += amount
            continue
        used = rates.get((month, currency))
        if used is None:
            why = f"no rate from {currency} into {shown} for {month:%b %Y}"
            return Cell(month=month, amount=None, currency=shown, why_not=why)
        total += round_money(amount * used.rate, shown)
    return Cell(
        month=month,
        amount=round_money(total, shown),
        currency=shown,
        own=found.get(own),
        own_currency=own,
        rate=used,
    )
