"""Rate tables as formulas see them: tiers, and rows found by their keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations, pairwise
from types import MappingProxyType

from . import quotient
from .errors import ValueFault
from .limits import LIMITS
from .words import amount_words

ANY = "*"
OUTSIDE = ("flat", "line", "refuse")  # what a curve does beyond its rows
Point = tuple[Decimal, Decimal]


def _refuse_number(number: object) -> None:
    if type(number) is not Decimal or not number.is_finite():
        raise ValueError("the numbers of a table must be finite decimals")
    if not -LIMITS.largest <= number <= LIMITS.largest:
        raise ValueError("the numbers of a table go up to 1,000,000,000,000,000")


class Table:
    """What an input of the type "rate table" must be."""

    __slots__ = ()


@dataclass(frozen=True)
class Slice:
    """The part of an amount that lies in one tier, and what it earns."""

    amount: Decimal
    rate: Decimal
    starts: Decimal | None
    ends: Decimal | None

    @property
    def earned(self) -> Decimal:
        """Return the slice at its rate."""
        return self.amount * self.rate


def _on_line(points: tuple[Point, Point], total: Decimal) -> Decimal:
    (left, low), (right, high) = points
    return low + quotient.divided((high - low) * (total - left), right - left)


@dataclass(frozen=True)
class TierTable(Table):
    """Rates from a lower bound on; a total on the edge belongs "up" or "down"."""

    rows: tuple[tuple[Decimal, Decimal], ...]
    edge: str = "up"
    starts: tuple[Decimal, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = tuple(start for start, _ in self.rows)
        if not 1 <= len(self.rows) <= LIMITS.table_rows:
            raise ValueError(f"a table has 1 to {LIMITS.table_rows} rows")
        if any(low >= high for low, high in pairwise(starts)):
            raise ValueError("the bounds of a table must rise from row to row")
        for number in (*starts, *(rate for _, rate in self.rows)):
            _refuse_number(number)
        if self.edge not in ("up", "down"):
            raise ValueError('the edge of a table is "up" or "down"')
        object.__setattr__(self, "starts", starts)

    def rate_at(self, total: Decimal) -> Decimal:
        """Return the rate of the tier in which the total lies."""
        self.refuse_below(total)
        found = self.rows[0][1]
        up = self.edge == "up"
        for start, rate in self.rows:
            if start < total or (up and start == total):
                found = rate
            else:
                break
        return found

    def refuse_below(self, total: Decimal) -> None:
        """Refuse a total under the first tier; one that begins at 0 reaches below it."""
        first = self.starts[0]
        if total < first and first > 0:
            raise ValueFault(
                "no_rate",
                f"{{table}} has no rate for {amount_words(total)}; "
                f"it begins at {amount_words(first)}. Add a row that begins at 0.",
            )

    def slices(self, before: Decimal, amount: Decimal) -> list[Slice]:
        """Cut an amount that comes on top of a total into one slice for each tier."""
        low, high = before, before + amount
        sign = 1
        if amount < 0:
            low, high, sign = high, low, -1
        if not amount:
            return []
        self.refuse_below(low)
        found, last = [], len(self.rows) - 1
        for place, (start, rate) in enumerate(self.rows):
            ends = self.starts[place + 1] if place < last else None
            bottom = low if place == 0 or start < low else start
            top = high if ends is None or high < ends else ends
            if bottom < top:
                starts = start if place else None
                found.append(Slice(sign * (top - bottom), rate, starts, ends))
        return found

    def marginal(self, before: Decimal, amount: Decimal) -> Decimal:
        """Return what the slices earn; the batch path's way to the same sum."""
        low = before
        high = before + amount
        if high < low:
            low, high = high, low
        elif low == high:
            return Decimal(0)
        rows = self.rows
        if low < rows[0][0]:
            self.refuse_below(low)
        earned = Decimal(0)
        bottom, rate = low, rows[0][1]
        for start, next_rate in rows[1:]:
            if start >= high:
                break
            if start > bottom:
                earned += (start - bottom) * rate
                bottom = start
            rate = next_rate
        earned += (high - bottom) * rate
        return earned if amount > 0 else -earned

    def curve_at(self, total: Decimal, outside: str = "") -> Decimal:
        """Return the value on the straight line between the two points around total."""
        rows = self.rows
        if not rows[0][0] <= total <= rows[-1][0]:
            return self._outside(total, outside)
        for points in pairwise(rows):
            if total < points[1][0]:
                return _on_line(points, total)
        return rows[-1][1]

    def _outside(self, total: Decimal, outside: str) -> Decimal:
        rows, below = self.rows, total < self.starts[0]
        if outside == "line":
            if len(rows) == 1:
                message = "{table} has one row only, and a line needs two."
                raise ValueFault("no_line", message)
            first, second = rows[:2] if below else rows[-2:]
            return _on_line((first, second), total)
        if outside == "refuse":
            ends = f"{amount_words(self.starts[0])} to {amount_words(self.starts[-1])}"
            message = f"{{table}} goes from {ends}; {amount_words(total)} is outside."
            raise ValueFault("no_rate", message)
        return rows[0][1] if below else rows[-1][1]


@dataclass(frozen=True)
class KeyedTable(Table):
    """Rows found by one or more keys; "*" in a row stands for any value of that key."""

    rows: Mapping[tuple[str, ...], Decimal]

    def __post_init__(self) -> None:
        sizes = {len(keys) for keys in self.rows}
        if len(sizes) != 1 or not 1 <= sizes.copy().pop() <= 4:
            raise ValueError("every row of a table needs the same 1 to 4 keys")
        for number in self.rows.values():
            _refuse_number(number)
        object.__setattr__(self, "rows", MappingProxyType(dict(self.rows)))

    def __hash__(self) -> int:
        return hash(frozenset(self.rows.items()))

    def find(self, keys: tuple[str, ...]) -> Decimal | None:
        """Return the most specific row; of equals, the one that names earlier keys."""
        exact = self.rows.get(keys)
        if exact is not None:
            return exact
        size = len(keys)
        for stars in range(1, size + 1):
            for free in combinations(reversed(range(size)), stars):
                tried = tuple(ANY if at in free else key for at, key in enumerate(keys))
                if (found := self.rows.get(tried)) is not None:
                    return found
        return None

    @property
    def size(self) -> int:
        """Return how many keys a row has."""
        return len(next(iter(self.rows)))
