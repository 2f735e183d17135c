"""What fields records have, and of what type, told from some of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from crm_sync.contract import SourceField
from crm_sync.outgoing.json_text import Number

_DEEPEST = 4
_MOST = 300
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,10})?")
# Numbers that are names: adding them up means nothing.
_NAMES = re.compile(r"(^|[._])(id|ids|phone|zip|postcode|code|number|no)$|Id$")
# Keys that only hold other fields together, and are no part of their names.
_CONTAINERS = frozenset(
    [
        "attributes",
        "custom",
        "customfields",
        "custom_fields",
        "data",
        "fields",
        "properties",
        "values",
    ]
)
_THEIR_TYPES = {
    "number": "double currency int integer long decimal float monetary percent number",
    "date": "date datetime time timestamp",
    "yesno": "bool boolean checkbox booleancheckbox yesno",
}


def our_type(theirs: str) -> str:
    """Return a source's own name of a type as one of ours."""
    word = theirs.strip().casefold()
    for ours, names in _THEIR_TYPES.items():
        if word in names.split():
            return ours
    return "text"


def found_fields(object_: str, rows: Iterable[Any]) -> tuple[SourceField, ...]:
    """Return every single value that rows have, with a type that fits all of them."""
    values: dict[str, list[Any]] = {}
    several: set[str] = set()
    for row in rows:
        for path, value in _leaves(row, "", 0):
            if isinstance(value, list):
                several.add(path)
            if path in values or len(values) < _MOST:
                values.setdefault(path, []).append(value)
    return tuple(
        SourceField(
            object=object_,
            key=path,
            label=label_of(path),
            type="text" if path in several else _type_of(path, found),
            multiple=path in several,
        )
        for path, found in values.items()
    )


def label_of(path: str) -> str:
    """Return a path as people would say it: `closeDate` is Close date, `owner.email` is
    Owner email, and `custom.vip` is Vip."""
    parts = [part for part in path.split(".") if not part.isdecimal()] or [path]
    named = [part for part in parts[-2:-1] if part.casefold() not in _CONTAINERS]
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", " ".join([*named, parts[-1]]))
    words = re.sub(r"[_\-\s]+", " ", spaced).strip()
    return words[:1].upper() + words[1:] if words else path


def _leaves(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        if depth >= _DEEPEST:
            return
        for key, one in value.items():
            yield from _leaves(one, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, list):
        if path and value and not any(isinstance(one, dict | list) for one in value):
            yield path, value
    elif path:
        yield path, value


def _type_of(path: str, values: list[Any]) -> str:
    there = [value for value in values if value is not None and value != ""]
    if not there:
        return "text"
    if all(isinstance(value, bool) for value in there):
        return "yesno"
    if any(isinstance(value, bool) for value in there):
        return "text"
    if all(_is_date(str(value)) for value in there):
        return "date"
    is_number = all(_NUMBER.fullmatch(str(value)) for value in there)
    is_real = all(isinstance(value, Number) for value in there)
    # A text of digits may be a phone number; one with a point is a number.
    looks_real = is_real or any("." in str(value) for value in there)
    if is_number and looks_real and not _NAMES.search(path):
        return "number"
    return "text"


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text.replace("+0000", "+00:00"))
    except ValueError:
        return False
    return True
