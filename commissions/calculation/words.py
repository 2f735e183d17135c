"""How receipts write figures, days and names."""

from datetime import date
from decimal import Decimal

from commissions_saas.lib.money import places


def shown(amount: Decimal, currency: str) -> str:
    """Write an amount: 72,126.50, with more places only where it has them."""
    plain = amount.normalize()
    exponent = plain.as_tuple().exponent
    given = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    text = f"{amount:,.{max(places(currency), min(given, 10))}f}"
    return text.replace("-", "−")


def share_words(share: Decimal) -> str:
    """Write a share: 50 %."""
    percent = (share * 100).normalize()
    return f"{percent:f} %"


def day_words(day: date) -> str:
    """Write a day as people do: 4 Nov 2026."""
    return f"{day.day} {day.strftime('%b %Y')}"


def name_words(name: str) -> str:
    """Write a measure's or field's name: dealer_fee becomes dealer fee."""
    return name.replace("_", " ")


def plain(value: Decimal) -> str:
    """Write a number that is no amount: 1,284 or 0.5."""
    text = f"{value.normalize():,f}"
    return text.replace("-", "−")
