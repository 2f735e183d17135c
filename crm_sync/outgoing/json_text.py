"""Reads and writes JSON so that numbers stay the text they are."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

_DEEPEST = 32
_MOST_KEYS = 10_000
TOO_LARGE = "The record is too large."
# Text that JSON can carry but a database cannot: zero bytes, half a character.
_HARMFUL = re.compile(rb"\\u(0000|[dD][89a-fA-F])")


class Number(str):
    """A number's own text, told apart from text that only looks like one."""

    __slots__ = ()


_SINGLE = frozenset((str, Number, bool, type(None)))  # what has nothing inside


class NotJson(ValueError):
    """These bytes are no JSON, or none that can be kept."""


class Doubled(dict[str, Any]):
    """An object in which one name has two values: which of them holds, nobody knows."""

    name: str = ""


def read_json(body: bytes, *, odd: bool = False, twice: bool = True) -> Any:
    """Read JSON; every number in it becomes its own text.

    NaN and Infinity are no JSON. Where `odd` ones are let through as text, the one
    record that has them is refused later, not the page on which it stands; so is one
    that says something `twice`, where that is looked for.
    """
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            parse_int=Number,
            parse_float=Number,
            parse_constant=Number if odd else _refuse,
            object_pairs_hook=None if twice else _marked,
        )
    except UnicodeDecodeError:
        raise NotJson("it is not written in UTF-8.") from None
    except RecursionError:
        raise NotJson("it is nested too deeply.") from None
    except ValueError as problem:
        raise NotJson(str(problem)) from None
    return _clean(value) if _HARMFUL.search(body) else value


def is_json(body: bytes) -> bool:
    """Tell whether these bytes are JSON, from the first to the last."""
    try:
        read_json(body)
    except NotJson:
        return False
    return True


def write_json(value: Any) -> str:
    """Write JSON in which a Decimal is a number, digit by digit."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        pairs = (f"{json.dumps(str(k))}: {write_json(v)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(write_json, value)) + "]"
    return json.dumps(value)


def too_large(record: Any) -> bool:
    """Tell whether a record is nested too deeply or has too many keys to keep."""
    return why_not(record) != ""


def why_not(record: Any) -> str:
    """Return why a record cannot be kept: its size, or a name with two values."""
    if type(record) is dict and _SINGLE.issuperset(map(type, record.values())):
        return TOO_LARGE if len(record) > _MOST_KEYS else ""
    keys = 0
    layer = [record] if isinstance(record, (dict, list)) else []
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for value in layer:
            if isinstance(value, Doubled):
                return f"“{value.name[:60]}” is there twice, with two values."
            keys += len(value)
            inside = value.values() if isinstance(value, dict) else value
            below += [one for one in inside if isinstance(one, (dict, list))]
        if keys > _MOST_KEYS:
            return TOO_LARGE
        layer = below
        if not layer:
            return ""
    return TOO_LARGE


def _marked(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        for name, value in pairs:
            if found[name] != value:
                doubled = Doubled(found)
                doubled.name = name
                return doubled
    return found


def _refuse(constant: str) -> None:
    raise NotJson(f"{constant} is not a number.")


def _clean(value: Any) -> Any:
    if isinstance(value, Number):
        return value
    if isinstance(value, str):
        whole = value.replace("\x00", "\ufffd").encode("utf-16-le", "surrogatepass")
        return whole.decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        cleaned = {_clean(key): _clean(item) for key, item in value.items()}
        if isinstance(value, Doubled):
            doubled = Doubled(cleaned)
            doubled.name = _clean(value.name)
            return doubled
        return cleaned
    return value
