"""What each row of a file asks for, found once while the file is looked at or entered."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from tenants.schema import require_business

Found = TypeVar("Found")
_found: ContextVar[dict[object, Any] | None] = ContextVar("found_once", default=None)


@contextmanager
def finding_once() -> Iterator[None]:
    """Keep what `found_once` finds meanwhile; what was found before is found anew."""
    token = _found.set({})
    try:
        yield
    finally:
        _found.reset(token)


def found_once(key: object, find: Callable[[], Found]) -> Found:
    """Return what was found under this key in this business, or find it."""
    kept = _found.get()
    if kept is None:
        return find()
    place = require_business(), key
    if place not in kept:
        kept[place] = find()
    found: Found = kept[place]
    return found
