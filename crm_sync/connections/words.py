"""A source's words as ours: what a mapping says of single values, beside their type."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from crm_sync.connections import errors
from crm_sync.contract import value_at

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def said(payload: Mapping[str, Any], row: Mapping[str, Any]) -> Any:
    """Return what a record says: by the first rule that fits, else at its place or where
    it was called otherwise, else what is always so; a word that has one of ours becomes
    it."""
    for rule in row.get("rules") or ():
        when = rule.get("when") or {}
        if all(is_same(value_at(payload, path), text) for path, text in when.items()):
            return rule.get("gives", "")
    source = str(row.get("source") or "")
    raw = value_at(payload, source) if source else None
    for before in row.get("also") or ():
        if raw is None or raw == "":
            raw = value_at(payload, before)
    if raw is None or raw == "":
        return row.get("const") or raw
    values = row.get("values") or {}
    if values and not isinstance(raw, Mapping | list):
        return values.get(_text(raw), raw)
    return raw


def is_same(value: Any, wanted: str) -> bool:
    """Tell whether a value is the wanted one, however it is spelled: 1.0 is 1, True is
    true, Won is won; an absent one is the empty text."""
    text = _text(value)
    if text.casefold() == str(wanted).casefold():
        return True
    try:
        return Decimal(text) == Decimal(str(wanted))
    except InvalidOperation:
        return False


def cleaned(key: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row's words and rules if they are as they must be, else refuse them."""
    found: dict[str, Any] = {}
    values, rules, scale = row.get("values"), row.get("rules"), row.get("scale")
    also = row.get("also")
    if also:
        if not isinstance(also, list | tuple):
            raise errors.BadMapping(f"{key}: also is a list of fields.")
        found["also"] = [str(path) for path in also]
    if values:
        if not isinstance(values, Mapping):
            raise errors.BadMapping(f"{key}: values are a table of words.")
        found["values"] = {str(one): str(ours) for one, ours in values.items()}
    if rules:
        if not isinstance(rules, list | tuple) or not all(
            isinstance(rule, Mapping) and isinstance(rule.get("when", {}), Mapping)
            for rule in rules
        ):
            raise errors.BadMapping(
                f"{key}: rules are a list.",
                hint='[{"when": {"is_won": "true"}, "gives": "won"}]',
            )
        found["rules"] = [
            {
                "when": {str(p): str(w) for p, w in rule.get("when", {}).items()},
                "gives": str(rule.get("gives", "")),
            }
            for rule in rules
        ]
    if scale:
        try:
            number = Decimal(str(scale))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise errors.BadMapping(f"{key}: scale is no number to multiply by.")
    return found


def from_epoch(text: str) -> str:
    """Return a count of seconds or milliseconds since 1970 as the moment it is."""
    if text.startswith("/Date("):  # as older OData writes it
        text = re.sub(r"/Date\(([0-9]{10,13})(?:[+-][0-9]{4})?\)/", r"\1", text)
    if not (text.isascii() and text.isdecimal() and len(text) in (10, 13)):
        return text
    seconds = int(text) if len(text) == 10 else int(text) // 1000
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value).strip()


def written(raw: Any) -> str:
    """Return as text what is no text: an object or a list as its source writes it."""
    if isinstance(raw, dict | list):
        return json.dumps(raw, ensure_ascii=False)
    return str(raw)
