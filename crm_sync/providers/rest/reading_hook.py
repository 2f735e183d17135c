"""Reads what a document says under `webhook`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from crm_sync.providers.rest.document import Stream
from crm_sync.providers.rest.hook import (
    BODY,
    CLOSE,
    HUBSPOT,
    TIMESTAMP,
    WHOLE_SOURCE,
    Hook,
    Verify,
)
from crm_sync.providers.rest.paths import cleaned, is_path
from crm_sync.providers.rest.shape import Shape

_KINDS: Mapping[str, Verify] = {
    "standard": Verify(kind="standard"),
    "basic": Verify(kind="basic"),
    "none": Verify(kind="none"),
    "close": CLOSE,
    "hubspot_v3": HUBSPOT,
}
_HEADER = re.compile(r"[a-z0-9-]{1,80}")
_MOST_PARTS = 8


def read_hook(top: Shape, streams: Mapping[str, Stream]) -> Hook | None:
    """Return what a source sends, or None where it sends nothing."""
    if top.anything("webhook") in (None, ""):
        return None
    inner = top.inner("webhook")
    if inner is None:
        return None
    objects = {stream.name: stream for stream in streams.values() if stream.object}
    path, names, of = _object(inner, objects)
    deleted = inner.inner("deleted")
    hook = Hook(
        verify=_verify(inner),
        secret=inner.text("secret"),
        events=_path(inner, "events"),
        event_id=_path(inner, "event_id"),
        object_id=_path(inner, "object_id"),
        object=path,
        names=names,
        of=of,
        action=_path(deleted, "path") if deleted else "",
        deleted=deleted.texts("values") if deleted else (),
        at=_path(inner, "at"),
        takes=inner.one_of("takes", ("read", "body"), "read"),
        record=_path(inner, "record"),
    )
    if deleted:
        if not hook.action or not hook.deleted:
            deleted.wrong("", "Name the path, and the values that mean deleted.")
        deleted.done()
    _check(inner, hook, objects)
    inner.done()
    return hook


def _object(
    inner: Shape, objects: Mapping[str, Stream]
) -> tuple[str, dict[str, str], str]:
    """Which object an event is of: one for all, or by a word in the event."""
    given = inner.anything("object")
    if isinstance(given, Mapping):
        shape = inner.shaped("object", given)
        path = _path(shape, "path")
        names = shape.table("names")
        if not path or not names:
            shape.wrong("", "Name the path, and which word means which stream.")
        found = {}
        for word, stream in names.items():
            if stream != WHOLE_SOURCE and stream not in objects:
                shape.wrong("names", f"There is no stream “{stream}”.")
                continue
            known = stream in objects
            found[word] = objects[stream].object if known else WHOLE_SOURCE
        shape.done()
        return path, found, ""
    stream = str(given or "")
    if not stream and len(objects) == 1:
        stream = next(iter(objects))
    if stream not in objects:
        inner.wrong("object", "Name the stream that all events are of, or a path.")
        return "", {}, ""
    return "", {}, objects[stream].object


def _verify(inner: Shape) -> Verify:
    given = inner.anything("verify")
    if not isinstance(given, Mapping):
        kind = str(given or "")
        if kind not in _KINDS:
            known = ", ".join(_KINDS)
            inner.wrong("verify", f"“{kind}” is not one of {known}, or a hmac.")
        return _KINDS.get(kind, Verify())
    shape = inner.shaped("verify", given)
    shape.one_of("kind", ("hmac",), "hmac")
    verify = Verify(
        kind="hmac",
        header=_header(shape, "header", needed=True),
        algorithm=shape.one_of("alg", ("sha256", "sha512", "sha1"), "sha256"),
        encoding=shape.one_of("encoding", ("hex", "base64"), "hex"),
        key=shape.one_of("key", ("text", "hex", "base64"), "text"),
        prefix=shape.text("prefix"),
        parts=shape.texts("parts") or (BODY,),
        timestamp=_header(shape, "timestamp"),
    )
    if BODY not in verify.parts or len(verify.parts) > _MOST_PARTS:
        shape.wrong("parts", "The body must be signed, with few parts beside it.")
    if (TIMESTAMP in verify.parts) != bool(verify.timestamp):
        shape.wrong("timestamp", "Name its header, and sign it among the parts.")
    shape.done()
    return verify


def _check(inner: Shape, hook: Hook, objects: Mapping[str, Stream]) -> None:
    if hook.takes == "read":
        if not hook.object_id:
            inner.wrong("object_id", "Say where the id of the record is.")
        return
    if hook.verify.kind == "none":
        inner.wrong("takes", "What nobody has signed is no record; let it be read.")
    fed = {*hook.names.values(), hook.of}
    _check_dated(inner, hook, [one for one in objects.values() if one.object in fed])
    joined = [one.name for one in objects.values() if one.joins and one.object in fed]
    if joined:
        inner.wrong("takes", f"“{joined[0]}” joins others, so it must be read.")


def _check_dated(inner: Shape, hook: Hook, fed: Sequence[Stream]) -> None:
    """Whoever has seen a signed body could else put it in the place of a newer one."""
    verify = hook.verify
    if verify.kind != "hmac" or verify.timestamp or hook.at:
        return
    undated = [one.name for one in fed if one.cursor is None]
    if undated:
        inner.wrong(
            "at",
            f"Say where the moment of an event is, or sign one, or give “{undated[0]}”"
            " a cursor: else an old body that is sent again looks new.",
        )


def _header(shape: Shape, key: str, *, needed: bool = False) -> str:
    name = shape.text(key, needed=needed).lower()
    if name and not _HEADER.fullmatch(name):
        shape.wrong(key, "This is the name of a header.")
        return ""
    return name


def _path(shape: Shape, key: str) -> str:
    text: Any = shape.text(key)
    if text and not is_path(text):
        shape.wrong(key, f"“{text}” is no path such as data.id.")
        return ""
    return cleaned(text)
