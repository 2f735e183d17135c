"""Reads lists that can only be read from end to end: leads, contacts, custom objects.

Afterwards the event log tells which records to read again. A list that shifts while it
is read is read again, until as many rows were met as it counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta

from crm_sync.contract import (
    ConfigurationProblem,
    Cursor,
    Listing,
    Page,
    RefusedRow,
    RemoteRecord,
)
from crm_sync.providers.close.activities import server_now
from crm_sync.providers.close.changes import (
    Met,
    begun,
    changes_since,
    ended,
    is_too_long_ago,
    of_lead,
)
from crm_sync.providers.close.event_log import LATE_BY, glance
from crm_sync.providers.close.kinds import STANDARD, Kind
from crm_sync.providers.close.records import earlier, record_of, total_of
from crm_sync.providers.close.repeats import Advance
from crm_sync.providers.close.transport import Transport

_PASSES = 3
_OVERLAP = 5
_LEADS_AT_A_TIME = 50
_LEAD = next(kind for kind in STANDARD if kind.name == "lead")
Rows = tuple[list[RemoteRecord], list[RefusedRow]]


def whole_list_pages(
    transport: Transport, kind: Kind, cursor: Cursor, page_size: int
) -> Iterator[Page]:
    """Yield all records if they were not read yet, then what the event log tells."""
    now = server_now(transport)
    log = glance(transport, cursor, closed=earlier(now, timedelta(seconds=1)))
    cursor = begun(cursor, now, log)
    met = Met(earlier(log.not_after(str(cursor["events"])), LATE_BY), log.reached)
    if kind.name == _LEAD.name:
        cursor = _unread_if_renamed(cursor, _labels(transport))
    if not cursor.get("read") or is_too_long_ago(cursor, now):
        for records, refused in _all(transport, kind, page_size):
            met.note(records)
            requests, waited = transport.take_counts()
            yield Page(
                records=tuple(records),
                cursor=cursor,
                more=True,
                requests=requests,
                waited=waited,
                refused=tuple(refused),
            )
    changes = changes_since(
        transport, kind, cursor, now=now, log=log, edits=kind.edits, met=met
    )
    requests, waited = transport.take_counts()
    yield Page(
        records=changes.records,
        cursor=ended(cursor, now, log, changes) | {"read": True},
        more=False,
        requests=requests,
        waited=waited,
        warnings=changes.warnings,
        refused=changes.refused,
        compare_ids=changes.compare_ids,
        customers_gone=tuple(
            record.external_id
            for record in changes.records
            if record.deleted and kind.name == _LEAD.name
        ),
    )


def _unread_if_renamed(cursor: Cursor, labels: str) -> Cursor:
    """Have all leads read once more if their statuses have other names than before: no
    lead is touched by that, and all of them show the name."""
    is_same = cursor.get("labels", labels) == labels
    return cursor | {"labels": labels, "read": bool(cursor.get("read")) and is_same}


def _labels(transport: Transport) -> str:
    """Return a fingerprint of the statuses that leads can have."""
    try:
        answer = transport.find("status/lead/")
    except ConfigurationProblem as problem:
        if problem.status not in (402, 403):
            raise
        return ""
    rows = (answer.doc.get("data") if answer else None) or []
    found = [row for row in rows if isinstance(row, dict)]
    told = sorted(f"{one.get('id')} {one.get('label')}" for one in found)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def whole_listing(
    transport: Transport, kind: Kind, page_size: int, sees_all: bool
) -> Listing:
    """List all ids."""
    versions: dict[str, str] = {}
    for records, _ in _all(transport, kind, page_size):
        versions |= {record.external_id: record.version for record in records}
    complete = sees_all
    if kind.way == "all":
        total = total_of(transport.get(f"{kind.path}/", {"_limit": 1}).doc)
        complete = sees_all and (total is None or total <= len(versions))
    requests, waited = transport.take_counts()
    return Listing(versions, complete, requests, waited)


def _all(transport: Transport, kind: Kind, page_size: int) -> Iterator[Rows]:
    if kind.way == "by lead":
        yield from _of_each_lead(transport, kind, page_size)
    else:
        yield from _from_end_to_end(transport, kind, page_size)


def _from_end_to_end(
    transport: Transport, kind: Kind, page_size: int
) -> Iterator[Rows]:
    """Yield the pages of a list, again from its beginning if rows were missed."""
    seen: dict[str, str] = {}
    for _ in range(_PASSES):
        skip, total, advance = 0, None, Advance()
        more = True
        while more:
            params: dict[str, str | int] = {"_limit": page_size, "_skip": skip}
            doc = transport.get(f"{kind.path}/", params).doc
            rows = doc.get("data")
            rows = rows if isinstance(rows, list) else []
            total = total_of(doc)
            made = [record_of(kind.name, row) for row in rows]
            records = [
                one
                for one in made
                if isinstance(one, RemoteRecord)
                and seen.get(one.external_id) != one.version
            ]
            seen |= {one.external_id: one.version for one in records}
            yield records, [one for one in made if isinstance(one, RefusedRow)]
            # A list that is not counted is looked behind: an answer that was cut short
            # says that it is the last as well.
            looks_on = total is None and bool(records)
            more = bool(rows) and (doc.get("has_more") is True or looks_on)
            ids = (row.get("id") if isinstance(row, dict) else "" for row in rows)
            advance.look(ids, more=more)
            # Some rows are asked for twice: one that was deleted pulls others up.
            skip += max(len(rows) - _OVERLAP, 1)
        if total is None or total <= len(seen):
            return


def _of_each_lead(transport: Transport, kind: Kind, page_size: int) -> Iterator[Rows]:
    """Yield the records of all leads, some leads at a time."""
    leads = [
        record.external_id
        for records, _ in _from_end_to_end(transport, _LEAD, page_size)
        for record in records
    ]
    for start in range(0, len(leads), _LEADS_AT_A_TIME):
        yield (
            [
                record
                for lead in leads[start : start + _LEADS_AT_A_TIME]
                for record in of_lead(transport, kind, lead)
                if kind.has(record.payload)
            ],
            [],
        )
