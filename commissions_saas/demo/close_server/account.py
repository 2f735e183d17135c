"""One organisation's account at the stand-in: fill it, and edit it as people do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from commissions_saas.demo.close_server import values
from commissions_saas.demo.close_server.events import record_event
from commissions_saas.demo.close_server.setup import Setup
from commissions_saas.demo.close_server.store import Doc, Missing, Store

_PERMISSIONS = {
    "admin": ["manage_organization_settings", "export", "view_all_leads"],
    "user": ["export", "view_all_leads"],
    "restricteduser": [],
    "viewer": ["view_all_leads"],
}
EVENT_TYPES = {
    "opportunity": "opportunity",
    "lead": "lead",
    "contact": "contact",
    "meeting": "activity.meeting",
    "call": "activity.call",
    "email": "activity.email",
    "sms": "activity.sms",
    "note": "activity.note",
    "custom": "activity.custom_activity",
    "task": "task.lead",
    "custom_object": "custom_object",
}
_PREFIXES = {"contact": "cont", "task": "task", "custom_object": "custobj"}


class Account(Setup):
    """An organisation with its users, keys, statuses, custom fields and deals.

    Ids depend only on the organisation's name and the order of the calls, or on
    `key` where one is given. Every moment defaults to the store's clock.
    """

    @classmethod
    def create(cls, store: Store, *, name: str, currency: str = "USD") -> Account:
        """Open an account."""
        account = cls(store, values.make_id("orga", name))
        doc = {
            "id": account.id,
            "name": name,
            "currency": currency,
            "currency_symbol": {"USD": "$", "CAD": "$", "EUR": "€"}.get(currency, ""),
        }
        account._insert("organization", doc, store.now())
        return account

    def add_user(
        self,
        *,
        name: str,
        email: str,
        role: str = "user",
        active: bool = True,
        key: str = "",
    ) -> str:
        """Add a person; one who is not active is named only among past members."""
        first, _, last = name.partition(" ")
        doc = {
            "id": self._id("user", key),
            "email": email,
            "first_name": first,
            "last_name": last,
            "role_id": role,
            "permissions": _PERMISSIONS[role],
            "active": active,
        }
        return self._insert("user", doc, self.store.now())

    def deactivate_user(self, user: str) -> None:
        """Take away a person's membership; their deals stay theirs."""
        with self.store.transaction():
            doc = self.store.doc(user, "user")
            moment = values.stamp(self.store.now())
            self.store.replace(doc | {"active": False}, updated=moment)

    def add_key(self, user: str, key: str = "") -> str:
        """Give a user an API key."""
        key = key or values.make_id("api", self.id, user)
        self.store.run("INSERT INTO api_key VALUES (?, ?, ?, 0)", [key, self.id, user])
        return key

    def revoke_key(self, key: str) -> None:
        """Make a key useless."""
        self.store.run("UPDATE api_key SET revoked = 1 WHERE key = ?", [key])

    def add_pipeline(self, name: str) -> str:
        """Add a pipeline."""
        doc = {"id": self._id("pipe", ""), "name": name}
        return self._insert("pipeline", doc, self.store.now())

    def add_status(self, label: str, type: str, *, pipeline: str = "") -> str:
        """Add a status: active, won or lost; in a pipeline Sales if none is named."""
        if not pipeline:
            pipelines = self.store.docs("pipeline", self.id)
            pipeline = pipelines[0]["id"] if pipelines else self.add_pipeline("Sales")
        doc = {
            "id": self._id("stat", ""),
            "label": label,
            "type": type,
            "pipeline_id": pipeline,
        }
        return self._insert("status", doc, self.store.now())

    def rename_status(self, status: str, label: str) -> None:
        """Rename a status, which does not touch `date_updated` of any deal."""
        with self.store.transaction():
            doc = self.store.doc(status, "status")
            moment = values.stamp(self.store.now())
            self.store.replace(doc | {"label": label}, updated=moment)

    def add_lead(
        self, name: str, *, at: datetime | None = None, key: str = "", email: str = ""
    ) -> str:
        """Add a customer."""
        doc = {"id": self._id("lead", key), "name": name, "email": email}
        made = at or self.store.now()
        with self.store.transaction():
            self._insert("lead", doc, made)
            self._record("lead", "created", {}, doc, None, made)
        return str(doc["id"])

    def add_record(
        self,
        kind: str,
        *,
        lead: str,
        user: str | None = None,
        created_at: datetime | None = None,
        entered_at: datetime | None = None,
        key: str = "",
        custom: Mapping[str, Any] | None = None,
        **facts: Any,
    ) -> str:
        """Add a call, email, sms, note, task, contact, custom activity or object; it
        may be entered later than the moment that it is of."""
        created = created_at or self.store.now()
        entered = entered_at or created
        doc: Doc = {
            "id": self._id(_PREFIXES.get(kind, "acti"), key),
            "lead_id": lead,
            "created_by": user,
            "updated_by": user,
            **({"assigned_to": user} if kind == "task" else {"user_id": user}),
            **facts,
            **_custom(custom or {}),
        }
        with self.store.transaction():
            self._insert(kind, doc, created, entered)
            self._record(kind, "created", {}, doc, user, entered)
        return str(doc["id"])

    def add_opportunity(
        self,
        *,
        lead: str,
        user: str | None,
        status: str,
        value: int | None,
        won_on: date | None = None,
        lost_at: datetime | None = None,
        custom: Mapping[str, Any] | None = None,
        note: str = "",
        confidence: int = 50,
        value_period: str = "one_time",
        created_at: datetime | None = None,
        updated_at: datetime | None = None,
        by: str | None = None,
        key: str = "",
    ) -> str:
        """Add a deal; `value` is in cents, `custom` is by custom field id."""
        created = created_at or updated_at or self.store.now()
        doc: Doc = {
            "id": self._id("oppo", key),
            "lead_id": lead,
            "user_id": user,
            "contact_id": None,
            "status_id": status,
            "value": value,
            "value_period": value_period,
            "confidence": confidence,
            "date_won": won_on.isoformat() if won_on else None,
            "date_lost": values.shown(values.stamp(lost_at)) if lost_at else None,
            "note": note,
            "created_by": by or user,
            "updated_by": by or user,
        }
        doc |= _custom(custom or {})
        with self.store.transaction():
            self._follow_status(doc, created)
            self._insert("opportunity", doc, created, updated_at)
            self._record("opportunity", "created", {}, doc, by or user, created)
        return str(doc["id"])

    def add_meeting(
        self,
        *,
        lead: str,
        user: str,
        title: str,
        starts_at: datetime,
        status: str = "completed",
        minutes: int = 30,
        created_at: datetime | None = None,
        key: str = "",
    ) -> str:
        """Add a meeting: upcoming, completed, canceled or no-show."""
        created = created_at or starts_at
        doc = {
            "id": self._id("acti", key),
            "lead_id": lead,
            "user_id": user,
            "title": title,
            "status": status,
            "starts_at": values.shown(values.stamp(starts_at)),
            "duration": minutes * 60,
            "created_by": user,
            "updated_by": user,
        }
        with self.store.transaction():
            self._insert("meeting", doc, created)
            self._record("meeting", "created", {}, doc, user, created)
        return str(doc["id"])

    def edit(
        self,
        id: str,
        changes: Mapping[str, Any],
        *,
        by: str | None = None,
        at: datetime | None = None,
    ) -> Doc:
        """Change a record: only the given keys; None unsets a custom one."""
        at = at or self.store.now()
        with self.store.transaction():
            row = self._own(id)
            before = values.read_json(row["doc"])
            after = (
                before | dict(changes) | {"updated_by": by or before.get("updated_by")}
            )
            after = {
                key: value
                for key, value in after.items()
                if value is not None or not key.startswith("custom.")
            }
            self._follow_status(after, at)
            self.store.replace(after, updated=values.stamp(at))
            self._record(row["kind"], "updated", before, after, by, at)
        return after

    def delete(
        self, id: str, *, by: str | None = None, at: datetime | None = None
    ) -> None:
        """Delete a record; only the event log remembers it."""
        with self.store.transaction():
            row = self._own(id)
            before = values.read_json(row["doc"])
            self.store.delete(id)
            moment = at or self.store.now()
            self._record(row["kind"], "deleted", before, {}, by, moment)

    def merge_leads(
        self, source: str, destination: str, *, quietly: bool = False
    ) -> None:
        """Move all that a customer has to another customer, who alone remains.

        Quietly: neither an event nor a later moment tells of what has moved.
        """
        now = self.store.now()
        meta = {
            "merge_source_lead_id": source,
            "merge_destination_lead_id": destination,
        }
        with self.store.transaction():
            moved = {"lead_id": destination}
            for child in self.store.rows(
                "SELECT * FROM object WHERE lead = ?", [source]
            ):
                if quietly:
                    doc = values.read_json(child["doc"]) | moved
                    self.store.replace(doc, updated=child["updated"])
                else:
                    self.edit(child["id"], moved)
            before = self.store.doc(source, "lead")
            self.store.delete(source)
            self._record("lead", "deleted", before, {}, None, now, meta)
            after = self.store.doc(destination, "lead")
            self._record("lead", "merged", after, after, None, now, meta)

    def delete_lead(
        self, lead: str, *, by: str | None = None, quietly: bool = False
    ) -> None:
        """Delete a customer with all that belongs to them; quietly: only one event."""
        with self.store.transaction():
            children = self.store.rows("SELECT id FROM object WHERE lead = ?", [lead])
            for child in children:
                if quietly:
                    self.store.delete(child["id"])
                else:
                    self.delete(child["id"], by=by)
            self.delete(lead, by=by)

    def pause_webhooks(self, why: str = "everything failed for three days") -> None:
        """Pause all webhooks and drop what still waits to be sent, as Close does."""
        with self.store.transaction():
            for doc in self.store.docs("webhook", self.id):
                moment = values.stamp(self.store.now())
                paused = {"status": "paused", "pause_reason": why}
                self.store.replace(doc | paused, updated=moment)
                self.store.run("DELETE FROM outbox WHERE subscription = ?", [doc["id"]])

    def _own(self, id: str) -> Any:
        row = self.store.row(id)
        if row["org"] != self.id or row["kind"] not in EVENT_TYPES:
            raise Missing(id)
        return row

    def _follow_status(self, deal: Doc, at: datetime) -> None:
        """Date a deal that becomes won, unless it has a date already."""
        if "value_period" not in deal or deal.get("date_won"):
            return
        if self.store.doc(deal["status_id"], "status")["type"] == "won":
            deal["date_won"] = at.date().isoformat()

    def _record(
        self,
        kind: str,
        action: str,
        before: Doc,
        after: Doc,
        by: str | None,
        at: datetime,
        meta: Doc | None = None,
    ) -> None:
        record_event(
            self.store,
            org=self.id,
            object_type=_event_type(kind, after or before),
            action=action,
            before=before,
            after=after,
            by=by,
            at=at,
            meta=meta,
        )


def _event_type(kind: str, doc: Doc) -> str:
    """Return what the event log calls a record: each type of task has a name there."""
    if kind == "task" and "_type" in doc:
        return f"task.{doc['_type']}"
    return EVENT_TYPES[kind]


def _custom(values_by_field: Mapping[str, Any]) -> Doc:
    """Return custom values under Close's keys; what is not set is not there."""
    return {
        f"custom.{field}": value
        for field, value in values_by_field.items()
        if value is not None
    }


def accounts(store: Store) -> list[Account]:
    """Return every account in the store."""
    found = store.rows("SELECT id FROM object WHERE kind = 'organization' ORDER BY id")
    return [Account(store, row["id"]) for row in found]
