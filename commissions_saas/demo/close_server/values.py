"""Ids, moments and JSON in the shapes that Close gives them."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LENGTH = 43


def make_id(prefix: str, *parts: object) -> str:
    """Return an id that looks like Close's and is always the same for `parts`."""
    digest = hashlib.sha256("\x1f".join(map(str, (prefix, *parts))).encode()).digest()
    number = int.from_bytes(digest, "big")
    text = ""
    for _ in range(_LENGTH):
        number, digit = divmod(number, 62)
        text += _DIGITS[digit]
    return f"{prefix}_{text}"


def stamp(moment: datetime) -> str:
    """Return a moment as sortable text; Close keeps milliseconds."""
    at = moment.astimezone(UTC)
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")


def stamp_of(text: str) -> str:
    """Return the sortable text of a moment or day that a request names."""
    at = datetime.fromisoformat(text)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")


def shown(stamped: str, *, offset: bool = True) -> str:
    """Return a stamp as Close prints it: no fraction where it is zero."""
    text = stamped.removesuffix(".000000")
    return text + "+00:00" if offset else text


def read_json(text: str) -> Any:
    """Read JSON with exact numbers."""
    return json.loads(text, parse_float=Decimal)


def write_json(value: Any) -> str:
    """Write JSON in which a Decimal is a number, digit by digit."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        pairs = (f"{json.dumps(str(k))}: {write_json(v)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(write_json, value)) + "]"
    return json.dumps(value)
