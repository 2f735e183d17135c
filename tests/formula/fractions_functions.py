"""What each function gives, in exact fractions; it shares no line with the language."""

import datetime
from calendar import monthrange
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from commissions.formula import KeyedTable, TierTable

F = Fraction
NOTHING = F(0)


class NoAnswer(Exception):
    """These values have no answer."""


def _rows(table: TierTable) -> list[tuple[Fraction, Fraction]]:
    return [(F(start), F(rate)) for start, rate in table.rows]


def _rate_at(total: Fraction, table: TierTable) -> Fraction:
    rows = _rows(table)
    if total < rows[0][0] and rows[0][0] > 0:
        raise NoAnswer
    reached = [
        rate
        for start, rate in rows
        if start < total or (start == total and table.edge == "up")
    ]
    return reached[-1] if reached else rows[0][1]


def _area(total: Fraction, table: TierTable) -> Fraction:
    """Return what everything from 0 to a total earns, as the area under the rates."""
    rows = _rows(table)
    bounds = [None, *(start for start, _ in rows[1:]), None]
    found = F(0)
    for at, (_, rate) in enumerate(rows):
        low, high = bounds[at], bounds[at + 1]
        sides = []
        for end in (total, F(0)):
            end = end if low is None else max(end, low)
            sides.append(end if high is None else min(end, high))
        found += (sides[0] - sides[1]) * rate
    return found


def _marginal(before: Fraction, amount: Fraction, table: TierTable) -> Fraction:
    first = F(table.rows[0][0])
    if amount and first > 0 and min(before, before + amount) < first:
        raise NoAnswer
    return _area(before + amount, table) - _area(before, table)


def _curve(total: Fraction, table: TierTable, outside: str = "") -> Fraction:
    rows = _rows(table)
    below, above = total < rows[0][0], total > rows[-1][0]
    if below or above:
        if outside == "refuse" or (outside == "line" and len(rows) == 1):
            raise NoAnswer
        if outside != "line":
            return rows[0][1] if below else rows[-1][1]
    for (x0, y0), (x1, y1) in pairwise(rows):
        if x0 <= total <= x1 or (below and x0 == rows[0][0]):
            return y0 + (y1 - y0) / (x1 - x0) * (total - x0)
    if above:
        (x0, y0), (x1, y1) = rows[-2:]
        return y0 + (y1 - y0) / (x1 - x0) * (total - x0)
    return rows[-1][1]


def _text_of(key: Any) -> str:
    if isinstance(key, str):
        return key
    number = Decimal(key.numerator) / Decimal(key.denominator)
    return f"{number.normalize():f}"


def _found(table: KeyedTable, keys: tuple[Any, ...]) -> Decimal | None:
    if not isinstance(table, KeyedTable):
        raise NoAnswer
    wanted = [_text_of(key) for key in keys]
    fitting = [
        row
        for row in table.rows
        if len(row) == len(wanted)
        and all(mine in ("*", key) for mine, key in zip(row, wanted, strict=True))
    ]
    # A row with fewer stars first; of equals, the one whose first star comes later.
    fitting.sort(key=lambda row: (row.count("*"), [key == "*" for key in row]))
    return table.rows[fitting[0]] if fitting else None


def _lookup(table: KeyedTable, *keys: Any) -> Fraction:
    found = _found(table, keys)
    if found is None:
        raise NoAnswer
    return F(found)


def _prize(rank: Fraction, tied: Fraction, table: TierTable) -> Fraction:
    if rank.denominator != 1 or tied.denominator != 1 or not 0 <= rank <= 1000:
        raise NoAnswer
    if not 0 <= tied <= 1000 or (rank and not tied):
        raise NoAnswer
    if not rank:
        return F(0)
    return F(sum(_rate_at(rank + at, table) for at in range(int(tied)))) / tied


def _clamp(value: Any, least: Any, most: Any) -> Any:
    if least > most:
        raise NoAnswer
    return sorted((least, value, most))[1]


