"""Rows of Close as records of ours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from crm_sync.contract import Payload, RefusedRow, RemoteRecord
from crm_sync.json_text import too_large
from crm_sync.moments import as_moment, as_version, version_at

_LONGEST_ID = 200
_ON_THEIR_OWN = {"lead": ("opportunities", "tasks", "contacts")}


def record_of(object: str, row: Any) -> RemoteRecord | RefusedRow:
    """Return a row as a record, or why it cannot be one."""
    if not isinstance(row, dict):
        return RefusedRow(object, "Close sent something that is not a record.")
    id = row.get("id")
    if object in _ON_THEIR_OWN:
        # These come as records themselves; here they would change with each of them.
        row = {key: row[key] for key in row if key not in _ON_THEIR_OWN[object]}
    if too_large(row):
        said = id[:_LONGEST_ID] if isinstance(id, str) else ""
        return RefusedRow(object, "The record is too large.", external_id=said)
    if not isinstance(id, str) or not 0 < len(id) <= _LONGEST_ID:
        return RefusedRow(object, "The record has no id.", field="id", payload=row)
    try:
        changed_at = as_moment(row.get("date_updated"))
        version = version_at(changed_at)
    except ValueError:
        reason = "The record does not say when it was last changed."
        return RefusedRow(
            object, reason, field="date_updated", external_id=id, payload=row
        )
    changed_by = row.get("updated_by")
    return RemoteRecord(
        object=object,
        external_id=id,
        version=version,
        payload=row,
        changed_by=changed_by if isinstance(changed_by, str) else None,
        changed_at=changed_at,
    )


def deleted_record(object: str, event: Payload) -> RemoteRecord:
    """Return the end of a record, as the event log tells it."""
    said = event.get("previous_data")
    before = said if isinstance(said, dict) else {}
    version = as_version(event["date_updated"])
    changed_by = event.get("user_id")
    return RemoteRecord(
        object=object,
        external_id=event["object_id"],
        version=max(version, _version_before(before)),
        payload=before,
        deleted=True,
        changed_by=changed_by if isinstance(changed_by, str) else None,
        changed_at=as_moment(version),
    )


def earlier(version: str, by: timedelta) -> str:
    """Return a version some time before this one, at a whole second."""
    return version_at((as_moment(version) - by).replace(microsecond=0))


def whole_second(version: str) -> str:
    """Return the second a version is in; finer filters are not to be relied on."""
    return version[:19] + ".000000Z"


def asked(version: str) -> str:
    """Return a version's second as a parameter that needs no escaping."""
    return version[:19] + "Z"


def total_of(doc: Payload) -> int | None:
    """Return how many rows a list counts over all its pages, where it says so."""
    total = doc.get("total_results")
    return int(total) if isinstance(total, str) and total.isdecimal() else None


def _version_before(payload: Payload) -> str:
    try:
        return as_version(payload.get("date_updated"))
    except ValueError:
        return ""
