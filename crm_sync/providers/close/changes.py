"""What the event log adds to a list: deletes, and edits that a list cannot show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from crm_sync.contract import (
    ConfigurationProblem,
    Cursor,
    Payload,
    RefusedRow,
    RemoteRecord,
    UnreadableRecord,
)
from crm_sync.moments import as_moment, as_version, clock_went_back
from crm_sync.providers.close.event_log import KEPT_FOR, Glance, events_since
from crm_sync.providers.close.kinds import Kind
from crm_sync.providers.close.records import deleted_record, earlier, record_of
from crm_sync.providers.close.repeats import Advance
from crm_sync.providers.close.single import read_one
from crm_sync.providers.close.transport import Transport

_CLOSED_LOG = (
    "Close does not let this key read the event log, so a deleted record is noticed"
    " only when all ids are compared. Use the key of an administrator."
)
_OTHER_LOG = (
    "Close's event log does not tell of {what}, so all ids are compared. {said}"
)
_TOO_LONG_AGO = (
    "The last complete sync was more than 29 days ago, and Close remembers deletes for"
    " 30 days only. All ids are compared to find the rest."
)
_PER_PAGE = 100
_MOST_LEADS = 300
_NAME = {"name", "display_name"}


@dataclass(frozen=True, slots=True)
class Changes:
    """What the event log told."""

    records: tuple[RemoteRecord, ...]
    until: str
    warnings: tuple[str, ...] = ()
    refused: tuple[RefusedRow, ...] = ()
    compare_ids: bool = False
    read_all: bool = False
    """So much has changed beside the records that all of them are to be read again."""


@dataclass(slots=True)
class Met:
    """What a run has read, as far as events that it will look at may be of it."""

    since: str
    read_after: str = ""
    """All of it was read later than this: events until then tell nothing new."""
    by_change: bool = False
    """It was asked for by its last change, so the next run meets what changes now."""
    ids: set[str] = field(default_factory=set)

    def note(self, records: Iterable[RemoteRecord | RefusedRow]) -> None:
        """Keep those that were changed since the first event to be looked at."""
        for one in records:
            if isinstance(one, RemoteRecord) and one.version >= self.since:
                self.ids.add(one.external_id)

    def has_read(self, id: str, action: str, event: Payload) -> bool:
        """Tell whether the record need not be read again because of an event."""
        if id not in self.ids:
            return False
        if action == "created" or (self.by_change and action != "deleted"):
            return True
        return as_version(event["date_updated"]) <= self.read_after


def changes_since(
    transport: Transport,
    kind: Kind,
    cursor: Cursor,
    *,
    now: str,
    log: Glance,
    edits: Sequence[str] = (),
    met: Met | None = None,
) -> Changes:
    """Return the records that were deleted, or edited as the actions `edits` name.

    Each is read once more first: only what Close then has no more is deleted. So far
    was the `log` when the run began.
    """
    since = log.not_after(str(cursor["events"]))
    warnings = [_TOO_LONG_AGO] if is_too_long_ago(cursor, now) else []
    try:
        wanted = (*edits, "deleted")
        records, refused, until = _told(transport, kind, wanted, since, met)
        leads = _leads_to_look_at(transport, since) if kind.way == "changed" else []
        for lead in leads[:_MOST_LEADS]:
            for record in of_lead(transport, kind, lead):
                records.setdefault(record.external_id, record)
    except ConfigurationProblem as problem:
        if problem.status not in (400, 402, 403, 404):
            raise
        said = _CLOSED_LOG
        if problem.status in (400, 404):
            said = _OTHER_LOG.format(what=kind.label.lower(), said=problem.message)
        return Changes((), since, (*warnings, said), compare_ids=True)
    # What is written until the clock is there again looks older than what is here, and
    # the log is read from the clock's new time on.
    went_back = clock_went_back(str(cursor["read_at"]), now)
    until = max(log.reached, min(until, max(now, since)))
    return Changes(
        tuple(record for record in records.values() if kind.has(record.payload)),
        log.reached if went_back else until,
        tuple(warnings),
        tuple(refused),
        bool(warnings) or went_back or log.is_behind,
        read_all=len(leads) > _MOST_LEADS,
    )


def _told(
    transport: Transport,
    kind: Kind,
    actions: Sequence[str],
    since: str,
    met: Met | None,
) -> tuple[dict[str, RemoteRecord], list[RefusedRow], str]:
    """Return the records that events name, those of them that cannot be kept, and the
    moment of the last event."""
    records: dict[str, RemoteRecord] = {}
    refused: dict[str, RefusedRow] = {}
    until = since
    wanted = [(kind.event, action) for action in actions]
    for type_, action in (*wanted, *((one, "deleted") for one in kind.also)):
        try:
            found = events_since(
                transport, object_type=type_, action=action, since=since
            )
        except ConfigurationProblem as problem:
            if problem.status == 400 and type_ in kind.also:
                continue  # this log knows no such records
            raise
        # Several events of one record are told by the last of them.
        events = {event["object_id"]: event for event in found}
        for id, event in events.items():
            until = max(until, as_version(event["date_updated"]))
            if met is not None and met.has_read(id, action, event):
                continue
            if id in records or id in refused or not is_of(kind, event):
                continue
            try:
                record = read_one(transport, kind, id)
            except UnreadableRecord as problem:
                refused[id] = problem.row
                continue
            if record is not None:
                records[id] = attributed(record, event)
            elif action == "deleted":
                records[id] = deleted_record(kind.name, event)
    return records, list(refused.values()), until


def is_of(kind: Kind, event: Payload) -> bool:
    """Tell whether an event is about a record of this kind, as far as it says so."""
    return kind.has(event.get("data") or event.get("previous_data") or {})


def attributed(record: RemoteRecord, event: Payload) -> RemoteRecord:
    """Say of a record who changed it and when, if the event is of its last change."""
    if as_version(event["date_updated"]) < record.version:
        return record
    by = event.get("user_id")
    return replace(
        record,
        changed_by=by if isinstance(by, str) else record.changed_by,
        changed_at=as_moment(event["date_updated"]),
    )


def _leads_to_look_at(transport: Transport, since: str) -> list[str]:
    """Return the leads that others were merged into, and those with another name, or a
    contact of another name.

    It is not said whether a merge moves `date_updated` of what it takes along, and a
    deal has copies of these names.
    """
    found = events_since(transport, object_type="lead", action="merged", since=since)
    leads = [event["object_id"] for event in found]
    for type_, key in (("lead", "object_id"), ("contact", "lead_id")):
        edits = events_since(
            transport, object_type=type_, action="updated", since=since
        )
        named = [event for event in edits if _NAME & _fields_of(event)]
        leads += [event[key] for event in named if isinstance(event.get(key), str)]
    return list(dict.fromkeys(leads))


def _fields_of(event: Payload) -> set[str]:
    """Return what an edit changed; one that does not say may have changed anything."""
    told = event.get("changed_fields") or event.get("previous_data") or _NAME
    return {str(name) for name in told}


def of_lead(transport: Transport, kind: Kind, lead: str) -> Iterator[RemoteRecord]:
    """Yield the records of one lead."""
    skip, advance = 0, Advance()
    while True:
        params: dict[str, str | int] = {**kind.params, "lead_id": lead}
        params |= {"_limit": _PER_PAGE, "_skip": skip}
        answer = transport.find(f"{kind.path}/", params)
        rows = answer.doc.get("data") if answer else None
        rows = rows if isinstance(rows, list) else []
        for row in rows:
            record = record_of(kind.name, row)
            # A filter that is not understood is ignored, and then all rows come.
            if isinstance(record, RemoteRecord) and row.get("lead_id") == lead:
                yield record
        skip += len(rows)
        if not rows or answer is None or answer.doc.get("has_more") is not True:
            return
        advance.look((row.get("id") for row in rows), more=True)


def is_too_long_ago(cursor: Cursor, now: str) -> bool:
    """Tell whether events between then and now may have been forgotten."""
    return str(cursor["read_at"]) < earlier(now, KEPT_FOR)


def begun(cursor: Cursor, now: str, log: Glance) -> Cursor:
    """Return the cursor with the moments that every run needs."""
    return {"events": log.reached, "read_at": now} | cursor


def ended(cursor: Cursor, now: str, log: Glance, changes: Changes) -> Cursor:
    """Return the cursor of a run that has read everything."""
    return cursor | {
        "events": changes.until,
        "read_at": now,
        "seen": list(log.seen),
    }
