"""The stand-in's state, in one SQLite file that a second start finds again."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from commissions_saas.demo.close_server import values
from commissions_saas.lib import clock

Doc = dict[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS object (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, org TEXT NOT NULL,
    owner TEXT, lead TEXT, created TEXT NOT NULL, updated TEXT NOT NULL,
    place INTEGER NOT NULL, doc TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS object_by_update ON object (org, kind, updated, id);
CREATE INDEX IF NOT EXISTS object_by_lead ON object (lead, kind);
CREATE TABLE IF NOT EXISTS event (
    id TEXT PRIMARY KEY, org TEXT NOT NULL, object_type TEXT NOT NULL,
    object_id TEXT NOT NULL, lead_id TEXT, user_id TEXT, action TEXT NOT NULL,
    created TEXT NOT NULL, updated TEXT NOT NULL, doc TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS event_by_update ON event (org, updated, id);
CREATE INDEX IF NOT EXISTS event_by_object ON event (object_id, updated);
CREATE TABLE IF NOT EXISTS api_key (
    key TEXT PRIMARY KEY, org TEXT NOT NULL, user_id TEXT NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY, subscription TEXT NOT NULL, event TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS counter (
    name TEXT PRIMARY KEY, n INTEGER NOT NULL
) WITHOUT ROWID;
"""


class Missing(Exception):
    """There is no such object."""


class Store:
    """Rows and transactions; what they mean is in `organisation` and `events`."""

    def __init__(
        self, path: str | Path, now: Callable[[], datetime] = clock.now
    ) -> None:
        self.skew = timedelta(0)
        self.shuffles_ties = False  # rows of one moment come in another order each time
        self.describes_types_apart = False  # there are lists of fields, and no schemas
        self.counts_lists = True  # or only deals are counted
        self.does_not_log: frozenset[str] = frozenset()  # kinds that no event tells of
        self._clock = now
        self.news = threading.Event()  # something waits to be sent
        self._lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(
            str(path), check_same_thread=False, isolation_level=None, timeout=30
        )
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_TABLES)

    def now(self) -> datetime:
        """Return the stand-in's own time, which may be wrong on purpose."""
        return self._clock() + self.skew

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of it or nothing; also makes seeding many rows quick."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Change rows and return how many."""
        with self._lock:
            return self._db.execute(sql, values).rowcount

    def next_number(self, name: str) -> int:
        """Return 1, 2, 3… for each name."""
        row = self.rows(
            "INSERT INTO counter VALUES (?, 1)"
            " ON CONFLICT (name) DO UPDATE SET n = n + 1 RETURNING n",
            [name],
        )[0]
        return int(row["n"])

    def insert(
        self, kind: str, org: str, doc: Doc, *, created: str, updated: str
    ) -> None:
        """Keep a new object; its id, owner and lead are in `doc`."""
        place = self.next_number(f"place {kind} {org}")
        self.run(
            "INSERT INTO object VALUES (?,?,?,?,?,?,?,?,?)",
            [
                doc["id"],
                kind,
                org,
                doc.get("user_id"),
                doc.get("lead_id"),
                created,
                updated,
                place,
                values.write_json(doc),
            ],
        )

    def replace(self, doc: Doc, *, updated: str) -> None:
        """Write an object over."""
        count = self.run(
            "UPDATE object SET owner = ?, lead = ?, updated = ?, doc = ? WHERE id = ?",
            [
                doc.get("user_id"),
                doc.get("lead_id"),
                updated,
                values.write_json(doc),
                doc["id"],
            ],
        )
        if count != 1:
            raise Missing(doc["id"])

    def delete(self, id: str) -> None:
        """Forget an object."""
        if self.run("DELETE FROM object WHERE id = ?", [id]) != 1:
            raise Missing(id)

    def row(self, id: str, kind: str | None = None) -> sqlite3.Row:
        """Return an object's row, or raise Missing."""
        found = self.rows("SELECT * FROM object WHERE id = ?", [id])
        if not found or (kind is not None and found[0]["kind"] != kind):
            raise Missing(id)
        return found[0]

    def doc(self, id: str, kind: str | None = None) -> Doc:
        """Return an object's own facts."""
        doc: Doc = values.read_json(self.row(id, kind)["doc"])
        return doc

    def docs(self, kind: str, org: str) -> list[Doc]:
        """Return all of an organisation's objects of a kind, in order of place."""
        found = self.rows(
            "SELECT doc FROM object WHERE kind = ? AND org = ? ORDER BY place",
            [kind, org],
        )
        return [values.read_json(row["doc"]) for row in found]
