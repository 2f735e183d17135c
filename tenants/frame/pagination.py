"""Pages of a long table by key, so that page 200 costs what page 1 costs."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

Row = TypeVar("Row")
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a table, where they stand in it, and the way on and back."""

    rows: Sequence[Row]
    total: int
    first: int
    size: int
    next_cursor: str = ""
    previous_cursor: str = ""

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


@dataclass(frozen=True, slots=True)
class _Cursor:
    back: bool
    number: int  # of the first row of the page that it leads to
    values: tuple[Any, ...]


def paginate(
    rows: QuerySet[Any],
    *,
    order: Sequence[str],
    cursor: str = "",
    size: int = PAGE_SIZE,
    total: int | None = None,
    scope: str = "",
) -> Page[Any]:
    """Return the page that `cursor` leads to; an unreadable cursor leads to the first.

    `order` names columns that are never null, the last of them unique; `-` turns one
    around. Pass `total` where it is already known, else it costs a count. A cursor of
    another `scope` is as unreadable as a broken one.
    """
    total = rows.count() if total is None else total
    place = _read(cursor, order, scope)
    back = place is not None and place.back
    wanted = [_turned(key) for key in order] if back else list(order)
    if place is not None:
        rows = rows.filter(_beyond(wanted, place.values))
    found = list(rows.order_by(*wanted)[: size + 1])
    more = len(found) > size
    found = found[:size]
    if back:
        found.reverse()
    first = place.number if place is not None else 1
    if back and not more:
        first = 1
    has_next, has_previous = (True, more) if back else (more, place is not None)
    return Page(
        rows=found,
        total=total,
        first=first if found else 0,
        size=size,
        next_cursor=_write(order, found[-1], first + len(found), scope, back=False)
        if found and has_next
        else "",
        previous_cursor=_write(order, found[0], max(first - size, 1), scope, back=True)
        if found and has_previous
        else "",
    )


def leads_somewhere(cursor: str, *, order: Sequence[str], scope: str = "") -> bool:
    """Tell whether a cursor was made for this order and scope, and not changed since."""
    return _read(cursor, order, scope) is not None


def paginate_list(
    rows: Sequence[Row], *, cursor: str = "", size: int = PAGE_SIZE
) -> Page[Row]:
    """Return a page of rows that are already in memory; the cursor is a row number."""
    start = int(cursor) - 1 if cursor.isdecimal() and len(cursor) < 10 else 0
    start = max(0, min(start, len(rows) - 1) // size * size) if rows else 0
    return Page(
        rows=rows[start : start + size],
        total=len(rows),
        first=start + 1 if rows else 0,
        size=size,
        next_cursor=str(start + size + 1) if start + size < len(rows) else "",
        previous_cursor=str(start - size + 1) if start else "",
    )


def _turned(key: str) -> str:
    return key[1:] if key.startswith("-") else f"-{key}"


def _beyond(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Return the rows after `values` in `order`.

    The bound on the first key alone says nothing new, but lets PostgreSQL start its
    index scan there; it does not see that in the alternatives.
    """
    beyond, same = Q(), Q()
    for key, value in zip(order, values, strict=True):
        name, sign = (key[1:], "lt") if key.startswith("-") else (key, "gt")
        beyond |= same & Q(**{f"{name}__{sign}": value})
        same &= Q(**{name: value})
    name, sign = (
        (order[0][1:], "lte") if order[0].startswith("-") else (order[0], "gte")
    )
    return Q(**{f"{name}__{sign}": values[0]}) & beyond


def _value(row: Any, key: str) -> Any:
    name = key.lstrip("-")
    if isinstance(row, dict):
        return row[name]
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _write(
    order: Sequence[str], row: Any, number: int, scope: str, *, back: bool
) -> str:
    words = [_word(_value(row, key)) for key in order]
    text = json.dumps([int(back), number, *words], separators=(",", ":"))
    cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return f"{cursor}.{_seal(cursor, order, scope)}"


def _seal(cursor: str, order: Sequence[str], scope: str) -> str:
    """Sign a cursor for its order: values of another kind would be a fault."""
    text = f"{','.join(order)}|{cursor}" + (f"|{scope}" if scope else "")
    return salted_hmac("tenants.frame.pagination", text).hexdigest()[:16]


def _word(value: Any) -> list[str]:
    for mark, kind in (("m", datetime), ("d", date)):
        if isinstance(value, kind):
            return [mark, value.isoformat()]
    if isinstance(value, Decimal):
        return ["n", f"{value:f}"]
    if isinstance(value, int):
        return ["i", str(int(value))]
    return ["u", str(value)] if isinstance(value, UUID) else ["s", str(value)]


_READERS: dict[str, Callable[[str], Any]] = {
    "m": datetime.fromisoformat,
    "d": date.fromisoformat,
    "n": Decimal,
    "i": int,
    "u": UUID,
    "s": str,
}


def _read(cursor: str, order: Sequence[str], scope: str) -> _Cursor | None:
    cursor, _, seal = cursor.partition(".")
    if not seal or len(cursor) > 2000:
        return None
    if not constant_time_compare(seal, _seal(cursor, order, scope)):
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        back, number, *words = json.loads(text)
        values = tuple(_READERS[mark](word) for mark, word in words)
        place = _Cursor(back=bool(back), number=int(number), values=values)
    except (
        ValueError,
        KeyError,
        TypeError,
        InvalidOperation,
        binascii.Error,
        RecursionError,
    ):
        return None
    return place if len(place.values) == len(order) and place.number > 0 else None
