"""How an organisation has set its account up: custom fields, types of its own, groups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from commissions_saas.demo.close_server import values
from commissions_saas.demo.close_server.store import Doc, Store


class Setup:
    """What administrators make, and how anything gets into the store."""

    def __init__(self, store: Store, id: str) -> None:
        self.store = store
        self.id = id

    def add_custom_field(
        self,
        name: str,
        type: str = "text",
        *,
        choices: Sequence[str] = (),
        multiple: bool = False,
        of: str = "opportunity",
    ) -> str:
        """Add a custom field of deals, or of leads, contacts or a type that is named
        by its id; its values are keyed by the id given back."""
        doc = {
            "id": self._id("cf", ""),
            "name": name,
            "type": type,
            "accepts_multiple_values": multiple,
            "choices": list(choices) or None,
        }
        if of != "opportunity":
            doc["of"] = of
        return self._insert("custom_field", doc, self.store.now())

    def remove_custom_field(self, field: str) -> None:
        """Delete a custom field with all its values."""
        with self.store.transaction():
            self.store.delete(field)
            for row in self.store.rows("SELECT * FROM object WHERE org = ?", [self.id]):
                doc = values.read_json(row["doc"])
                if doc.pop(f"custom.{field}", None) is not None:
                    self.store.replace(doc, updated=row["updated"])

    def retype_custom_field(self, field: str, type: str) -> None:
        """Convert a custom field to another type."""
        with self.store.transaction():
            doc = self.store.doc(field, "custom_field")
            moment = values.stamp(self.store.now())
            self.store.replace(doc | {"type": type}, updated=moment)

    def add_activity_type(self, name: str) -> str:
        """Let people log activities of a kind of their own."""
        doc = {"id": self._id("actitype", ""), "name": name}
        return self._insert("custom_activity_type", doc, self.store.now())

    def add_object_type(self, name: str) -> str:
        """Let people keep objects of a kind of their own."""
        doc = {"id": self._id("cotype", ""), "name": name, "name_plural": f"{name}s"}
        return self._insert("custom_object_type", doc, self.store.now())

    def add_group(self, name: str, users: Sequence[str]) -> str:
        """Put people into a group."""
        doc = {
            "id": self._id("group", ""),
            "name": name,
            "members": [{"user_id": user} for user in users],
        }
        return self._insert("group", doc, self.store.now())

    def _insert(
        self, kind: str, doc: Doc, created: datetime, updated: datetime | None = None
    ) -> str:
        with self.store.transaction():
            self.store.insert(
                kind,
                self.id,
                doc,
                created=values.stamp(created),
                updated=values.stamp(updated or created),
            )
        return str(doc["id"])

    def _id(self, prefix: str, key: str) -> str:
        with self.store.transaction():
            number = key or self.store.next_number(f"id {prefix} {self.id}")
            return values.make_id(prefix, self.id, number)
