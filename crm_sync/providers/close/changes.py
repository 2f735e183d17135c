"""What the event log adds to a list: deletes, and edits that a list cannot show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm_sync.contract import ConfigurationProblem, Cursor, RemoteRecord, as_version
from crm_sync.providers.close.event_log import KEPT_FOR, events_since
from crm_sync.providers.close.records import deleted_record, earlier
from crm_sync.providers.close.single import read_one
from crm_sync.providers.close.transport import Transport

_TYPES = {"deal": "opportunity", "meeting": "activity.meeting"}
_CLOSED_LOG = (
    "Close does not let this key read the event log, so a deleted deal is noticed only"
    " when all ids are compared. Use the key of an administrator."
)
_TOO_LONG_AGO = (
    "The last complete sync was more than 29 days ago, and Close remembers deletes for"
    " 30 days only. All ids are compared to find the rest."
)


@dataclass(frozen=True, slots=True)
class Changes:
    """What the event log told."""

    records: tuple[RemoteRecord, ...]
    until: str
    warnings: tuple[str, ...] = ()
    compare_ids: bool = False


def changes_since(
    transport: Transport,
    object: str,
    cursor: Cursor,
    *,
    now: str,
    edits: Sequence[str] = (),
) -> Changes:
    """Return the records that were deleted, or edited as the actions `edits` name.

    Each is read once more first: only what Close then has no more is deleted.
    """
    since = str(cursor["events"])
    warnings = [_TOO_LONG_AGO] if is_too_long_ago(cursor, now) else []
    records: list[RemoteRecord] = []
    until = since
    try:
        for action in (*edits, "deleted"):
            found = events_since(
                transport, object_type=_TYPES[object], action=action, since=since
            )
            # Several events of one record are told by the last of them.
            events = {event["object_id"]: event for event in found}
            for id, event in events.items():
                until = max(until, as_version(event["date_updated"]))
                record = read_one(transport, object, id)
                if record is not None:
                    records.append(record)
                elif action == "deleted":
                    records.append(deleted_record(object, event))
    except ConfigurationProblem as problem:
        if problem.status not in (402, 403):
            raise
        return Changes((), since, (*warnings, _CLOSED_LOG), compare_ids=True)
    return Changes(
        tuple(records), min(until, max(now, since)), tuple(warnings), bool(warnings)
    )


def is_too_long_ago(cursor: Cursor, now: str) -> bool:
    """Tell whether events between then and now may have been forgotten."""
    return str(cursor["read_at"]) < earlier(now, KEPT_FOR)


def begun(cursor: Cursor, now: str) -> Cursor:
    """Return the cursor with the moments that every run needs."""
    return {"events": now, "read_at": now} | cursor
