"""Functions that read rate tables."""

from decimal import Decimal

from ..errors import ValueFault
from ..tables import KeyedTable, Slice, Table, TierTable
from ..types import Type
from ..words import amount_words, grouped, percent_words, plain_number
from .declare import Accepts, Function, Place, Values, always, earned


def _tiers(table: object, argument: int) -> TierTable:
    if isinstance(table, TierTable):
        return table
    raise ValueFault(
        "wrong_table", "{table} is read by its keys; use lookup.", argument
    )


def _marginal(before: Decimal, amount: Decimal, table: Table) -> Decimal:
    return _tiers(table, 2).marginal(before, amount)


def _whole(total: Decimal, amount: Decimal, table: Table) -> Decimal:
    return amount * _tiers(table, 2).rate_at(total)


def _rate_at(total: Decimal, table: Table) -> Decimal:
    return _tiers(table, 1).rate_at(total)


def _curve(total: Decimal, table: Table) -> Decimal:
    return _tiers(table, 1).curve_at(total)


def _keys(table: object, keys: tuple[str | Decimal, ...]) -> tuple[str, ...]:
    if not isinstance(table, KeyedTable):
        raise ValueFault("wrong_table", "{table} has tiers; use rate_at.", 0)
    if table.size != len(keys):
        message = f"{{table}} is read by {table.size} keys, not {len(keys)}."
        raise ValueFault("wrong_keys", message, 0)
    return tuple(key if isinstance(key, str) else plain_number(key) for key in keys)


def _lookup(table: Table, *keys: str | Decimal) -> Decimal:
    wanted = _keys(table, keys)
    assert isinstance(table, KeyedTable)
    found = table.find(wanted)
    if found is None:
        shown = ", ".join(f'"{key}"' for key in wanted)
        raise ValueFault("no_row", f"{{table}} has no row for {shown}.")
    return found


def _has_row(table: Table, *keys: str | Decimal) -> bool:
    wanted = _keys(table, keys)
    assert isinstance(table, KeyedTable)
    return table.find(wanted) is not None


def _slice_words(part: Slice, kind: Type) -> str:
    if kind is Type.MONEY:
        figures = f"{amount_words(part.amount)} × {percent_words(part.rate)}"
        place = amount_words
    else:
        figures = f"{grouped(part.amount)} × {grouped(part.rate)}"
        place = grouped
    words = f"{figures} = {amount_words(part.earned)}"
    if part.ends is not None:
        return f"{words} (up to {place(part.ends)})"
    return f"{words} (above {place(part.starts)})" if part.starts is not None else words


def _marginal_phrases(values: Values, kind: Type) -> tuple[str, ...]:
    before, amount, table = values
    assert isinstance(before, Decimal) and isinstance(amount, Decimal)
    parts = _tiers(table, 2).slices(before, amount)
    return tuple(_slice_words(part, kind) for part in parts)


def _whole_phrases(values: Values, kind: Type) -> tuple[str, ...]:
    total, amount, table = values
    assert isinstance(total, Decimal) and isinstance(amount, Decimal)
    rate = _tiers(table, 2).rate_at(total)
    shown, at = (
        (amount_words(amount), percent_words(rate))
        if kind is Type.MONEY
        else (grouped(amount), grouped(rate))
    )
    return (f"{shown} × {at} = {amount_words(amount * rate)} (all at one rate)",)


_TABLE = Place("table", Accepts.TABLE)
_KEYS = (_TABLE, Place("key", Accepts.KEY, repeats=True))

RATE_FUNCTIONS = (
    Function(
        "marginal",
        (
            Place("before", Accepts.AMOUNT, alike=True),
            Place("amount", Accepts.AMOUNT, alike=True),
            _TABLE,
        ),
        earned,
        "Each slice of the amount at the rate of its own tier, "
        "counted on from the total before it.",
        (
            ("marginal(72126.50, 10800, tiers.example)", "706.53"),
            ("marginal(0, 100000, tiers.example)", "6400"),
            ("marginal(82926.50, -10800, tiers.example)", "-706.53"),
        ),
        _marginal,
        _marginal_phrases,
    ),
    Function(
        "whole",
        (
            Place("total", Accepts.AMOUNT),
            Place("amount", Accepts.AMOUNT, alike=True),
            _TABLE,
        ),
        earned,
        "The whole amount at one rate: that of the tier in which the total lies.",
        (
            ("whole(80000, 80000, tiers.example)", "6400"),
            ("whole(79999.99, 1000, tiers.example)", "60"),
        ),
        _whole,
        _whole_phrases,
    ),
    Function(
        "rate_at",
        (Place("total", Accepts.AMOUNT), _TABLE),
        always(Type.PLAIN),
        "The rate (or amount) of the tier in which the total lies.",
        (("rate_at(80000, tiers.example)", "0.08"),),
        _rate_at,
    ),
    Function(
        "curve",
        (Place("total", Accepts.AMOUNT), _TABLE),
        always(Type.PLAIN),
        "The value on the straight line between the two rows around the total.",
        (("curve(40000, tiers.example)", "0.07"),),
        _curve,
    ),
    Function(
        "lookup",
        _KEYS,
        always(Type.PLAIN),
        'The number in the row with these keys; a row with "*" serves any other key.',
        (
            ('lookup(tables.example, "Heat pump", "North")', "0.07"),
            ('lookup(tables.example, "Heat pump", "South")', "0.05"),
        ),
        _lookup,
    ),
    Function(
        "has_row",
        _KEYS,
        always(Type.YESNO),
        "Whether lookup would find a row with these keys.",
        (('has_row(tables.example, "Boiler", "North")', "no"),),
        _has_row,
    ),
)
