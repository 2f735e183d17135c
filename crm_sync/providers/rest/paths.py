"""Where a value stands: `data.deals`, `$.results[*]`, `properties.amount`."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from crm_sync.contract import value_at

_NAME = r"[\w\- @:/#]+"
_PATH = re.compile(rf"(\$\.?)?({_NAME}(\.{_NAME}|\[[0-9]+\]|\[\*\])*)?(\[\*\])?")


class NothingThere(Exception):
    """The answer has nothing at a path where a list must be."""


def is_path(text: str) -> bool:
    """Tell whether a text can name a place."""
    return _PATH.fullmatch(text) is not None


def cleaned(path: str) -> str:
    """Return a path as `value_at` reads it: without signs that say nothing."""
    path = path.strip().removeprefix("$").lstrip(".").removesuffix("[*]")
    path = path.replace("[*]", ".*")
    return re.sub(r"\[(\d+)\]", r".\1", path).strip(".")


def at(answer: Any, path: str) -> Any:
    """Return what is at a path, or None."""
    if not path:
        return answer
    if isinstance(answer, list):
        first, _, rest = path.partition(".")
        if not first.isdecimal() or int(first) >= len(answer):
            return None
        return at(answer[int(first)], rest)
    return value_at(answer, path) if isinstance(answer, dict) else None


def list_at(answer: Any, path: str) -> list[Any]:
    """Return the list at a path; where it is missing that is no empty list.

    `results.*.stages` is the stages of all results, each with the values of its own
    result under `parent`; `edges.*.node` is what each edge has there. `deals.*` of an
    object is its values, each with the name that it has there as `key`.
    """
    outer, star, inner = path.partition(".*.")
    if star:
        return [row for one in list_at(answer, outer) for row in _rows_in(one, inner)]
    found = at(answer, path.removesuffix(".*"))
    if isinstance(found, dict) and path.endswith(".*"):
        return [_keyed(key, row) for key, row in found.items()]
    if isinstance(found, list):
        return found
    raise NothingThere


def _rows_in(parent: Any, path: str) -> list[Any]:
    found = None if ".*" in path else at(parent, path)
    if isinstance(found, dict):
        return [found]
    return [
        {**row, "parent": _single_values(parent)}
        for row in list_at(parent, path)
        if isinstance(row, dict)
    ]


def _keyed(key: str, row: Any) -> Any:
    return {"key": key, **row} if isinstance(row, dict) else row


def _single_values(row: Any) -> dict[str, Any]:
    return {k: v for k, v in row.items() if not isinstance(v, dict | list)}


def text_at(answer: Any, path: str) -> str:
    """Return what is at a path as text; empty where there is no single value."""
    value = at(answer, path)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, str) else ""


def is_same(value: Any, wanted: str) -> bool:
    """Tell whether a value is the wanted one, however it is spelled: 1.0 is 1, True
    is true, Won is won; an absent one is the empty text."""
    if isinstance(value, bool):
        return wanted.casefold() == ("true" if value else "false")
    text = "" if value is None else str(value).strip()
    if text.casefold() == wanted.casefold():
        return True
    try:
        return Decimal(text) == Decimal(wanted)
    except InvalidOperation:
        return False
