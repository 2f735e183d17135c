"""How amounts, shares and days are written in the sentences that people read."""

from datetime import date
from decimal import Decimal

from commissions_saas.lib.money import places


def amount_text(amount: Decimal, currency: str = "USD") -> str:
    """Write an amount as people read it: `2,500.00`, with a real minus sign."""
    text = f"{abs(amount):,.{places(currency)}f}"
    return f"−{text}" if amount < 0 else text


def percent_text(rate: Decimal) -> str:
    """Write a rate as people read it: `8 %`, `7.5 %`."""
    text = format((rate * 100).normalize(), "f")
    return f"{text} %"


def day_text(day: date) -> str:
    """Write a day as people read it: `4 Nov 2026`."""
    return f"{day.day} {day:%b %Y}"


def short_day_text(day: date) -> str:
    """Write a day within this year: `23 Nov`."""
    return f"{day.day} {day:%b}"
