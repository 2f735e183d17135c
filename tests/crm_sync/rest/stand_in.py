"""A source to test against: a real HTTP server, what it holds, and its faults."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from crm_sync.connections.differences import compare
from crm_sync.contract import ConnectionSettings, Cursor, RemoteRecord
from crm_sync.providers.rest.provider import RestProvider

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@dataclass
class Request:
    """What was asked."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]


@dataclass
class Reply:
    """What is answered; `body` is JSON unless it is bytes."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Answer = Callable[[Request], Reply]


@dataclass
class StandIn:
    """A running server; `script` holds faults for the requests that come next."""

    url: str
    answer: Answer
    requests: list[Request] = field(default_factory=list)
    script: list[str] = field(default_factory=list)
    before: Callable[[Request], None] | None = None
    """Called before each answer: for what changes while it is read."""
    now: datetime | None = None
    last: Reply | None = None

    def handle(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        self.requests.append(request)
        fault = self.script.pop(0) if self.script else ""
        if fault == "429":
            return 429, {"Retry-After": "0"}, b'{"message": "slow down"}'
        if fault.startswith("5"):
            return int(fault), {}, b"<html>bad gateway</html>"
        if fault == "again" and self.last is not None:
            return self._sent(self.last)
        if self.before is not None:
            self.before(request)
        reply = self.answer(request)
        self.last = reply
        status, headers, body = self._sent(reply)
        if fault == "cut":
            return status, headers, body[: len(body) // 2]
        return status, headers, body

    def _sent(self, reply: Reply) -> tuple[int, dict[str, str], bytes]:
        body = reply.body
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return reply.status, reply.headers, sent

    def provider(self, secret: str = "key-of-the-test", **options: Any) -> RestProvider:
        given = {"allow_loopback": True, "timeout": 60, "hurry": "0", **options}
        return RestProvider(
            ConnectionSettings(self.url, secret, given, wait=lambda seconds: None)
        )


@contextmanager
def running(answer: Answer) -> Iterator[StandIn]:
    """Run a server that answers so."""
    made: list[StandIn] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            is_json = "json" in self.headers.get("Content-Type", "")
            request = Request(
                self.command,
                url.path,
                dict(parse_qsl(url.query, keep_blank_values=True)),
                json.loads(raw) if raw and is_json else dict(parse_qsl(raw.decode())),
                {name.lower(): value for name, value in self.headers.items()},
            )
            status, headers, body = made[0].handle(request)
            self.send_response_only(status)
            self.send_header("Date", format_datetime(made[0].now or datetime.now(UTC)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PUT = do_PATCH = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    made.append(StandIn(f"http://127.0.0.1:{server.server_address[1]}/", answer))
    try:
        yield made[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Ledger:
    """The least that a receiver must do: the newest version of each record wins."""

    def __init__(self) -> None:
        self.records: dict[str, RemoteRecord] = {}
        self.cursor: Cursor = {}
        self.requests = 0
        self.compares = 0
        self.warnings: list[str] = []

    def sync(self, provider: RestProvider, object: str = "deal") -> None:
        """Take pages and their cursors, then compare where that is due."""
        first = not self.cursor
        must_compare = False
        for page in provider.pages(object, self.cursor):
            for record in page.records:
                self.take(record)
            self.cursor = json.loads(json.dumps(page.cursor))
            self.requests += page.requests
            self.warnings += page.warnings
            must_compare = must_compare or page.compare_ids
        if must_compare or first:
            self.reconcile(provider, object)

    def reconcile(self, provider: RestProvider, object: str = "deal") -> None:
        """Compare ids and read again what differs."""
        self.compares += 1
        known = {i: r.version for i, r in self.records.items() if not r.deleted}
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

    def live(self) -> dict[str, dict[str, Any]]:
        """Return what is not deleted, by id."""
        return {
            id: record.payload
            for id, record in sorted(self.records.items())
            if not record.deleted
        }


def moment(minutes: int = 0, *, seconds: float = 0) -> datetime:
    """Return a moment of the tests' Monday."""
    return MONDAY + timedelta(minutes=minutes, seconds=seconds)


def iso(at: datetime) -> str:
    """Write a moment as most sources do."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def as_text(value: Any) -> Any:
    """Return what JSON holds with every number as its text, as records keep it."""
    return json.loads(json.dumps(value, default=_plain), parse_int=str, parse_float=str)


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)
