"""Rows of people and stages under our names: as the document says, else as is usual."""

from __future__ import annotations

from collections.abc import Mapping

from crm_sync.contract import Payload
from crm_sync.providers.rest.document import MapRow, Stream
from crm_sync.providers.rest.paths import at, is_same, text_at

# What most sources call it, the most telling first; spelled without _, - and capitals.
_USUAL: Mapping[str, tuple[str, ...]] = {
    "email": ("email", "emailaddress", "mail", "primaryemail"),
    "name": ("name", "fullname", "displayname", "label", "title"),
    "first_name": ("firstname", "givenname"),
    "last_name": ("lastname", "familyname", "surname"),
    "active": ("active", "isactive", "activeflag", "enabled"),
    "label": ("label", "name", "title"),
    "pipeline": ("pipeline", "pipelinename"),
}
_NOT_ACTIVE = ("archived", "isarchived", "deleted", "isdeleted", "disabled")


def mapped(stream: Stream, row: Payload) -> dict[str, str]:
    """Return a row under our names."""
    if stream.map:
        return {one.target: _value(one, row) for one in stream.map}
    plain = {
        str(key).casefold().replace("_", "").replace("-", ""): text_at(row, str(key))
        for key in row
    }
    found = {
        ours: next((plain[name] for name in names if plain.get(name)), "")
        for ours, names in _USUAL.items()
    }
    gone = any(plain.get(name, "") in ("true", "1", "yes") for name in _NOT_ACTIVE)
    if gone:
        found["active"] = "false"
    return {ours: text for ours, text in found.items() if text}


def _value(row: MapRow, payload: Payload) -> str:
    for rule in row.rules:
        when = rule["when"].items()
        if all(is_same(at(payload, path), wanted) for path, wanted in when):
            return str(rule["gives"])
    text = text_at(payload, row.source) if row.source else row.const
    return row.values.get(text, text)
