"""What a delivery of somebody without a CRM says: an object, an id, what to do, data."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from crm_sync.contract import Event, RemoteRecord, Unreadable
from crm_sync.json_text import TOO_LARGE, read_object, why_not
from crm_sync.json_text import Unreadable as NotJson
from crm_sync.moments import as_moment, as_version
from crm_sync.providers.inbound.signatures import check_sender, under_their_names

ACTIONS = ("create", "update", "delete")
MOST_AT_ONCE = 500
_LONGEST_ID = 200
_LONGEST_EVENT_ID = 100
_LONGEST_BY = 100
_AHEAD = timedelta(days=1)
_YEARS = range(1970, 3000)
_SHAPE = '{"objectname": "deal", "id": "A-1", "action": "update", "data": {…}}'


def read_delivery(
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: Sequence[str],
    client_id: str,
    now: datetime,
    received_at: datetime,
    window: int,
) -> tuple[Event, ...]:
    """Return the records of a delivery, if its sender is known."""
    headers = under_their_names(headers)
    check_sender(
        headers,
        body,
        secrets=secrets,
        client_id=client_id,
        now=now,
        window=window,
    )
    id = headers.get("webhook-id") or headers.get("x-event-id") or ""
    return read_body(body, event_id=id, received_at=received_at)


def read_body(
    body: bytes, *, event_id: str, received_at: datetime
) -> tuple[Event, ...]:
    """Return the records that a body holds: one object, or `{"records": […]}`."""
    try:
        doc = read_object(body, twice=False)
    except NotJson as problem:
        hint = _hint(body)
        raise Unreadable(f"It is not a JSON object: {problem}", hint=hint) from None
    rows = doc.get("records", [doc])
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_AT_ONCE:
        raise Unreadable(f"records must hold 1 to {MOST_AT_ONCE} records.")
    several = "records" in doc
    if not several:
        return (_event(doc, event_id, received_at),)
    return tuple(
        _one_of_several(row, n, event_id, received_at) for n, row in enumerate(rows)
    )


def _one_of_several(row: Any, n: int, event_id: str, received_at: datetime) -> Event:
    """Say which record it is that cannot be read: the sender may have sent 500."""
    try:
        return _event(row, f"{event_id}#{n}" if event_id else "", received_at)
    except Unreadable as problem:
        id = row.get("id") if isinstance(row, dict) else None
        named = f" (id “{id[:_LONGEST_ID]}”)" if isinstance(id, str) else ""
        said = f"Record {n + 1}{named}: {problem.message}"
        raise Unreadable(said, hint=problem.hint) from None


def _event(row: Any, event_id: str, received_at: datetime) -> Event:
    if not isinstance(row, dict):
        raise Unreadable("A record must be an object.", hint=_SHAPE)
    wrong = why_not(row)
    if wrong == TOO_LARGE:
        raise Unreadable("It is nested more than 32 deep, or has too many keys.")
    if wrong:
        raise Unreadable(wrong)
    object, id = row.get("objectname", row.get("object")), row.get("id")
    action, data = str(row.get("action") or "update"), row.get("data", {})
    by = row.get("by")
    problems = _problems(object, id, action, data, by)
    moment = _moment(row, received_at, problems)
    if problems:
        raise Unreadable(" ".join(problems), hint=_SHAPE)
    name, external_id = str(object).strip(), str(id).strip()
    record = RemoteRecord(
        object=name,
        external_id=external_id,
        version=as_version(moment.isoformat()),
        payload=data if isinstance(data, dict) else {},
        deleted=action == "delete",
        changed_by=by if isinstance(by, str) else None,
        changed_at=moment,
    )
    return Event(
        id=_short(event_id) or _fingerprint(row),
        version=record.version if event_id == "" and "at" in row else "",
        kind=f"{name} {action}"[:100],
        object=name[:60],
        external_id=external_id,
        deleted=record.deleted,
        by=record.changed_by,
        at=moment,
        record=record,
    )


def _problems(object: Any, id: Any, action: str, data: Any, by: Any) -> list[str]:
    """Return what is wrong with the parts of a record, all of it at once."""
    problems = []
    if not isinstance(object, str) or not object.strip():
        problems.append("objectname: must name the object, such as deal.")
    if not isinstance(id, str) or not 0 < len(id.strip()) <= _LONGEST_ID:
        problems.append("id: must be the record's id, of at most 200 characters.")
    if action not in ACTIONS:
        problems.append(f"action: must be one of {', '.join(ACTIONS)}.")
    if not isinstance(data, dict) or (not data and action != "delete"):
        problems.append("data: must be an object with the record's values.")
    if isinstance(by, str) and len(by) > _LONGEST_BY:
        problems.append(f"by: must be of at most {_LONGEST_BY} characters.")
    return problems


def _moment(
    row: dict[str, Any], received_at: datetime, problems: list[str]
) -> datetime:
    """A sender that says when a record changed may send in any order."""
    if row.get("at") is None:
        return received_at
    try:
        moment = as_moment(str(row["at"]))
    except (ValueError, OverflowError):
        moment = None
    # At the ends of the calendar a moment has no time of day in every time zone.
    if moment is None or moment.year not in _YEARS:
        problems.append("at: must be a moment like 2026-11-24T10:42:00Z.")
        return received_at
    # Whatever is sent of this record until then would look older, and be lost.
    if moment > max(received_at, datetime.now(UTC)) + _AHEAD:
        problems.append("at: is more than a day ahead of now.")
        return received_at
    return moment


def _hint(body: bytes) -> str:
    """What to change at the sender, by what it sent instead."""
    start = body[:2000].lstrip()
    if start[:1] == b"[":
        return 'Send several as {"records": [{"objectname": …}, …]}.'
    if re.match(rb"[\w%.+-]+=", start):
        return f"It came as a form. Choose JSON as the type of the body: {_SHAPE}"
    return f"Send it as JSON, in UTF-8: {_SHAPE}"


def _short(event_id: str) -> str:
    """A long id is known by its hash: cut off, several events would be one."""
    if len(event_id) <= _LONGEST_EVENT_ID:
        return event_id
    return hashlib.sha256(event_id.encode("utf-8", "backslashreplace")).hexdigest()


def _fingerprint(row: dict[str, Any]) -> str:
    """Without an id of its own an event is known by nothing: each one counts."""
    if "at" not in row:
        return ""
    object = row.get("objectname", row.get("object"))
    text = f"{object} {row.get('id')} {row.get('at')} {row.get('action')}"
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
