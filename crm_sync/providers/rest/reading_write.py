"""Reads how a document lets values of ours be written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from crm_sync.providers.rest.document import Write
from crm_sync.providers.rest.shape import Shape

ID, FIELD, VALUE = "{id}", "{field}", "{value}"
_METHODS = ("PATCH", "PUT", "POST")


def read_write(shape: Shape, relative: Callable[[Shape, str], str]) -> Write | None:
    """Return what a stream says under `write`, or None where nothing can be written."""
    inner = shape.inner("write")
    if inner is None:
        return None
    path = relative(inner, inner.text("path", needed=True))
    if path and ID not in path:
        inner.wrong("path", "Say by {id} where the id stands, as in /deals/{id}.")
    body = inner.anything("body")
    if not isinstance(body, dict):
        inner.wrong("body", 'This is an object such as {"{field}": "{value}"}.')
        body = {}
    said = list(_texts(body))
    if said.count(VALUE) != 1:
        inner.wrong("body", "Say by {value}, once, where the value stands.")
    if sum(FIELD in text for text in (*said, path)) != 1:
        inner.wrong("body", "Say by {field}, once, where the field's name stands.")
    write = Write(
        path=path,
        method=inner.one_of("method", _METHODS, "PATCH"),
        body=body,
        prefix=inner.text("prefix"),
        numbers=inner.one_of("numbers", ("number", "text"), "number"),
        empty=inner.one_of("empty", ("null", "text"), "null"),
    )
    inner.done()
    return write


def _texts(value: Any) -> Iterator[str]:
    """Yield every name and text in a body."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield str(name)
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    else:
        yield str(value)
