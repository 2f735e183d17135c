"""Functions over amounts and numbers."""

import decimal
from decimal import Decimal

from .. import exact, quotient
from ..errors import ValueFault
from .declare import Accepts, Function, Place, anywhere, of_its_parts, same


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


def _clamp(value: Decimal, least: Decimal, most: Decimal) -> Decimal:
    if least > most:
        message = "The least is more than the most, so nothing lies between them."
        raise ValueFault("limits_crossed", message, 1)
    return max(least, min(value, most))


def _prorate(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    if not whole:
        raise ValueFault("division_by_zero", "This divides by zero.", 2)
    return quotient.divided(amount * part, whole)


_ONE = (Place("value", Accepts.AMOUNT, alike=True),)
_ONE_AMOUNT = (Place("amount", Accepts.AMOUNT, alike=True),)
_SEVERAL = (
    Place("value", Accepts.ORDERED, alike=True),
    Place("other", Accepts.ORDERED, alike=True, repeats=True),
)

AMOUNT_FUNCTIONS = (
    Function(
        "min",
        _SEVERAL,
        same,
        "The smallest of its values: a cap, where one of them is the most to be paid.",
        (
            ("min(deal.amount * 10%, 1500)", "1500"),
            ("min(1250, 1000)", "1000"),
            ("min(3, 1, 2)", "1"),
        ),
        _smallest,
        reach=of_its_parts,
    ),
    Function(
        "max",
        _SEVERAL,
        same,
        "The largest of its values: a floor, where one of them is the least to be paid.",
        (
            ("max(deal.amount * 1%, 500)", "500"),
            ("max(0, 12.50 - 20)", "0"),
            ("max(3, 1, 2)", "3"),
        ),
        _largest,
        reach=of_its_parts,
    ),
    Function(
        "clamp",
        (
            Place("value", Accepts.ORDERED, alike=True),
            Place("least", Accepts.ORDERED, alike=True),
            Place("most", Accepts.ORDERED, alike=True),
        ),
        same,
        "The value, but no less than the least and no more than the most.",
        (
            ("clamp(deal.amount / quota, 0, 150%) * 5000", "1200"),
            ("clamp(1250, 500, 1000)", "1000"),
            ("clamp(1.7, 0, 1.5)", "1.5"),
            ("clamp(-20, 0, 1000)", "0"),
        ),
        _clamp,
        reach=of_its_parts,
    ),
    Function(
        "prorate",
        (*_ONE_AMOUNT, Place("part", Accepts.COUNT), Place("whole", Accepts.COUNT)),
        same,
        "The amount for a part of the whole, such as 12 days of 30.",
        (
            ("prorate(quota, 20, 30)", "60000"),
            ("prorate(3000, 12, 30)", "1200"),
            ("prorate(100, 31, 31)", "100"),
        ),
        _prorate,
        reach=anywhere,
        divides=True,
    ),
    Function(
        "abs",
        _ONE,
        same,
        "The value without its sign.",
        (("abs(-12.50)", "12.5"),),
        _magnitude,
        reach=of_its_parts,
    ),
    Function(
        "round",
        (*_ONE, Place("places", Accepts.WHOLE, optional=True)),
        same,
        "The value to so many decimal places (none if left out); half goes away from zero.",
        (
            ("round(deal.amount / 7, 2)", "3085.71"),
            ("round(2.5)", "3"),
            ("round(-0.125, 2)", "-0.13"),
            ("round(1250, -2)", "1300"),
        ),
        _round,
        reach=of_its_parts,
    ),
    Function(
        "floor",
        _ONE,
        same,
        "The next whole number down.",
        (
            ("floor(deal.amount / 1000) * 50", "1050"),
            ("floor(2.7)", "2"),
            ("floor(-2.1)", "-3"),
        ),
        _floor,
        reach=of_its_parts,
    ),
    Function(
        "ceil",
        _ONE,
        same,
        "The next whole number up.",
        (("ceil(2.1)", "3"), ("ceil(-2.7)", "-2")),
        _ceil,
        reach=of_its_parts,
    ),
)
