"""Bodies of requests as programs send them: in chunks without a length, or far too large.

A body in chunks says nowhere how long it is, and what has no length is read as nothing.
Who sends too much would be cut off before the answer that says so could be read.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

MOST_KEPT = 21_000_000  # a little more than the largest file that is taken
_MOST_READ = 64_000_000
_SECONDS = 20
_IN_MEMORY = 1_000_000
_CHUNK = 65_536


def with_length(application: Application) -> Application:
    """Return an application that is given every body with its length."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        is_chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        if not is_chunked or not environ.get("wsgi.input_terminated"):
            return application(environ, start_response)
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as body:
            length = _copied(environ["wsgi.input"], body)
            body.seek(0)
            environ |= {"wsgi.input": body, "CONTENT_LENGTH": str(length)}
            del environ["HTTP_TRANSFER_ENCODING"]
            return application(environ, start_response)

    return serve


def read_up_to(request: Any, most: int) -> bytes:
    """Return a body, and one byte more than is taken where it is too large; the rest is
    read and thrown away, so that whoever sends it hears why."""
    body: bytes = request.read(most + 1)
    if len(body) > most:
        throw_away(request)
    return body


def throw_away(source: Any) -> None:
    """Read what is left of a body, as far as that is decent."""
    _copied(source, None)


def _copied(source: Any, kept: Any) -> int:
    ends = time.monotonic() + _SECONDS
    length = 0
    while length < _MOST_READ and time.monotonic() < ends:
        chunk = source.read(_CHUNK)
        if not chunk:
            break
        length += len(chunk)
        if kept is not None and length <= MOST_KEPT:
            kept.write(chunk)
    return length
