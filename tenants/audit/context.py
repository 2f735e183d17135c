"""What caused the present work: a request's id and address, or a job's id."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """The request or job behind what happens now."""

    request_id: str = ""
    address: str = ""


_nothing = Cause()
_cause: ContextVar[Cause | None] = ContextVar("audit_cause", default=None)


def cause() -> Cause:
    """Return what caused the present work; empty in a shell."""
    return _cause.get() or _nothing


@contextmanager
def caused_by(*, request_id: str, address: str = "") -> Iterator[None]:
    """Name the cause of everything that is recorded within."""
    token = _cause.set(Cause(request_id, address))
    try:
        yield
    finally:
        _cause.reset(token)
