"""What Close prints of an object: its own facts, and those copied from others."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from commissions_saas.demo.close_server import values
from commissions_saas.demo.close_server.store import Doc, Store


class Presenter:
    """Prints one organisation's objects; looks each related name up once."""

    def __init__(self, store: Store, org: str) -> None:
        self._store = store
        self._org = org
        self._leads: dict[str, str] = {}

    @cached_property
    def organization(self) -> Doc:
        """The organisation's own facts."""
        return self._store.doc(self._org, "organization")

    @cached_property
    def statuses(self) -> dict[str, Doc]:
        """Statuses by id."""
        return {doc["id"]: doc for doc in self._store.docs("status", self._org)}

    @cached_property
    def pipelines(self) -> dict[str, Doc]:
        """Pipelines by id."""
        return {doc["id"]: doc for doc in self._store.docs("pipeline", self._org)}

    @cached_property
    def users(self) -> dict[str, Doc]:
        """Users by id, those who have left included."""
        return {doc["id"]: doc for doc in self._store.docs("user", self._org)}

    def rows(self, rows: Sequence[sqlite3.Row]) -> list[Doc]:
        """Print records of any kind."""
        docs = [values.read_json(row["doc"]) for row in rows]
        self._read_leads({str(doc["lead_id"]) for doc in docs if "lead_id" in doc})
        return [self._shown(doc, row) for doc, row in zip(docs, rows, strict=True)]

    def _shown(self, doc: Doc, row: sqlite3.Row) -> Doc:
        shown = doc | {
            "organization_id": self._org,
            "date_created": values.shown(row["created"]),
            "date_updated": values.shown(row["updated"]),
        }
        kind = row["kind"]
        if kind == "lead":
            nested: Doc = {"contacts": [], "opportunities": [], "tasks": []}
            return shown | nested | {"display_name": doc["name"]}
        if kind in ("contact", "custom_object"):
            return shown
        if kind == "task":
            name = self.user_name(doc.get("assigned_to"))
            return shown | {
                "_type": doc.get("_type", "lead"),
                "assigned_to_name": name,
            }
        shown["user_name"] = self.user_name(doc.get("user_id"))
        if kind == "opportunity":
            return shown | self.of_deal(doc)
        at = doc.get("starts_at", shown["date_created"])
        type = "SMS" if kind == "sms" else kind.capitalize()
        if kind == "custom":
            type = "CustomActivity"
        return shown | {"_type": type, "activity_at": at}

    def user_name(self, id: str | None) -> str | None:
        """Return a person's full name."""
        user = self.users.get(id or "")
        return f"{user['first_name']} {user['last_name']}".strip() if user else None

    def status(self, doc: Doc) -> Doc:
        """Print a status."""
        return doc | {"organization_id": self._org}

    def pipeline(self, doc: Doc) -> Doc:
        """Print a pipeline with its statuses in order."""
        members = [
            {key: status[key] for key in ("id", "label", "type")}
            for status in self.statuses.values()
            if status["pipeline_id"] == doc["id"]
        ]
        return doc | {"organization_id": self._org, "statuses": members}

    def user(self, doc: Doc) -> Doc:
        """Print a user, without the role, which only a membership has."""
        shown = {key: doc[key] for key in ("id", "email", "first_name", "last_name")}
        return shown | {"organizations": [self._org]}

    def membership(self, doc: Doc) -> Doc:
        """Print a membership."""
        return {
            "id": doc["id"].replace("user_", "memb_", 1),
            "user_id": doc["id"],
            "organization_id": self._org,
            "role_id": doc["role_id"],
            "permissions_granted": doc["permissions"],
            "user_email": doc["email"],
            "user_full_name": self.user_name(doc["id"]),
            "user_first_name": doc["first_name"],
            "user_last_name": doc["last_name"],
        }

    def of_deal(self, doc: Doc) -> Doc:
        """Print what a deal copies from its status, pipeline and customer."""
        status = self.statuses[doc["status_id"]]
        value = doc["value"]
        return {
            "lead_name": self._lead_name(doc["lead_id"]),
            "status_label": status["label"],
            "status_display_name": status["label"],
            "status_type": status["type"],
            "pipeline_id": status["pipeline_id"],
            "pipeline_name": self.pipelines[status["pipeline_id"]]["name"],
            "value_currency": self.organization["currency"],
            "value_formatted": self._formatted(value),
            "annualized_value": _times(
                value, 12 if doc["value_period"] == "monthly" else 1
            ),
        }

    def _formatted(self, cents: int | None) -> str | None:
        if cents is None:
            return None
        whole, rest = divmod(cents, 100)
        tail = f".{rest:02}" if rest else ""
        return f"{self.organization['currency_symbol']}{whole:,}{tail}"

    def _lead_name(self, id: str) -> Any:
        if id not in self._leads:
            self._read_leads({id})
        return self._leads.get(id)

    def _read_leads(self, ids: set[str]) -> None:
        found = self._store.rows(
            "SELECT id, doc FROM object WHERE id IN (SELECT value FROM json_each(?))",
            [values.write_json(list(ids))],
        )
        self._leads |= {
            row["id"]: values.read_json(row["doc"])["name"] for row in found
        }


def _times(value: int | None, factor: int) -> int | None:
    return None if value is None else value * factor
