"""Reads Close's event log: newest first and by cursor there, oldest first here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from crm_sync.contract import ConfigurationProblem, Cursor, Payload
from crm_sync.moments import as_version, version_at
from crm_sync.providers.close.records import asked, earlier
from crm_sync.providers.close.repeats import Advance
from crm_sync.providers.close.transport import Transport

# Events may appear late, behind those that were read already.
LATE_BY = timedelta(minutes=5)
KEPT_FOR = timedelta(days=29)
_PAGE = 50


@dataclass(frozen=True, slots=True)
class Glance:
    """Where the log is when a run begins, by its newest events.

    Events may be dated by a clock that is behind the one of Close's answers, or that
    was put back: what comes is behind the last event, and not always behind now.
    """

    reached: str
    """The moment of the last new event, but none that Close has not reached."""
    first: str = ""
    """The moment of the first event that no run before has seen, if one is known."""
    seen: tuple[str, ...] = ()
    is_behind: bool = False
    """What is new is dated before what was told already, so it looks like a replay."""

    def not_after(self, moment: str) -> str:
        """Return a moment, or that of the first new event if it is earlier."""
        return min(moment, self.first or moment)


def glance(transport: Transport, cursor: Cursor, *, closed: str) -> Glance:
    """Look at the newest events; of a log that this key may not read it is not known
    where it is: `closed` is taken."""
    try:
        answer = transport.get("event/", {"_limit": _PAGE})
    except ConfigurationProblem as problem:
        if problem.status not in (400, 402, 403, 404):
            raise
        return Glance(closed)
    now = version_at(answer.at)
    rows = [event for event in answer.doc.get("data") or [] if _is_whole(event)]
    told = {_mark(event): as_version(event["date_updated"]) for event in rows}
    seen = cursor.get("seen")
    new = [told[mark] for mark in told if mark not in (seen or ())]
    if seen is None:
        # Whatever an empty log will hold comes later than what it has forgotten.
        return Glance(
            min(max(new), now) if new else earlier(now, KEPT_FOR), seen=tuple(told)
        )
    if not new:
        return Glance(min(str(cursor["events"]), now), seen=tuple(told))
    is_behind = max(new) < earlier(max(told.values()), LATE_BY)
    return Glance(min(max(new), now), min(new), tuple(told), is_behind)


def _mark(event: Payload) -> str:
    """Return what an event is known by; its id alone stays when it is told anew."""
    said = f"{event['id']} {as_version(event['date_updated'])}"
    return hashlib.blake2b(said.encode(), digest_size=5).hexdigest()


def events_since(
    transport: Transport, *, object_type: str, action: str, since: str
) -> list[Payload]:
    """Return the events since a little before `since`, oldest first, each once."""
    lower = earlier(since, LATE_BY)
    wanted = {"object_type": object_type, "action": action, "_limit": str(_PAGE)}
    params = wanted | {"date_updated__gte": asked(lower)}
    found: dict[tuple[str, str], Payload] = {}
    advance = Advance()
    while True:
        doc = transport.get("event/", params).doc
        page = [event for event in doc.get("data") or [] if _is_whole(event)]
        for event in page:
            version = as_version(event["date_updated"])
            if version >= lower:
                found[event["id"], version] = event
        older = doc.get("cursor_next")
        # With a cursor the log takes no date, so it would go on to its very end.
        behind = bool(page) and as_version(page[-1]["date_updated"]) < lower
        if not older or behind:
            ordered = sorted(found, key=lambda key: key[1])
            return [found[key] for key in ordered]
        advance.look([older], more=True)
        params = wanted | {"_cursor": str(older)}


def _is_whole(event: Payload) -> bool:
    if not isinstance(event.get("object_id"), str) or not event.get("id"):
        return False
    try:
        as_version(event.get("date_updated"))
    except ValueError:
        return False
    return True
