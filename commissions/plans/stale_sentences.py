"""Sentences for payees that name a rate or an amount which the plan no longer has."""

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from commissions.plans.document import PlanDocument, Raw

_SAID = re.compile(r"\d[\d,]*(?:\.\d+)?(?: ?%)|\d[\d,]*\.\d\d\b")
_WRITTEN = re.compile(r"\d[\d_]*(?:\.\d+)?%?")
_NONE_AND_ALL = frozenset({Decimal(0), Decimal(1)})
_WORDS = frozenset({"says", "because", "examples", "name", "waiting_for"})


def stale_sentences(
    document: PlanDocument, tables: Iterable[Mapping[str, str]] = ()
) -> list[tuple[str, list[str]]]:
    """Return components whose sentence names what no formula or table says.

    `tables` are rows of rate tables of the business, which the plan may read.
    """
    rows = [dict(row) for row in tables]
    known = _numbers(document.raw) | _numbers(rows) | _NONE_AND_ALL
    found = []
    for part in document.components:
        said = [text for text in _SAID.findall(part.says) if _value(text) not in known]
        if said:
            found.append((part.name, said))
    return found


def _numbers(raw: object) -> set[Decimal]:
    """Return every number that is written in formulas, tables and days."""
    return {_value(text) for text in _WRITTEN.findall(json.dumps(_without_words(raw)))}


def _without_words(raw: object) -> Raw | object:
    if isinstance(raw, Mapping):
        return {k: _without_words(v) for k, v in raw.items() if k not in _WORDS}
    if isinstance(raw, list | tuple):
        return [_without_words(part) for part in raw]
    return raw


def _value(text: str) -> Decimal:
    plain = text.replace(",", "").replace("_", "").replace(" ", "")
    if plain.endswith("%"):
        return Decimal(plain[:-1]).scaleb(-2).normalize()
    return Decimal(plain).normalize()
