"""Reads activities and tasks by window, and by the event log what windows do not show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from crm_sync.contract import Cursor, Listing, Page, RefusedRow, RemoteRecord
from crm_sync.moments import clock_went_back, version_at
from crm_sync.providers.close.changes import (
    Met,
    begun,
    changes_since,
    ended,
    is_too_long_ago,
)
from crm_sync.providers.close.event_log import LATE_BY, Glance, glance
from crm_sync.providers.close.kinds import Kind
from crm_sync.providers.close.records import earlier, record_of, total_of
from crm_sync.providers.close.transport import Transport
from crm_sync.providers.close.windows import windows


def activity_pages(
    transport: Transport, kind: Kind, cursor: Cursor, page_size: int, oldest: str
) -> Iterator[Page]:
    """Yield the records made or updated since the cursor, then edits and deletes."""
    now = server_now(transport)
    log = glance(transport, cursor, closed=now)
    went_on, cursor = "created" in cursor, begun(cursor, now, log)
    met = Met(
        earlier(log.not_after(str(cursor["events"])), LATE_BY),
        read_after="" if went_on else log.reached,
        by_change=kind.way == "updated",
    )
    if clock_went_back(str(cursor["read_at"]), now):
        # Else nothing would be asked for until the clock is there again.
        cursor = cursor | {"created": now}
    for window in windows(
        transport,
        path=f"{kind.path}/",
        since=_from_when(cursor, now, oldest, log),
        until=now,
        page_size=page_size,
        by=f"date_{kind.way}",
        params=kind.params,
    ):
        made = [record_of(kind.name, row) for row in window.rows if kind.has(row)]
        met.note(made)
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
    # What is entered today may be dated long ago, before any window that is read.
    edits = ("created", *kind.edits)
    changes = changes_since(
        transport, kind, cursor, now=now, log=log, edits=edits, met=met
    )
    requests, waited = transport.take_counts()
    yield Page(
        records=changes.records,
        cursor=ended(cursor, now, log, changes),
        more=False,
        requests=requests,
        waited=waited,
        warnings=changes.warnings,
        refused=changes.refused,
        compare_ids=changes.compare_ids,
    )


def _from_when(cursor: Cursor, now: str, oldest: str, log: Glance) -> str:
    since = str(cursor.get("created") or "")
    if not since or is_too_long_ago(cursor, now):
        # Edits older than the event log's memory show only in the list itself.
        return oldest
    return earlier(log.not_after(since), LATE_BY)


def listed_activities(
    transport: Transport, kind: Kind, page_size: int, oldest: str, sees_all: bool
) -> Listing:
    """List all records of the kind."""
    versions: dict[str, str] = {}
    ids: set[str] = set()
    for window in windows(
        transport,
        path=f"{kind.path}/",
        since=oldest,
        until=server_now(transport),
        page_size=page_size,
        by=f"date_{kind.way}",
        params=kind.params,
    ):
        for row in window.rows:
            record = record_of(kind.name, row)
            if isinstance(record, RemoteRecord):
                ids.add(record.external_id)
                if kind.has(row):
                    versions[record.external_id] = record.version
    total = total_of(transport.get(f"{kind.path}/", {**kind.params, "_limit": 1}).doc)
    complete = sees_all and (total is None or total <= len(ids))
    requests, waited = transport.take_counts()
    return Listing(versions, complete, requests, waited)


def server_now(transport: Transport) -> str:
    """Return Close's time, a second on: what is new in this second counts."""
    at = transport.get("me/").at + timedelta(seconds=1)
    return version_at(at.replace(microsecond=0))
