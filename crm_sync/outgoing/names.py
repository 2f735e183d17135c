"""Names of servers are looked up, and a name server that hangs holds nobody up.

The resolver of the system takes no deadline, so that it is asked from a thread. One
that hangs is left to end by itself; so many may hang, and then no more are begun.
"""

from __future__ import annotations

import socket
import threading
from typing import Any

Places = list[tuple[Any, ...]]

_MOST_HANGING = 8
_free = threading.BoundedSemaphore(_MOST_HANGING)


def places_of(host: str, port: int, seconds: float) -> Places:
    """Return all places of a name, as `getaddrinfo` does; TimeoutError when late."""
    if not _free.acquire(timeout=seconds):
        raise TimeoutError("too many names are looked up")
    found: list[Places | Exception] = []
    is_there = threading.Event()

    def look_up() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as problem:
            found.append(problem)
        finally:
            _free.release()
            is_there.set()

    threading.Thread(target=look_up, name=f"name of {host}", daemon=True).start()
    if not is_there.wait(seconds) or not found:
        raise TimeoutError("its name was looked up too slowly")
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]
