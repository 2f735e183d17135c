"""JSON that must be one object; every number in it stays the text that was sent."""

from __future__ import annotations

from typing import Any

from crm_sync.outgoing.json_text import (
    TOO_LARGE,
    NotJson,
    read_json,
    too_large,
    why_not,
)

__all__ = ["TOO_LARGE", "Unreadable", "read_object", "too_large", "why_not"]


class Unreadable(ValueError):
    """These bytes are not a JSON object."""


def read_object(
    body: bytes, *, odd: bool = False, twice: bool = True
) -> dict[str, Any]:
    """Read a JSON object; every number in it becomes its own text."""
    try:
        value = read_json(body, odd=odd, twice=twice)
    except NotJson as problem:
        raise Unreadable(str(problem)) from None
    if not isinstance(value, dict):
        raise Unreadable("it is a list or a single value.")
    return value
