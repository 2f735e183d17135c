"""A small server that keeps what is posted to it, headers and raw bytes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Letter:
    """One post."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Postbox:
    """What has come, and what is answered."""

    url: str
    letters: list[Letter] = field(default_factory=list)
    status: int = 200

    def wait_for(self, count: int, seconds: float = 120) -> list[Letter]:
        """Return the letters once there are as many, and forget them."""
        end = time.monotonic() + seconds
        while len(self.letters) < count:
            assert time.monotonic() < end, f"{len(self.letters)} of {count} came"
            time.sleep(0.01)
        taken = list(self.letters)
        del self.letters[: len(taken)]  # another one may just have come
        return taken


@contextmanager
def postbox() -> Iterator[Postbox]:
    """Take post on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    box = Postbox(f"http://127.0.0.1:{server.server_port}")
    server.box = box  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        box: Postbox = self.server.box  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = dict(self.headers.items())
        status = box.status  # who sees the letter may already say another one
        box.letters.append(Letter(self.path, headers, body))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""
