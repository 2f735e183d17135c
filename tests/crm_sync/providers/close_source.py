"""A Close to test against: the stand-in over HTTP, filled and with its faults at hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from commissions_saas.demo.close_server.account import Account
from commissions_saas.demo.close_server.server import CloseServer, running
from commissions_saas.demo.close_server.store import Store
from crm_sync.connections.differences import compare
from crm_sync.contract import (
    ConnectionSettings,
    Cursor,
    Page,
    Provider,
    RemoteRecord,
)
from crm_sync.providers import open_provider

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@dataclass
class Source:
    """One organisation at the stand-in, with an admin and her key."""

    server: CloseServer
    account: Account
    admin: str
    key: str
    active: str
    won: str
    lost: str
    business: str
    lead: str

    def provider(self, key: str = "", **options: Any) -> Provider:
        """Open a connection to it that hardly waits."""
        given = {
            "allow_loopback": True,
            "retry_seconds": "0.001",
            "page_size": 20,
            "timeout": 60,
        }
        settings = ConnectionSettings(
            self.server.url, key or self.key, given | options, wait=_hardly_wait
        )
        return open_provider("close", settings)

    def deal(self, **values: Any) -> str:
        """Add a won deal."""
        given: dict[str, Any] = {
            "lead": self.lead,
            "user": self.admin,
            "status": self.won,
            "value": 1_840_000,
            "won_on": date(2026, 11, 4),
        }
        return self.account.add_opportunity(**given | values)

    def deals(self, count: int, *, every: timedelta = timedelta(minutes=1)) -> None:
        """Add many deals, each a little later than the one before."""
        with self.account.store.transaction():
            for number in range(count):
                at = MONDAY + number * every
                self.deal(value=100_000 + number, updated_at=at, created_at=at)

    def truth(self) -> dict[str, str]:
        """Return the deals as they are: id and when each was last changed."""
        rows = self.account.store.rows(
            "SELECT id, updated FROM object WHERE kind = 'opportunity' AND org = ?",
            [self.account.id],
        )
        return {row["id"]: row["updated"] + "Z" for row in rows}


class Ledger:
    """The least that a receiver must do: the newest version of each record wins."""

    def __init__(self) -> None:
        self.records: dict[str, RemoteRecord] = {}
        self.cursor: Cursor = {}
        self.pages: list[Page] = []

    def sync(
        self, provider: Provider, object: str = "deal", *, stop_after: int = 0
    ) -> None:
        """Take pages and their cursors, all or the first few."""
        for number, page in enumerate(provider.pages(object, self.cursor), start=1):
            for record in page.records:
                self.take(record)
            self.cursor = page.cursor
            self.pages.append(page)
            if number == stop_after:
                return

    def reconcile(self, provider: Provider, object: str = "deal") -> None:
        """Compare ids and read again what differs."""
        known = self.versions()
        difference = compare(provider.listed_ids(object), known)
        for id in difference.unknown + difference.stale:
            record = provider.read_one(object, id)
            if record is not None:
                self.take(record)
        for id in difference.missing:
            if provider.read_one(object, id) is None:
                del self.records[id]

    def take(self, record: RemoteRecord) -> None:
        """Keep a record, unless a newer one is here."""
        known = self.records.get(record.external_id)
        if known is None or known.version <= record.version:
            self.records[record.external_id] = record

    def versions(self) -> dict[str, str]:
        """Return the versions of what is not deleted."""
        return {
            id: record.version
            for id, record in self.records.items()
            if not record.deleted
        }


@contextmanager
def close_source(path: Path) -> Iterator[Source]:
    """Run a stand-in with one organisation in it."""
    store = Store(path)
    with store.transaction():
        account = Account.create(store, name="Hale Family Holdings")
        admin = account.add_user(
            name="Maya Okafor", email="maya@hale.example", role="admin"
        )
        active = account.add_status("Open", "active")
        won = account.add_status("Won", "won")
        lost = account.add_status("Lost", "lost")
        business = account.add_custom_field(
            "Business", "choices", choices=["Brightwater", "Ridgeline"]
        )
        lead = account.add_lead("Delgado residence")
        key = account.add_key(admin)
    with running(store, control_token="let me in") as server:
        yield Source(server, account, admin, key, active, won, lost, business, lead)
    store.close()


def _hardly_wait(seconds: Decimal) -> None:
    """Wait no longer than a test can bear; Close's own limit is a second long."""
    time.sleep(float(min(seconds, Decimal("0.2"))))
