"""How amounts, numbers, days and moments are written for one reader."""

import html
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, get_timezone_name
from babel.numbers import (
    NumberPattern,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
)

from commissions_saas.lib.money import places, round_money

MINUS = "\u2212"
NO_AMOUNT = "\u2014"

# English readers get one order of day and month, which nobody can misread; the first
# item is for a moment, the second for a bare date.
_ENGLISH = {
    "full": ("d MMM y HH:mm", "d MMM y"),
    "short": ("d MMM HH:mm", "d MMM"),
    "seconds": ("d MMM y HH:mm:ss", "d MMM y"),
    "date": ("d MMM y", "d MMM y"),
    "day": ("EEE d MMM y", "EEE d MMM y"),
    "weekday": ("EEE d MMM", "EEE d MMM"),
    "month": ("MMMM y", "MMMM y"),
    "time": ("HH:mm", ""),
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the locale of their amounts, the zone of their times."""

    locale: str = "en_US"
    zone: str = "UTC"

    @property
    def language(self) -> str:
        return locale_of(self.locale).language


@lru_cache(maxsize=64)
def locale_of(name: str) -> Locale:
    """Return the locale of that name, or American English where it is unknown."""
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en", "US")


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """Return the zone of that name, or UTC where it is unknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def format_amount(
    amount: Decimal, currency: str, reader: Reader, *, whole: bool = False
) -> str:
    """Return the size of an amount, without sign and symbol: `83,119.36`."""
    return size_of(round_money(amount, currency), currency, reader, whole=whole)


def size_of(amount: Decimal, currency: str, reader: Reader, *, whole: bool) -> str:
    """Return the size of an amount that has the currency's places already."""
    digits = 0 if whole else places(currency)
    if whole:
        amount = round_money(amount, "JPY")
    return _grouped(abs(amount), reader, (digits, digits))


def format_money(amount: Decimal, currency: str, reader: Reader) -> str:
    """Return an amount as one text with sign and symbol: `−$612.00`, for titles, mails."""
    rounded = round_money(amount, currency)
    sign = MINUS if rounded < 0 else ""
    return (
        f"{sign}{symbol_of(currency, reader)}{format_amount(amount, currency, reader)}"
    )


def symbol_of(currency: str, reader: Reader) -> str:
    """Return the currency's sign as the reader knows it: `$`, `CA$`, `€`."""
    symbol = get_currency_symbol(currency, locale_of(reader.locale))
    return f"{symbol}\u00a0" if symbol == currency else symbol


def format_number(value: Decimal | int, reader: Reader, *, most: int = 6) -> str:
    """Return a number with grouping and no needless zeros: `72,126.5`."""
    number = Decimal(value)
    sign = MINUS if number < 0 else ""
    return sign + _grouped(abs(number), reader, (0, most))


def format_percent(
    ratio: Decimal, reader: Reader, *, least: int = 0, most: int = 2
) -> str:
    """Return a ratio as a percentage: `0.0736` is `7.36 %`."""
    sign = MINUS if ratio < 0 else ""
    return f"{sign}{_grouped(abs(ratio) * 100, reader, (least, most))}\u00a0%"


def format_when(moment: datetime | date, reader: Reader, style: str = "full") -> str:
    """Return a moment in the reader's zone, or a bare date, in one of the styles."""
    locale = locale_of(reader.locale)
    is_moment = isinstance(moment, datetime)
    if isinstance(moment, datetime):
        moment = moment.astimezone(zone_of(reader.zone))
    if locale.language == "en" or style in ("month", "day", "weekday"):
        moment_pattern, date_pattern = _ENGLISH[style]
    else:
        moment_pattern, date_pattern = ("medium", "medium")
        if style in ("time", "date"):
            moment_pattern = {"time": "HH:mm", "date": "d MMM y"}[style]
    if is_moment:
        return str(format_datetime(moment, moment_pattern, locale=locale))
    return str(format_date(moment, date_pattern, locale=locale))


def zone_words(reader: Reader) -> str:
    """Return the zone's name in words, such as `Central Time`."""
    if reader.zone == "UTC":
        return "UTC"
    return str(
        get_timezone_name(
            zone_of(reader.zone), width="long", zone_variant=None,
            locale=locale_of(reader.locale), return_zone=False,
        )
    )  # fmt: skip


def reader_of(request: Any) -> Reader:
    """Return how to write for whoever asked: the user's locale, the business's zone."""
    user = getattr(request, "user", None)
    business = getattr(request, "business", None)
    return Reader(
        locale=getattr(user, "locale", "") or "en_US",
        zone=getattr(business, "time_zone", "") or "UTC",
    )


def _grouped(value: Decimal, reader: Reader, digits: tuple[int, int]) -> str:
    locale = locale_of(reader.locale)
    marks = _marks(locale)
    if marks is not None and digits[0] == digits[1]:
        return f"{value:,.{digits[0]}f}".translate(marks)
    return str(_pattern(locale, digits).apply(value, locale))


@lru_cache(maxsize=64)
def _marks(locale: Locale) -> dict[int, str] | None:
    """Return how a locale writes the marks of 1,234.50, if it differs in no more."""
    pattern = locale.decimal_formats[None]
    plain = pattern.grouping == (3, 3) and not pattern.prefix[0] + pattern.suffix[0]
    if not plain or locale.default_numbering_system != "latn":
        return None
    group, point = get_group_symbol(locale), get_decimal_symbol(locale)
    if html.escape(group + point) != group + point:
        return None  # so that what is written with them is safe in a page
    return {ord(","): group, ord("."): point}


def whole_and_full(
    amount: Decimal, currency: str, reader: Reader
) -> tuple[str, str] | None:
    """Return the size of a rounded amount in whole units, and with all its places.

    None where the reader's language does more than to write other marks. Both are safe
    in a page as they are.
    """
    marks = _marks(locale_of(reader.locale))
    if marks is None:
        return None
    size = abs(amount)
    full = f"{size:,.{places(currency)}f}".translate(marks)
    return f"{round_money(size, 'JPY'):,.0f}".translate(marks), full


@lru_cache(maxsize=256)
def _pattern(locale: Locale, digits: tuple[int, int]) -> NumberPattern:
    """Return the locale's way to group digits, with that many after the point."""
    pattern: NumberPattern = copy(locale.decimal_formats[None])
    pattern.frac_prec = digits
    return pattern
