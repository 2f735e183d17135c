"""A source that is only declared yet, tried: its first records, and what they become."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from commissions_saas.lib.errors import ProductError
from crm_sync.connections.mapping import Seen, document_of, read_record
from crm_sync.connections.opening import IN_A_REQUEST, opened
from crm_sync.contract import Provider, RemoteRecord
from crm_sync.ledger.selectors import redacted
from crm_sync.ledger.values import to_text

_SHOWN = 3
_MOST_TEXT = 4000


@dataclass(frozen=True, slots=True)
class Tried:
    """One record, and the entry that the mapping makes of it."""

    external_id: str
    payload: str
    values: list[tuple[str, str, str]]
    problems: list[str]


@dataclass(slots=True)
class Trial:
    """What came of it: records, or everything that is wrong, in words."""

    problems: list[tuple[str, str]] = field(default_factory=list)
    object: str = ""
    count: int = 0
    rows: list[Tried] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def try_source(
    *, base_url: str, secret: str, options: Mapping[str, Any], zone: str
) -> Trial:
    """Ask a source for its first page, and keep nothing."""
    trial = Trial()
    try:
        provider = opened("rest", base_url, secret, {**options, **IN_A_REQUEST})
        _look(provider, trial, ZoneInfo(zone))
    except ProductError as problem:
        found = getattr(problem, "problems", None)
        trial.problems = (
            [(one.path, one.message) for one in found]
            if found
            else [("", f"{problem.message} {problem.hint}".strip())]
        )
    return trial


def _look(provider: Provider, trial: Trial, zone: ZoneInfo) -> None:
    trial.object = provider.objects()[0].name
    fields = provider.fields(trial.object)
    document = document_of(trial.object, provider.default_mapping(trial.object, fields))
    for page in provider.pages(trial.object, {}):
        for record in page.records:
            trial.count += 1
            if len(trial.rows) < _SHOWN:
                trial.rows.append(_tried(record, document, zone))
        trial.problems += [(row.field, row.reason) for row in page.refused[:_SHOWN]]
        break


def _tried(record: RemoteRecord, document: dict[str, Any], zone: ZoneInfo) -> Tried:
    incoming = read_record(record, document, zone, Seen())
    values = [
        (key, str(document.get(key, {}).get("source", "")), to_text(value))
        for key, value in incoming.values.items()
    ]
    text = json.dumps(redacted(record.payload), indent=2, ensure_ascii=False)
    return Tried(
        external_id=record.external_id,
        payload=text[:_MOST_TEXT],
        values=values,
        problems=[f"{one.field}: {one.reason}" for one in incoming.problems],
    )
