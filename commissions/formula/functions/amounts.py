"""Functions over amounts and numbers."""

import decimal
from decimal import Decimal

from .. import exact
from .declare import Accepts, Function, Place, same


def _round(value: Decimal, places: Decimal = Decimal(0)) -> Decimal:
    return exact.rounded(value, int(places))


def _floor(value: Decimal) -> Decimal:
    return value.to_integral_value(decimal.ROUND_FLOOR)


def _ceil(value: Decimal) -> Decimal:
    return value.to_integral_value(decimal.ROUND_CEILING)


def _magnitude(value: Decimal) -> Decimal:
    return -value if value < 0 else value


def _smallest(*values: Decimal) -> Decimal:
    return min(values)


def _largest(*values: Decimal) -> Decimal:
    return max(values)


_ONE = (Place("value", Accepts.AMOUNT, alike=True),)
_SEVERAL = (
    Place("value", Accepts.ORDERED, alike=True),
    Place("other", Accepts.ORDERED, alike=True, repeats=True),
)

AMOUNT_FUNCTIONS = (
    Function(
        "min",
        _SEVERAL,
        same,
        "The smallest of its values; with a limit, a cap.",
        (("min(1250, 1000)", "1000"), ("min(3, 1, 2)", "1")),
        _smallest,
    ),
    Function(
        "max",
        _SEVERAL,
        same,
        "The largest of its values; with a limit, a floor.",
        (("max(0, 12.50 - 20)", "0"), ("max(3, 1, 2)", "3")),
        _largest,
    ),
    Function(
        "abs",
        _ONE,
        same,
        "The value without its sign.",
        (("abs(-12.50)", "12.5"),),
        _magnitude,
    ),
    Function(
        "round",
        (*_ONE, Place("places", Accepts.WHOLE, optional=True)),
        same,
        "The value to so many decimal places (none if left out); half goes away from zero.",
        (
            ("round(2.5)", "3"),
            ("round(-0.125, 2)", "-0.13"),
            ("round(1250, -2)", "1300"),
        ),
        _round,
    ),
    Function(
        "floor",
        _ONE,
        same,
        "The next whole number down.",
        (("floor(2.7)", "2"), ("floor(-2.1)", "-3")),
        _floor,
    ),
    Function(
        "ceil",
        _ONE,
        same,
        "The next whole number up.",
        (("ceil(2.1)", "3"), ("ceil(-2.7)", "-2")),
        _ceil,
    ),
)
