"""Reads Close's event log: newest first and by cursor there, oldest first here."""

from __future__ import annotations

from datetime import timedelta

from crm_sync.contract import Payload
from crm_sync.moments import as_version
from crm_sync.providers.close.records import asked, earlier
from crm_sync.providers.close.repeats import Advance
from crm_sync.providers.close.transport import Transport

# Events may appear late, behind those that were read already.
LATE_BY = timedelta(minutes=5)
KEPT_FOR = timedelta(days=29)
_PAGE = 50


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
