"""Reads deals: the list from the last change on, then what was deleted.

Renaming a status or a pipeline, or making a status a won one, changes deals without
touching any of them: when these are others than before, all deals are read once more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import astuple

from crm_sync.contract import Cursor, Listing, Page
from crm_sync.moments import clock_went_back, version_at
from crm_sync.providers.close.changes import begun, changes_since, ended
from crm_sync.providers.close.directory import statuses
from crm_sync.providers.close.event_log import LATE_BY, Glance, glance
from crm_sync.providers.close.keyset import KeysetReader
from crm_sync.providers.close.kinds import Kind
from crm_sync.providers.close.records import earlier, total_of
from crm_sync.providers.close.transport import Transport

_PATH = "opportunity/"
_LISTED_PER_PAGE = 200
_PASSES = 3


def deal_pages(
    transport: Transport, kind: Kind, cursor: Cursor, page_size: int
) -> Iterator[Page]:
    """Yield the deals changed since the cursor, oldest change first, then deletes.

    The cursor goes forward with each page, so a run that is cut off goes on from
    there. It never passes the time that Close had when the run began, lest one
    record from the future hide all others.
    """
    stages = _stages(transport)
    # While a clock that was put back has not caught up, a customer's new name is told
    # of at a moment that was read already.
    went_back = clock_went_back(
        str(cursor.get("read_at") or ""), version_at(transport.at)
    )
    if went_back or cursor.get("statuses", stages) != stages:
        cursor = cursor | {"since": ""}
    cursor = cursor | {"statuses": stages}
    log = glance(transport, cursor, closed="")
    since = log.not_after(str(cursor.get("since") or ""))
    lower = earlier(since, LATE_BY) if since else ""
    reader = KeysetReader(transport, "deal", _PATH, lower, page_size)
    now, total = "", None
    for batch in reader.batches():
        if not now:
            now, total = version_at(batch.answer.at), batch.total
            log = log if log.reached else Glance(now)
            cursor = begun(cursor, now, log)
        cursor = cursor | {"since": max(since, min(batch.last, now))}
        requests, waited = transport.take_counts()
        yield Page(
            records=batch.records,
            cursor=cursor,
            more=True,
            requests=requests,
            waited=waited,
            total=total,
            refused=batch.refused,
        )
    changes = changes_since(transport, kind, cursor, now=now, log=log)
    if changes.read_all:
        cursor = cursor | {"since": ""}
    requests, waited = transport.take_counts()
    yield Page(
        records=changes.records,
        cursor=ended(cursor, now, log, changes),
        more=False,
        requests=requests,
        waited=waited,
        total=total,
        warnings=changes.warnings,
        refused=changes.refused,
        compare_ids=changes.compare_ids or clock_went_back(since, now),
    )


def listed_deals(transport: Transport, page_size: int, sees_all: bool) -> Listing:
    """List all deals, again if some seem to have been missed."""
    versions: dict[str, str] = {}
    complete = False
    for _ in range(_PASSES):
        reader = KeysetReader(
            transport,
            object="deal",
            path=_PATH,
            since="",
            page_size=max(page_size, _LISTED_PER_PAGE),
            fields="id,date_updated",
        )
        for batch in reader.batches():
            for record in batch.records:
                versions[record.external_id] = record.version
        total = counted_deals(transport)
        complete = total is not None and total <= len(versions)
        if complete:
            break
    requests, waited = transport.take_counts()
    return Listing(versions, complete and sees_all, requests, waited)


def counted_deals(transport: Transport) -> int | None:
    """Return how many deals there are."""
    return total_of(transport.get(_PATH, {"_limit": 1, "_fields": "id"}).doc)


def _stages(transport: Transport) -> str:
    """Return a fingerprint of the stages of deals and of their pipelines' names."""
    told = sorted(str(astuple(one)) for one in statuses(transport))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
