"""How rows of rate tables and values of assignments are written for people."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from commissions.calculation.words import plain, share_words
from commissions.plans.table_form import read_number
from commissions_saas.lib.errors import ProductError


def value_words(text: str) -> str:
    """Write a value: 90000 as 90,000; what is no number stays as it is."""
    number = _number(text)
    if number is None:
        return text
    return share_words(number) if text.endswith("%") else plain(number)


def rows_in_words(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Write rates below one as percents, where all of a table's are, and group others."""
    rates = [_number(row.get("rate", "")) for row in rows]
    percents = any(rates) and all(rate is not None and abs(rate) < 1 for rate in rates)
    return [
        {
            name: share_words(rate)
            if name == "rate" and percents and rate is not None
            else value_words(text)
            if name in ("from", "rate")
            else text
            for name, text in row.items()
        }
        for row, rate in zip(rows, rates, strict=True)
    ]


def _number(text: str) -> Decimal | None:
    try:
        return read_number(text)
    except ProductError:
        return None
