"""Writing the event log: what happened to which object."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from commissions_saas.demo.close_server import values
from commissions_saas.demo.close_server.store import Doc, Store

# Close folds updates of one object that follow each other closely into one event.
_FOLDED_WITHIN = timedelta(seconds=60)


def record_event(
    store: Store,
    *,
    org: str,
    object_type: str,
    action: str,
    before: Doc,
    after: Doc,
    by: str | None,
    at: datetime,
    meta: Doc | None = None,
) -> None:
    """Write down one change; an update may be folded into the one before it."""
    subject = after or before
    changed = sorted(
        key
        for key in before.keys() | after.keys()
        if action == "updated" and before.get(key) != after.get(key)
    )
    event: dict[str, Any] = {
        "changed_fields": changed,
        "data": after,
        "previous_data": before
        if action == "deleted"
        else {key: before.get(key) for key in changed},
        "meta": meta or {},
    }
    folded = _fold(store, event, subject["id"], by, at) if action == "updated" else ""
    if folded:
        _send(store, org, folded, object_type, action)
        return
    id = values.make_id("ev", org, store.next_number(f"event {org}"))
    moment = values.stamp(at)
    about = [object_type, subject["id"], subject.get("lead_id"), by, action]
    store.run(
        "INSERT INTO event VALUES (?,?,?,?,?,?,?,?,?,?)",
        [id, org, *about, moment, moment, values.write_json(event)],
    )
    _send(store, org, id, object_type, action)


def _send(store: Store, org: str, event: str, object_type: str, action: str) -> None:
    """Put an event into the outbox of every webhook that asked for it."""
    wanted = {"object_type": object_type, "action": action}
    for doc in store.docs("webhook", org):
        if doc["status"] == "active" and wanted in doc["events"]:
            store.run(
                "INSERT INTO outbox (subscription, event) VALUES (?, ?)",
                [doc["id"], event],
            )
            store.news.set()


def _fold(
    store: Store, event: Doc, object_id: str, by: str | None, at: datetime
) -> str:
    """Fold an update into the object's last event, which keeps its id and the
    first of the old values; return that id, or "" if there is none."""
    last = store.rows(
        "SELECT * FROM event WHERE object_id = ? ORDER BY updated DESC, id LIMIT 1",
        [object_id],
    )
    if not last or last[0]["action"] != "updated" or last[0]["user_id"] != by:
        return ""
    before = datetime.fromisoformat(last[0]["updated"]).replace(tzinfo=UTC)
    if not before <= at <= before + _FOLDED_WITHIN:
        return ""
    old = values.read_json(last[0]["doc"])
    event["previous_data"] = event["previous_data"] | old["previous_data"]
    event["changed_fields"] = sorted(event["previous_data"])
    store.run(
        "UPDATE event SET updated = ?, doc = ? WHERE id = ?",
        [values.stamp(at), values.write_json(event), last[0]["id"]],
    )
    return str(last[0]["id"])
