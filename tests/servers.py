"""A real web server and a real worker on a test's own database."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

from commissions_saas.celery import HEARTBEAT_KEY
from commissions_saas.demo.processes import wait_until
from tests.databases import Copy

PROJECT = Path(__file__).resolve().parent.parent
LOGS = PROJECT / ".data" / "logs"


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the product writes its own line for each request."""


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """Serve the product from a thread of this process, and say where."""
    from commissions_saas.wsgi import application

    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
    server.daemon_threads = True
    server.set_app(application)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def site(fresh_db: Copy) -> Iterator[str]:
    """The address of a server on the test's own database; its commits are real."""
    with serving() as address:
        yield address


@pytest.fixture
def worker(fresh_db: Copy) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker of its own process on the test's own database."""
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "commissions_saas.celery",
        "worker",
    ]
    command += ["--concurrency", "1", "--without-gossip", "--without-mingle"]
    environ = {**os.environ, "DATABASE_URL": fresh_db.url}
    with (LOGS / f"test-worker-{os.getpid()}.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environ, stdout=log, stderr=log
        )
    try:
        assert wait_until(lambda: cache.get(HEARTBEAT_KEY) is not None, 60)
        yield process
    finally:
        process.terminate()
        end = time.monotonic() + 10
        try:
            process.wait(end - time.monotonic())
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