def _round(value: Fraction, places: Fraction = NOTHING) -> Fraction:
    scaled = abs(value) * F(10) ** int(places)
    found = F((scaled + F(1, 2)).__floor__()) / F(10) ** int(places)
    return found if value >= 0 else -found


def _prorate(amount: Fraction, part: Fraction, whole: Fraction) -> Fraction:
    if not whole:
        raise NoAnswer
    return amount / whole * part


def _added_months(day: datetime.date, months: int) -> datetime.date:
    year, month = day.year, day.month + months
    while month > 12:
        year, month = year + 1, month - 12
    while month < 1:
        year, month = year - 1, month + 12
    if not 1 <= year <= 9999:
        raise NoAnswer
    return datetime.date(year, month, min(day.day, monthrange(year, month)[1]))


def _months(first: datetime.date, last: datetime.date) -> Fraction:
    if last < first:
        return -_months(last, first)
    count = 0
    while True:
        try:
            if _added_months(first, count + 1) > last:
                return F(count)
        except NoAnswer:
            return F(count)
        count += 1


def _months_begun(first: datetime.date, last: datetime.date) -> Fraction:
    if last <= first:
        return F(0)
    whole = _months(first, last)
    return whole + (_added_months(first, int(whole)) < last)


def _shifted(
    how: Callable[[datetime.date, int], datetime.date],
) -> Callable[[datetime.date, Fraction], datetime.date]:
    def shifted(day: datetime.date, count: Fraction) -> datetime.date:
        if count.denominator != 1 or abs(count) > 100_000:
            raise NoAnswer
        try:
            return how(day, int(count))
        except OverflowError:
            raise NoAnswer from None

    return shifted


def _blended(before: Fraction, amount: Fraction, table: TierTable) -> Fraction:
    if not amount:
        return _rate_at(before, table)
    return _marginal(before, amount, table) / amount


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "NOT": lambda one: not one,
    "min": lambda *all_: min(all_),
    "max": lambda *all_: max(all_),
    "abs": abs,
    "round": _round,
    "floor": lambda one: F(one.__floor__()),
    "ceil": lambda one: F(one.__ceil__()),
    "clamp": _clamp,
    "prorate": _prorate,
    "marginal": _marginal,
    "whole": lambda total, amount, table: amount * _rate_at(total, table),
    "rate_at": _rate_at,
    "curve": _curve,
    "blended_rate": _blended,
    "prize": _prize,
    "lookup": _lookup,
    "has_row": lambda table, *keys: _found(table, keys) is not None,
    "is_one_of": lambda one, *others: any(one == other for other in others),
    "contains": lambda text, part: part.casefold() in text.casefold(),
    "starts_with": lambda text, part: (
        text.casefold()[: len(part.casefold())] == part.casefold()
    ),
    "ends_with": lambda text, part: text.casefold().endswith(part.casefold()),
    "lower": str.lower,
    "date": lambda text: datetime.date(*map(int, text.split("-"))),
    "days_between": lambda first, last: F(last.toordinal() - first.toordinal()),
    "days_including": lambda first, last: F(
        max(0, last.toordinal() - first.toordinal() + 1)
    ),
    "months_between": _months,
    "months_begun": _months_begun,
    "add_days": _shifted(lambda day, days: day + datetime.timedelta(days)),
    "add_months": _shifted(_added_months),
    "month_start": lambda day: datetime.date(day.year, day.month, 1),
    "month_end": lambda day: (
        _added_months(day.replace(day=1), 1) - datetime.timedelta(1)
    ),
    "days_in_month": lambda day: F(
        (
            _added_months(day.replace(day=1), 1) - datetime.date(day.year, day.month, 1)
        ).days
    ),
    "quarter": lambda day: F(1 + (day.month > 3) + (day.month > 6) + (day.month > 9)),
    "year": lambda day: F(day.year),
    "month": lambda day: F(day.month),
    "day": lambda day: F(day.day),
}
