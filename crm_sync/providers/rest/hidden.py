"""Errors that come with a status that says that all is well, and what is not there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crm_sync.outgoing.json_text import Number

_LONGEST = 200
_WELL = ("", "ok", "none", "null", "false", "success")
_BAD = ("error", "fail", "failed", "failure")
_SAID = ("message", "error_description", "detail", "error_info", "title", "code")
_NOTHING = re.compile(
    r"\bno (records?|data|results?|rows?|items?|entries|deals|matches)\b|\bnot found\b"
    r"|\bnothing (was )?found\b|\bempty\b",
    re.I,
)
_GONE = ("not found", "no such", "not exist", "deleted", "unknown id", "404")


def hidden_error(doc: Any) -> str:
    """Return the error that an answer without rows tells of, or "" if it tells none."""
    if not isinstance(doc, Mapping):
        return ""
    said = _text(doc.get("error")) or _text(doc.get("errors"))
    refuses = doc.get("success") is False or doc.get("ok") is False
    if str(doc.get("status") or "").casefold() in _BAD:
        refuses = True
    if not said and refuses:
        said = _text(doc) or "it does not say which"
    return " ".join(said.split())[:_LONGEST].rstrip(".")


def says_gone(error: str) -> bool:
    """Tell whether an error about one record says that it is there no more."""
    return any(words in error.casefold() for words in _GONE)


def says_nothing(error: str) -> bool:
    """Tell whether an error beside an empty list only says that it is empty."""
    return _NOTHING.search(error) is not None


def _text(value: Any) -> str:
    """Return what an error says, wherever in it that stands."""
    if isinstance(value, list):
        return next((text for text in map(_text, value) if text), "")
    if isinstance(value, Mapping):
        return next((text for text in map(_text, map(value.get, _SAID)) if text), "")
    if not isinstance(value, str) or isinstance(value, Number):
        return ""
    return "" if value.strip().casefold() in _WELL else value


def not_there(name: str, path: str) -> str:
    """Say that a list that need not be there is not."""
    return (
        f"{name} has nothing at {path[:100]} (404): what it would list there is not"
        " read."
    )
