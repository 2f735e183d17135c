"""A real web server on a test's own database."""

import contextlib
import threading
from collections.abc import Iterator

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

from tests.databases import Copy


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
