"""Functions that read rate tables."""

from decimal import Decimal

from .. import exact, quotient
from ..errors import ValueFault
from ..tables import OUTSIDE, KeyedTable, Slice, Table, TierTable
from ..types import Type
from ..words import amount_words, grouped, percent_words, plain_number
from .declare import Accepts, Function, Place, Values, always, anywhere, earned

MOST_PLACES = 1_000


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


def _blended_rate(before: Decimal, amount: Decimal, table: Table) -> Decimal:
    tiers = _tiers(table, 2)
    if not amount:
        return tiers.rate_at(before)
    return quotient.divided(tiers.marginal(before, amount), amount)


def _curve(total: Decimal, table: Table, outside: str = "") -> Decimal:
    return _tiers(table, 1).curve_at(total, outside)


def _keys(
    table: object, keys: tuple[str | Decimal, ...], argument: int = 0
) -> tuple[str, ...]:
    if not isinstance(table, KeyedTable):
        raise ValueFault("wrong_table", "{table} has tiers; use rate_at.", argument)
    if table.size != len(keys):
        many = "key" if table.size == 1 else "keys"
        message = f"{{table}} is read by {table.size} {many}, not {len(keys)}."
        raise ValueFault("wrong_keys", message, argument)
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


def _place(value: Decimal, argument: int) -> int:
    if value != value.to_integral_value() or not 0 <= value <= MOST_PLACES:
        message = f"This must be a whole number from 0 to {MOST_PLACES:,}."
        raise ValueFault("not_whole", message, argument)
    return int(value)


def _prizes(rank: Decimal, tied: Decimal, table: Table) -> list[Decimal]:
    """Return what the places pay that people of one rank cover together."""
    first, people = _place(rank, 0), _place(tied, 1)
    if first and not people:
        message = "This counts the people of one rank, so it is at least 1."
        raise ValueFault("nobody_tied", message, 1)
    places = range(first, first + people) if first else range(0)
    if isinstance(table, TierTable):
        return [table.rate_at(Decimal(place)) for place in places]
    keyed = [_keys(table, (Decimal(place),), 2) for place in places]
    assert isinstance(table, KeyedTable)
    return [table.find(keys) or Decimal(0) for keys in keyed]


def _prize(rank: Decimal, tied: Decimal, table: Table) -> Decimal:
    prizes = _prizes(rank, tied, table)
    if not prizes:
        return Decimal(0)
    return quotient.divided(sum(prizes, Decimal(0)), Decimal(len(prizes)))


def _prize_phrases(values: Values, kind: Type) -> tuple[str, ...]:
    rank, tied, table = values
    assert isinstance(rank, Decimal) and isinstance(tied, Decimal)
    assert isinstance(table, Table)
    prizes = _prizes(rank, tied, table)
    if not prizes:
        return ("no rank, so no prize",)
    total, count = sum(prizes, Decimal(0)), len(prizes)
    if count == 1:
        return (f"place {grouped(rank)} pays {amount_words(total)}",)
    last = grouped(rank + tied - 1)
    paid = f"places {grouped(rank)} to {last} pay {amount_words(total)}"
    each = exact.rounded(total / count, 4)
    return (f"{paid} together, ÷ {count} = {amount_words(each)} each",)


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
        "counted on from the total before it, as tax brackets do.",
        (
            ("marginal(volume.before, deal.amount, tiers.example)", "1570.53"),
            ("marginal(72126.50, 10800, tiers.example)", "706.53"),
            ("marginal(0, 100000, tiers.example)", "6400"),
            ("marginal(82926.50, -10800, tiers.example)", "-706.53"),
        ),
        _marginal,
        _marginal_phrases,
        anywhere,
        100,
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
            ("whole(volume.before, deal.amount, tiers.example)", "1296"),
            ("whole(volume.before + deal.amount, deal.amount, tiers.example)", "1728"),
            ("whole(80000, 80000, tiers.example)", "6400"),
            ("whole(79999.99, 1000, tiers.example)", "60"),
        ),
        _whole,
        _whole_phrases,
        anywhere,
        100,
    ),
    Function(
        "rate_at",
        (Place("total", Accepts.AMOUNT), _TABLE),
        always(Type.PLAIN),
        "The rate (or amount) of the tier in which the total lies.",
        (
            ("deal.amount * rate_at(volume.before, tiers.example)", "1296"),
            ("rate_at(80000, tiers.example)", "0.08"),
        ),
        _rate_at,
        cost=100,
    ),
    Function(
        "curve",
        (
            Place("total", Accepts.AMOUNT),
            _TABLE,
            Place("outside", Accepts.CHOICE, optional=True, choices=OUTSIDE),
        ),
        always(Type.PLAIN),
        "The value on the straight line between the two rows around the total. "
        'Beyond the rows it stays as at the end ("flat", also where nothing is said), '
        'goes on in the same direction ("line") or has no answer ("refuse").',
        (
            ("curve(40000, tiers.example)", "0.07"),
            ('curve(120000, tiers.example, "flat")', "0.08"),
            ('curve(120000, tiers.example, "line")', "0.09"),
        ),
        _curve,
        reach=anywhere,
        cost=100,
        divides=True,
    ),
    Function(
        "blended_rate",
        (
            Place("before", Accepts.AMOUNT, alike=True),
            Place("amount", Accepts.AMOUNT, alike=True),
            _TABLE,
        ),
        always(Type.PLAIN),
        "The one rate at which the amount earns what marginal gives for it.",
        (
            ("blended_rate(0, 160000, tiers.example)", "0.07"),
            ("blended_rate(90000, 500, tiers.example)", "0.08"),
        ),
        _blended_rate,
        reach=anywhere,
        cost=100,
        divides=True,
    ),
    Function(
        "prize",
        (Place("rank", Accepts.COUNT), Place("tied", Accepts.COUNT), _TABLE),
        always(Type.PLAIN),
        "What a place pays. People who tie share the prizes of the places that they "
        "cover; rank 0 wins nothing.",
        (
            ("prize(1, 1, tiers.prizes)", "500"),
            ("prize(2, 2, tiers.prizes)", "250"),
            ("prize(3, 4, tiers.prizes)", "50"),
            ("prize(0, 0, tiers.prizes)", "0"),
        ),
        _prize,
        _prize_phrases,
        cost=MOST_PLACES,
        divides=True,
    ),
    Function(
        "lookup",
        _KEYS,
        always(Type.PLAIN),
        'The number in the row with these keys; a row with "*" serves any other key.',
        (
            ('deal.amount * lookup(tables.example, deal.product, "South")', "1080"),
            ('lookup(tables.example, "Heat pump", "North")', "0.07"),
            ('lookup(tables.example, "Heat pump", "South")', "0.05"),
        ),
        _lookup,
        cost=16,
    ),
    Function(
        "has_row",
        _KEYS,
        always(Type.YESNO),
        "Whether lookup would find a row with these keys.",
        (('has_row(tables.example, "Boiler", "North")', "no"),),
        _has_row,
        cost=16,
    ),
)
