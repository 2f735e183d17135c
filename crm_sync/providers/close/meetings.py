"""Reads meetings: new ones by window, edited and deleted ones by the event log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from crm_sync.contract import Cursor, Listing, Page, RefusedRow, RemoteRecord
from crm_sync.providers.close.changes import begun, changes_since, is_too_long_ago
from crm_sync.providers.close.event_log import LATE_BY
from crm_sync.providers.close.records import earlier, record_of, total_of, version_at
from crm_sync.providers.close.transport import Transport
from crm_sync.providers.close.windows import windows

_PATH = "activity/meeting/"
_EDITS = ("updated", "completed", "canceled")


def meeting_pages(
    transport: Transport, cursor: Cursor, page_size: int, oldest: str
) -> Iterator[Page]:
    """Yield the meetings created since the cursor, then the edited and deleted."""
    now = _now(transport)
    cursor = begun(cursor, now)
    since = str(cursor.get("created") or "")
    if not since or is_too_long_ago(cursor, now):
        # Edits older than the event log's memory show only in the list itself.
        since = oldest
    else:
        since = earlier(since, LATE_BY)
    for window in windows(
        transport, path=_PATH, since=since, until=now, page_size=page_size
    ):
        made = [record_of("meeting", row) for row in window.rows]
        cursor = cursor | {"created": window.until}
        requests, waited = transport.take_counts()
        yield Page(
            records=tuple(one for one in made if isinstance(one, RemoteRecord)),
            cursor=cursor,
            more=True,
            requests=requests,
            waited=waited,
            refused=tuple(one for one in made if isinstance(one, RefusedRow)),
        )
    changes = changes_since(transport, "meeting", cursor, now=now, edits=_EDITS)
    requests, waited = transport.take_counts()
    yield Page(
        records=changes.records,
        cursor=cursor | {"events": changes.until, "read_at": now},
        more=False,
        requests=requests,
        waited=waited,
        warnings=changes.warnings,
        compare_ids=changes.compare_ids,
    )


def listed_meetings(
    transport: Transport, page_size: int, oldest: str, sees_all: bool
) -> Listing:
    """List all meetings."""
    versions: dict[str, str] = {}
    until = _now(transport)
    for window in windows(
        transport, path=_PATH, since=oldest, until=until, page_size=page_size
    ):
        for row in window.rows:
            record = record_of("meeting", row)
            if isinstance(record, RemoteRecord):
                versions[record.external_id] = record.version
    total = total_of(transport.get(_PATH, {"_limit": 1}).doc)
    complete = sees_all and (total is None or total <= len(versions))
    requests, waited = transport.take_counts()
    return Listing(versions, complete, requests, waited)


def _now(transport: Transport) -> str:
    """Return Close's time, a second on: what is new in this second counts."""
    at = transport.get("me/").at + timedelta(seconds=1)
    return version_at(at.replace(microsecond=0))
