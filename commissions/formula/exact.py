"""Decimal arithmetic that is the same on every machine: 34 digits, half-even, with traps."""

import decimal
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from . import quotient
from .digits import CONTEXT
from .errors import ValueFault
from .limits import LIMITS
from .quotient import Quotient


@contextmanager
def arithmetic() -> Iterator[None]:
    """Reckon in the product's context, whatever the caller's is."""
    before = decimal.getcontext()
    decimal.setcontext(CONTEXT)
    try:
        yield
    finally:
        decimal.setcontext(before)


def too_large(value: object) -> Decimal:
    """Refuse a part whose last digits would be lost."""
    raise ValueFault("too_large", "This becomes too large to reckon with.")


def watched(value: object) -> None:
    """Refuse a part that no longer keeps ten places."""
    if not isinstance(value, Decimal | Quotient):
        return
    if not -LIMITS.exact <= value <= LIMITS.exact:
        too_large(value)


def scaleb(value: Decimal, power: int) -> Decimal:
    """Return value × 10^power, exactly."""
    sign, digits, exponent = value.as_tuple()
    return Decimal((sign, digits, int(exponent) + power))


def power(base: Decimal, exponent: Decimal) -> Decimal:
    """Return a whole power; anything to the power 0 is 1."""
    if not exponent:
        return Decimal(1)
    if not base and exponent < 0:
        # Decimal would answer Infinity here without any signal.
        raise ValueFault("division_by_zero", "This divides by zero.", 0)
    if exponent < 0:
        return quotient.divided(Decimal(1), base**-exponent)
    return base**exponent


def rounded(value: Decimal, places: int) -> Decimal:
    """Round half away from zero."""
    return value.quantize(scaleb(Decimal(1), -places), decimal.ROUND_HALF_UP)


def divided(left: Decimal, right: Decimal) -> Decimal:
    """Divide, with a sentence where nothing can be divided; cut no digits."""
    if not right:
        raise ValueFault("division_by_zero", "This divides by zero.", 1)
    return quotient.divided(left, right)


def divided_whole(left: Decimal, right: Decimal) -> Decimal:
    """Divide and drop what follows the point."""
    if not right:
        raise ValueFault("division_by_zero", "This divides by zero.", 1)
    return left // right


def remainder(left: Decimal, right: Decimal) -> Decimal:
    """Return what a whole division leaves; it has the sign of the first value."""
    if not right:
        raise ValueFault("division_by_zero", "This divides by zero.", 1)
    return left % right
