"""Accounting to test against: customers over REST, which take one field of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from crm_sync.connections import services
from crm_sync.connections.models import Connection
from tenants.accounts.models import Business
from tenants.jobs.services import run_now
from tests.crm_sync.rest.stand_in import Reply, Request, StandIn, iso, running

BEGAN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DOCUMENT = {
    "source": {
        "name": "Books",
        "base_url": "https://books.example/",
        "auth": {"kind": "bearer", "token": "token"},
    },
    "streams": {
        "customers": {
            "path": "/customers",
            "records": "customers",
            "cursor": {"field": "changed_at", "param": "since", "order": "asc"},
            "one": {"path": "/customers/{id}"},
            "write": {
                "path": "/customers/{id}",
                "prefix": "custom.",
                "body": {"custom": {"{field}": "{value}"}},
            },
            "map": {"name": "title"},
        }
    },
}


class Books:
    """Customers, each with a moment of its last change."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.writes: list[str] = []
        self._clock = 0

    def add(self, id: str, title: str) -> None:
        self.rows[id] = {"id": id, "title": title, "custom": {"crm": None}}
        self._touch(id)

    def answer(self, request: Request) -> Reply:
        id = request.path.removeprefix("/customers").strip("/")
        if request.method == "PATCH" and id in self.rows:
            self.writes.append(id)
            self.rows[id]["custom"] |= request.body["custom"]
            self._touch(id)
            return Reply(b"", 204)
        if id:
            return Reply(self.rows.get(id, {}), 200 if id in self.rows else 404)
        since = request.query.get("since", "")
        rows = [row for row in self.rows.values() if row["changed_at"] >= since]
        return Reply({"customers": sorted(rows, key=lambda row: row["changed_at"])})

    def _touch(self, id: str) -> None:
        self._clock += 1
        self.rows[id]["changed_at"] = iso(BEGAN + timedelta(seconds=self._clock))


@contextmanager
def books_of(business: Business) -> Iterator[tuple[Books, Connection]]:
    """Run Books, and connect it to a business."""
    books = Books()
    with running(books.answer) as source:
        yield books, connected(business, source)


def connected(business: Business, source: StandIn) -> Connection:
    assert business.group is not None
    return services.create_connection(
        group=business.group,
        business=business,
        kind="rest",
        name="Books",
        secret='{"token": "t-1"}',
        base_url=source.url,
        objects=("customer",),
        options={"allow_loopback": True, "hurry": "0", "document": DOCUMENT},
    )


def read(connection: Connection) -> None:
    run_now(services.start_sync(connection=connection))
    connection.refresh_from_db()
