"""A quotient that has no last digit, such as 1/3, kept whole until a formula ends.

A decimal would cut it after 34 digits, and `annual / 12 * 3` would be a hair above the
quarter of the year. Only what no 34 digits can hold is a quotient: everything else, and
every result of a formula, is a Decimal.
"""

import decimal
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Union, cast

from .digits import CONTEXT

# About 300 digits above and below the line; beyond it 34 digits have to do.
_BITS = 1_024
_ONE_PART = 10**34

Exact = Union[Decimal, "Quotient"]
_TO_WHOLE: dict[str, Callable[[int, int, int], bool]] = {
    # What is left after dropping the point: whole, rest × 2 against what divides it.
    decimal.ROUND_HALF_UP: lambda whole, twice, by: twice >= by,
    decimal.ROUND_HALF_EVEN: lambda whole, twice, by: (
        twice > by or (twice == by and bool(whole & 1))
    ),
    decimal.ROUND_UP: lambda whole, twice, by: True,
    decimal.ROUND_DOWN: lambda whole, twice, by: False,
}


class Quotient:
    """A fraction in lowest terms that is no decimal; it reckons with decimals."""

    __slots__ = ("above", "below")

    def __init__(self, above: int, below: int) -> None:
        self.above = above
        self.below = below

    def nearest(self) -> Decimal:
        """Return the nearest decimal of 34 digits."""
        return CONTEXT.divide(Decimal(self.above), Decimal(self.below))

    def quantize(
        self, unit: Decimal, rounding: str = decimal.ROUND_HALF_EVEN
    ) -> Decimal:
        """Round to the places of the unit, from all the digits that there are."""
        exponent = unit.as_tuple().exponent
        assert isinstance(exponent, int)
        up, down = 10 ** max(-exponent, 0), 10 ** max(exponent, 0)
        by = self.below * down
        whole, rest = divmod(abs(self.above) * up, by)
        if rest:
            whole += _TO_WHOLE[rounding](whole, 2 * rest, by)
        if whole >= _ONE_PART:
            raise decimal.InvalidOperation
        return Decimal(-whole if self.above < 0 else whole) * Decimal(
            (0, (1,), exponent)
        )

    def to_integral_value(self, rounding: str = decimal.ROUND_FLOOR) -> Decimal:
        """Return the next whole number down, or up."""
        down = self.above // self.below
        return Decimal(down + (rounding == decimal.ROUND_CEILING))

    def __repr__(self) -> str:
        return f"Quotient({self.above}, {self.below})"

    def __format__(self, how: str) -> str:
        return format(self.nearest(), how)

    def __hash__(self) -> int:
        return hash((self.above, self.below))

    def __neg__(self) -> "Quotient":
        return Quotient(-self.above, self.below)

    def __pos__(self) -> "Quotient":
        return self

    def __add__(self, other: Exact) -> Exact:
        above, below = _ratio(other)
        return of(self.above * below + above * self.below, self.below * below)

    __radd__ = __add__

    def __sub__(self, other: Exact) -> Exact:
        above, below = _ratio(other)
        return of(self.above * below - above * self.below, self.below * below)

    def __rsub__(self, other: Exact) -> Exact:
        above, below = _ratio(other)
        return of(above * self.below - self.above * below, self.below * below)

    def __mul__(self, other: Exact) -> Exact:
        above, below = _ratio(other)
        return of(self.above * above, self.below * below)

    __rmul__ = __mul__

    def __truediv__(self, other: Exact) -> Exact:
        above, below = _ratio(other)
        if not above:
            raise decimal.DivisionByZero
        return of(self.above * below, self.below * above)

    def __rtruediv__(self, other: Exact) -> Exact:
        above, below = _ratio(other)
        return of(above * self.below, below * self.above)

    def __floordiv__(self, other: Exact) -> Decimal:
        above, below = _ratio(other)
        return _whole(self.above * below, self.below * above)

    def __rfloordiv__(self, other: Exact) -> Decimal:
        above, below = _ratio(other)
        return _whole(above * self.below, below * self.above)

    def __mod__(self, other: Exact) -> Exact:
        return self - (self // other) * other

    def __rmod__(self, other: Exact) -> Exact:
        return other - (other // self) * self

    def __pow__(self, power: Decimal) -> Exact:
        times = abs(int(power))
        if times * max(self.above.bit_length(), self.below.bit_length()) > 4 * _BITS:
            return self.nearest() ** power
        above, below = self.above**times, self.below**times
        if power > 0:
            return _lowest(above, below)
        return _lowest(below if above > 0 else -below, abs(above))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Decimal | Quotient):
            return NotImplemented
        return (self.above, self.below) == _ratio(other)

    def __lt__(self, other: Exact) -> bool:
        above, below = _ratio(other)
        return self.above * below < above * self.below

    def __le__(self, other: Exact) -> bool:
        above, below = _ratio(other)
        return self.above * below <= above * self.below

    def __gt__(self, other: Exact) -> bool:
        return not self <= other

    def __ge__(self, other: Exact) -> bool:
        return not self < other


def _ratio(value: object) -> tuple[int, int]:
    if isinstance(value, Decimal | int):
        return value.as_integer_ratio()
    if isinstance(value, Quotient):
        return value.above, value.below
    raise TypeError(f"a quotient does not reckon with a {type(value).__name__}")


def of(above: int, below: int) -> Exact:
    """Return a fraction as a decimal where 34 digits hold it, else as a quotient."""
    if max(above.bit_length(), below.bit_length()) > 4 * _BITS:
        return CONTEXT.divide(Decimal(above), Decimal(below))
    shared = math.gcd(above, below) * (-1 if below < 0 else 1)
    return _lowest(above // shared, below // shared)


def _lowest(above: int, below: int) -> Exact:
    near = CONTEXT.divide(Decimal(above), Decimal(below))
    if below == 1 or max(above.bit_length(), below.bit_length()) > _BITS:
        return near
    if _ends(below) and near.as_integer_ratio() == (above, below):
        return near
    return Quotient(above, below)


def _ends(below: int) -> bool:
    """Say whether one part of so many has a last digit."""
    odd = below >> ((below & -below).bit_length() - 1)
    return pow(5, 450, odd) == 0


def _whole(above: int, below: int) -> Decimal:
    whole = abs(above) // abs(below)
    if whole >= _ONE_PART:
        # Decimal, too, refuses a whole quotient that its digits cannot hold.
        raise decimal.InvalidOperation
    return Decimal(-whole if (above < 0) != (below < 0) else whole)


def divided(left: Decimal, right: Decimal) -> Decimal:
    """Divide, and keep a quotient that has no last digit; it passes for a decimal."""
    found = left / right
    if type(left) is not Decimal or type(right) is not Decimal:
        return found
    # It rounds once, at its end: zero says that nothing was cut.
    if not found.fma(right, left.copy_negate()):
        return found
    (above, under), (over, by) = left.as_integer_ratio(), right.as_integer_ratio()
    return cast(Decimal, of(above * by, under * over))


def plain(value: object) -> object:
    """Return a value as a decimal, rounded once if it has no last digit."""
    return value.nearest() if isinstance(value, Quotient) else value
