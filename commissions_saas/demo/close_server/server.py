"""The stand-in as an HTTP server: keys, rate limit, faults, and the way in."""

from __future__ import annotations

import base64
import hmac
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from commissions_saas.demo.close_server import pages, values
from commissions_saas.demo.close_server.account import Account
from commissions_saas.demo.close_server.api import (
    Api,
    Caller,
    FieldErrors,
    Forbidden,
    Request,
)
from commissions_saas.demo.close_server.faults import Faults
from commissions_saas.demo.close_server.listing import BadRequest
from commissions_saas.demo.close_server.store import Missing, Store
from commissions_saas.demo.close_server.webhooks import Deliverer

_ROOT = "/api/v1/"
_LARGEST_BODY = 1_000_000


@dataclass
class Answer:
    """What goes over the wire."""

    status: int
    body: bytes
    type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    sends: int | None = None
    """How much of the body is really sent; None is all of it."""


def serve(path: str | Path, host: str, port: int, control_token: str = "") -> None:
    """Answer on `host` and `port` from the state in `path`, until interrupted."""
    server = CloseServer(Store(path), host=host, port=port, control_token=control_token)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        server.store.close()


@contextmanager
def running(
    store: Store, *, host: str = "127.0.0.1", port: int = 0, control_token: str = ""
) -> Iterator[CloseServer]:
    """Answer in a thread of this process within this context."""
    server = CloseServer(store, host=host, port=port, control_token=control_token)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class CloseServer(ThreadingHTTPServer):
    """Holds what all requests share: the store, the faults, the rate limit."""

    daemon_threads = True

    def __init__(
        self, store: Store, *, host: str, port: int, control_token: str = ""
    ) -> None:
        self.faults = Faults()
        # Before the port: closing stops it, also where the port is somebody else's.
        self._deliverer = Deliverer(store, self.faults)
        super().__init__((host, port), _Handler)
        self.store = store
        self.api = Api(store)
        self.control_token = control_token
        self.requests: list[str] = []
        """What was asked, for tests: method and path with its parameters."""
        self.refusals = 0
        """How many requests broke the rate limit."""
        self.last_pages: dict[tuple[str, ...], bytes] = {}
        self._used: dict[str, list[float]] = defaultdict(list)
        self._lock = threading.Lock()

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Answer, and send what webhooks are owed, until shut down."""
        self._deliverer.start()
        super().serve_forever(poll_interval)

    def server_close(self) -> None:
        """Stop sending and answering."""
        self._deliverer.stop()
        super().server_close()

    @property
    def url(self) -> str:
        """The base address that a connection needs."""
        return f"http://{self.server_address[0]!s}:{self.server_port}{_ROOT}"

    def take_turn(self, key: str) -> tuple[int, str]:
        """Return how many requests a key has left in this second, -1 for none, and
        when the second ends."""
        now = time.monotonic()
        with self._lock:
            used = [at for at in self._used[key] if at > now - 1]
            left = self.faults.allowed_per_second - len(used) - 1
            if left >= 0:
                used.append(now)
            else:
                self.refusals += 1
            self._used[key] = used
        return max(left, -1), f"{used[0] + 1 - now:.3f}" if used else "0"


class _Handler(BaseHTTPRequestHandler):
    server: CloseServer
    protocol_version = "HTTP/1.1"
    server_version = "CloseStandIn"
    sys_version = ""
    timeout = 60
    # Headers and body leave in one packet; else each answer waits for an ACK.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet; tests read `requests` instead."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Date answers by the store's clock, as records are."""
        return format_datetime(self.server.store.now(), usegmt=True)

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _LARGEST_BODY:
            self._send(_problem(413, "The body is too large."))
            self.close_connection = True
            return
        body = self.rfile.read(length)
        url = urlsplit(self.path)
        try:
            if url.path.startswith(_ROOT):
                answer = self._of_api(url.path, url.query, body)
            elif url.path.startswith("/control/"):
                answer = self._of_control(url.path, body)
            else:
                answer = self._of_pages(url.path, body)
        except Missing as missing:
            answer = _problem(404, f"Empty query: {missing} does not exist.")
        except Forbidden as problem:
            answer = _problem(403, str(problem))
        except FieldErrors as problem:
            doc = {"errors": [], "field-errors": problem.fields}
            answer = Answer(400, values.write_json(doc).encode())
        except (BadRequest, ValueError) as problem:
            answer = _problem(400, str(problem))
        self._send(answer)

    def _of_api(self, path: str, query: str, body: bytes) -> Answer:
        server = self.server
        server.requests.append(f"{self.command} {self.path.removeprefix(_ROOT)}")
        caller = server.api.caller(self._key())
        if caller is None:
            return _problem(401, "Unauthorized")
        left, reset = server.take_turn(self._key())
        headers = _limit_headers(server.faults, max(left, 0), reset)
        if left < 0:
            return _too_many(headers, reset)
        fault = server.faults.choose() if self.command == "GET" else ""
        if self.command == "PUT":
            fault = server.faults.choose_for_write()
        if fault == "error":
            return Answer(500, b"<html>Internal Server Error</html>", "text/html")
        if fault == "limit":
            return _too_many(_limit_headers(server.faults, 0, "0.05"), "0.05")
        if fault == "stall":
            time.sleep(server.faults.stall_milliseconds / 1000)
        request = Request(
            method=self.command,
            path=path.removeprefix(_ROOT).strip("/"),
            params=dict(parse_qsl(query, keep_blank_values=True)),
            body=values.read_json(body.decode()) if body else {},
        )
        answer = self._of_request(caller, request, fault)
        answer.headers |= headers
        if fault == "hang":
            time.sleep(server.faults.stall_milliseconds / 1000)
        if fault == "lost":
            return Answer(502, b"<html>Bad Gateway</html>", "text/html")
        if fault == "cut":
            answer.sends = len(answer.body) // 2
        return answer

    def _of_request(self, caller: Caller, request: Request, fault: str) -> Answer:
        server = self.server
        fields = request.params.get("_fields", "")
        shape = (caller.user["id"], request.path, fields)
        before = server.last_pages.get(shape)
        if server.faults.forbidden == request.path:
            return _problem(403, "You do not have permission to do this.")
        if server.faults.absent == request.path:
            return _problem(404, "Not found.")
        if fault == "repeat" and before is not None:
            return Answer(200, before)
        stuck = server.faults.stuck == request.path and request.method == "GET"
        if stuck:
            ignored = {"_skip", "date_updated__gte", "date_updated__lt"}
            kept = {k: v for k, v in request.params.items() if k not in ignored}
            request = replace(request, params=kept)
        doc = server.api.answer(caller, request)
        if stuck:
            doc |= {"has_more": True}
        if fault == "short" and "total_results" in doc:
            doc |= {"data": doc["data"][: len(doc["data"]) // 2], "has_more": False}
        if not server.store.counts_lists and request.path != "opportunity":
            doc.pop("total_results", None)
        answer = Answer(200, values.write_json(doc).encode())
        if request.method == "GET" and "has_more" in doc:
            server.last_pages[shape] = answer.body
        if (
            request.method == "GET"
            and request.path == "opportunity"
            and doc["has_more"]
            and "date_updated" in doc["data"][0]
        ):
            server.faults.disturb(server.store, caller.org, doc["data"])
        return answer

    def _of_control(self, path: str, body: bytes) -> Answer:
        """Switch faults and keys, for whoever holds the token."""
        server = self.server
        given = self.headers.get("X-Control-Token", "")
        token = server.control_token
        if not token or not hmac.compare_digest(given.encode(), token.encode()):
            return _problem(404, "There is nothing here.")
        settings = values.read_json(body.decode()) if body else {}
        if path == "/control/revoke/" and self.command == "POST":
            server.store.run(
                "UPDATE api_key SET revoked = ? WHERE key = ?",
                [int(settings.get("revoked", True)), settings["key"]],
            )
        elif path == "/control/faults/" and self.command == "POST":
            server.faults.change(settings)
            seconds = server.faults.skew_seconds
            server.store.skew = timedelta(seconds=seconds)
        elif self.command != "GET":
            raise Missing(path)
        return Answer(200, values.write_json(server.faults.settings()).encode())

    def _of_pages(self, path: str, body: bytes) -> Answer:
        parts = path.strip("/").split("/")
        store = self.server.store
        if parts == [""]:
            return _page(pages.home_page(store))
        if len(parts) != 2 or parts[0] != "lead":
            raise Missing(path)
        if self.command == "POST":
            return self._edit_by_form(parts[1], body)
        return _page(pages.lead_page(store, parts[1]))

    def _edit_by_form(self, lead: str, body: bytes) -> Answer:
        """Save the form of a customer's page, sent by that page and no other."""
        host = self.headers.get("Host", "")
        if self.headers.get("Origin") != f"http://{host}":
            return _problem(403, "This form belongs to another page.")
        store = self.server.store
        form = dict(parse_qsl(body.decode()))
        row = store.row(form.get("deal", ""), "opportunity")
        status = store.row(form.get("status", ""), "status")
        if row["lead"] != lead or row["org"] != status["org"]:
            raise Missing(lead)
        changes = {"status_id": status["id"], "value": _cents(form.get("value", ""))}
        Account(store, row["org"]).edit(row["id"], changes)
        return Answer(303, b"", headers={"Location": f"/lead/{lead}/#{row['id']}"})

    def _key(self) -> str:
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return ""
        try:
            return base64.b64decode(given).decode().partition(":")[0]
        except ValueError:
            return ""

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", f"{answer.type}; charset=utf-8")
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(answer.body[: answer.sends])
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        if answer.sends is not None:
            self.close_connection = True


def _page(html: str) -> Answer:
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"
    }
    return Answer(200, html.encode(), "text/html", headers)


def _problem(status: int, text: str) -> Answer:
    return Answer(status, values.write_json({"error": text}).encode())


def _too_many(headers: dict[str, str], reset: str) -> Answer:
    answer = _problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests.")
    whole = int(reset.partition(".")[0]) + 1
    answer.headers = headers | {"Retry-After": str(whole)}
    return answer


def _limit_headers(faults: Faults, left: int, reset: str) -> dict[str, str]:
    limit = faults.allowed_per_second
    if faults.header == "none":
        return {}
    if faults.header == "semicolon":
        return {"ratelimit": f"limit={limit}; remaining={left}; reset={reset}"}
    return {"RateLimit": f"limit={limit}, remaining={left}, reset={reset}"}


def _cents(text: str) -> int | None:
    """Read an amount as people type it: "41,250.00" is 4125000."""
    text = text.replace(",", "").strip()
    if not text:
        return None
    whole, _, rest = text.partition(".")
    if not (whole.isdecimal() and (rest.isdecimal() or not rest) and len(rest) < 3):
        raise BadRequest(f"“{text}” is not an amount.")
    return int(whole) * 100 + int(rest.ljust(2, "0"))
