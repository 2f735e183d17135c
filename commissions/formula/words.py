"""Numbers and other values as people read them, exact to the last digit."""

import datetime
from decimal import Decimal

from .digits import CONTEXT
from .quotient import Exact, Quotient
from .types import Type

MOST_DIGITS = 60  # before or after the point, in what is shown of a step


def plain_number(value: Decimal) -> str:
    """Return a number without an exponent and without zeros that say nothing."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def grouped(value: Exact, least_places: int = 0) -> str:
    """Return a number with thousands commas and at least so many decimal places."""
    if isinstance(value, Quotient):
        value = value.nearest()
    if value and abs(value.adjusted()) > MOST_DIGITS:
        # A power of a power has thousands of digits, and nobody reads them.
        return f"{value:.3E}".replace("E", " × 10^").replace("^+", "^")
    text = plain_number(value)
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, _, places = text.partition(".")
    places = places.ljust(least_places, "0")
    whole = f"{int(whole):,}"
    return f"{sign}{whole}.{places}" if places else f"{sign}{whole}"


def amount_words(value: Exact) -> str:
    """Return an amount of money without its currency, such as 7,873.50."""
    return grouped(value, 2)


def percent_words(value: Decimal) -> str:
    """Return a share as a percent, such as 6.5%."""
    return f"{grouped(value.scaleb(2, CONTEXT))}%"


def value_words(value: object, kind: Type | None) -> str:
    """Return a value as a receipt shows it."""
    if value is None:
        return "no value"
    if kind is Type.TABLE:
        return kind.words
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        if kind is Type.MONEY:
            return amount_words(value)
        return percent_words(value) if kind is Type.PERCENT else grouped(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value)
