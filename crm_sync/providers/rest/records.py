"""Rows of a source as records of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crm_sync.contract import Payload, RefusedRow, RemoteRecord
from crm_sync.moments import as_moment
from crm_sync.outgoing.json_text import why_not
from crm_sync.providers.rest.document import CursorRule, Stream
from crm_sync.providers.rest.moments import version_of
from crm_sync.providers.rest.paths import at, is_same, text_at

# A Salesforce id of 15 characters is one of 18 without its check.
_LONGEST_ID = 200
Joined = Mapping[str, Mapping[str, Payload]]


def record_of(
    stream: Stream, row: Any, *, deleted: bool, joined: Joined, unversioned: str
) -> RemoteRecord | RefusedRow:
    """Return a row as a record, or why it cannot be one.

    What does not say when it was changed has the version `unversioned`.
    """
    if not isinstance(row, dict):
        return RefusedRow(stream.object, "The source sent something that is no record.")
    id = id_of(stream, row)
    wrong = why_not(row)
    if wrong:
        return RefusedRow(stream.object, wrong, external_id=id[:_LONGEST_ID])
    if not id or len(id) > _LONGEST_ID:
        reason = f"Its id is longer than {_LONGEST_ID} signs."
        return RefusedRow(
            stream.object,
            reason if id else "The record has no id.",
            field=stream.key[0],
            payload=dict(row),
        )
    version = newest(stream.cursor, row) or unversioned
    rule = stream.deletes
    if rule.kind == "flag" and is_flagged(row, rule.path, rule.value):
        deleted = True
    payload = dict(row)
    for name, (other, by) in stream.joins.items():
        key = text_at(row, by)
        # Where the list may not be read, the id is better than nothing.
        payload[name] = joined.get(other, {}).get(key) or {"id": key, "label": key}
    changed_by = text_at(row, stream.changed_by) if stream.changed_by else ""
    return RemoteRecord(
        object=stream.object,
        external_id=id,
        version=version,
        payload=payload,
        deleted=deleted,
        changed_by=changed_by or None,
        changed_at=as_moment(version) if newest(stream.cursor, row) else None,
    )


def denies(stream: Stream, row: Any) -> bool:
    """Tell whether a row in a list of deleted records lacks the flag that says so: a
    source may well answer with other rows than it was asked for."""
    rule = stream.deletes
    if rule.kind != "flag" or not isinstance(row, dict):
        return False
    return not is_flagged(row, rule.path, rule.value)


def is_flagged(row: Payload, path: str, wanted: str) -> bool:
    """Tell whether a value is the wanted one; where none is named, whether it is
    anything at all, such as the moment of the delete."""
    value = at(row, path)
    if wanted == "null" and value is None:
        # What is not there at all is no null: perhaps the path is wrong.
        above, _, last = path.rpartition(".")
        inner = at(row, above)
        return isinstance(inner, dict) and last in inner
    if wanted:
        return is_same(value, wanted)
    text = "" if value is None else str(value).strip().casefold()
    return text not in ("", "false", "0", "no", "n", "null", "[]", "{}")


def id_of(stream: Stream, row: Payload) -> str:
    """Return the id of a row; several keys make one id."""
    parts = [text_at(row, path) for path in stream.key]
    if stream.key_form == "salesforce":
        parts = [_eighteen(part) for part in parts]
    return ":".join(parts) if all(parts) else ""


def _eighteen(id: str) -> str:
    """Return a Salesforce id of 15 characters, where case matters, with the three that
    say the case of each: the form in which it is the same everywhere."""
    if len(id) != 15:
        return id
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    for start in (0, 5, 10):
        part = id[start : start + 5]
        bits = sum(1 << place for place, sign in enumerate(part) if sign.isupper())
        id += signs[bits]
    return id


def newest(rule: CursorRule | None, row: Payload) -> str:
    """Return the latest of the moments that a row was changed at, as a version."""
    found = ""
    for path in rule.fields if rule else ():
        text = text_at(row, path)
        if not text or rule is None:
            continue
        try:
            found = max(found, version_of(text, rule.format))
        except (ValueError, OverflowError):
            continue
    return found


def merged_into(stream: Stream, record: RemoteRecord) -> tuple[RemoteRecord, ...]:
    """Return the ends of the records that have become part of this one."""
    if not stream.merges or record.deleted:
        return ()
    value = at(record.payload, stream.merges)
    ids = value if isinstance(value, list) else re.split(r"[;,\s]+", str(value or ""))
    return tuple(
        RemoteRecord(
            object=stream.object,
            external_id=str(id).strip(),
            version=record.version,
            payload={},
            deleted=True,
            changed_at=record.changed_at,
        )
        for id in ids
        if str(id).strip() and str(id).strip() != record.external_id
    )
