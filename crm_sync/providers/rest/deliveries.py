"""What a declared source sends: believed as its document says, then taken apart."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from crm_sync.contract import Event, Forged, RemoteRecord, Unreadable
from crm_sync.moments import as_moment
from crm_sync.outgoing.json_text import NotJson, read_json, too_large
from crm_sync.providers.rest.document import Document, Stream
from crm_sync.providers.rest.hook import (
    ADDRESS,
    BODY,
    METHOD,
    TIMESTAMP,
    WHOLE_SOURCE,
    Hook,
    Verify,
)
from crm_sync.providers.rest.moments import version_of
from crm_sync.providers.rest.paths import at, text_at
from crm_sync.providers.rest.records import record_of

_DIGITS = re.compile(r"[0-9]{1,13}")
_MOST_EVENTS = 500
_LONGEST = 200
_STANDARD = Verify(
    kind="hmac",
    header="webhook-signature",
    encoding="base64",
    timestamp="webhook-timestamp",
)


def hook_of(document: Document) -> Hook:
    """Return how the source sends; refuse where it was not to send at all."""
    if document.webhook is None:
        raise Forged("Nothing may be sent to this address.")
    return document.webhook


def check_sender(
    hook: Hook,
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: Sequence[str],
    client_id: str,
    address: str,
    now: datetime,
    window: int,
) -> None:
    """Refuse what was not signed as declared; comparisons take the same time."""
    verify = hook.verify
    if verify.kind == "none":
        return
    if verify.kind == "basic":
        _check_basic(headers, secrets, client_id)
        return
    verify, given, parts, keys = _signed_by(verify, headers, secrets)
    stamp = headers.get(verify.timestamp, "") if verify.timestamp else ""
    if not given or (verify.timestamp and not _DIGITS.fullmatch(stamp)):
        raise Forged(f"It carries no signature in {verify.header}.")
    told = {METHOD: b"POST", ADDRESS: address.encode(), BODY: body}
    told[TIMESTAMP] = stamp.encode()
    message = b"".join(told.get(part, part.encode()) for part in parts)
    made = [_signed(verify, key, message) for key in keys]
    # Each is compared, so that the time taken does not tell which one fits.
    fits = [
        hmac.compare_digest(one, _bytes(sent)) for one in made for sent in given[:10]
    ]
    if not any(fits):
        raise Forged("Its signature is not the one that this secret makes.")
    if stamp and abs(int(now.timestamp()) - _seconds(stamp)) > window:
        raise Forged(f"It was signed more than {window} seconds ago.")


def _signed_by(
    verify: Verify, headers: Mapping[str, str], secrets: Sequence[str]
) -> tuple[Verify, list[str], Sequence[str], list[bytes]]:
    """Return the signatures that were sent, what they are of, and the keys."""
    if verify.kind == "standard":
        told = headers.get(_STANDARD.header, "").split()
        parts = (headers.get("webhook-id", ""), ".", TIMESTAMP, ".", BODY)
        keys = [_key_of(one.removeprefix("whsec_"), "base64") for one in secrets]
        return _STANDARD, [one.partition(",")[2] for one in told], parts, keys
    text = headers.get(verify.header, "")
    given = [text.removeprefix(verify.prefix)] if text else []
    return verify, given, verify.parts, [_key_of(one, verify.key) for one in secrets]


def read_events(
    document: Document, body: bytes, received_at: datetime
) -> tuple[Event, ...]:
    """Return the events that a believed body holds."""
    hook = hook_of(document)
    try:
        told = read_json(body)
    except NotJson as problem:
        raise Unreadable(f"It is not JSON: {problem}") from None
    found = at(told, hook.events)
    rows = found if isinstance(found, list) else [found]
    if len(rows) > _MOST_EVENTS:
        raise Unreadable(f"It holds more than {_MOST_EVENTS} events.")
    streams = {one.object: one for one in document.objects}
    return tuple(_event(hook, streams, row, received_at) for row in rows)


def _event(
    hook: Hook, streams: Mapping[str, Stream], row: Any, received_at: datetime
) -> Event:
    if not isinstance(row, dict) or too_large(row):
        raise Unreadable("It holds no event, or one that is too large.")
    word = text_at(row, hook.object) if hook.object else ""
    object_ = hook.names.get(word, word) if hook.object else hook.of
    event = Event(
        id=_event_id(hook, row),
        version="",
        kind=_kind(hook, row, word or object_),
        # A word that nobody has declared must not mean the whole source.
        object=object_[:60],
        external_id=text_at(row, hook.object_id) if hook.object_id else "",
        deleted=bool(hook.action) and text_at(row, hook.action) in hook.deleted,
        at=_moment(text_at(row, hook.at)) if hook.at else None,
    )
    if object_ == WHOLE_SOURCE:
        return replace(event, object="", external_id="")
    if hook.takes == "body" and object_ in streams:
        record = _sent(hook, streams[object_], row, event, received_at)
        # What nothing dates is known by its event's id alone: the moment at which it
        # came would make two of one that is sent twice.
        is_dated = event.at is not None or record.changed_at is not None
        event = replace(
            event,
            record=record,
            version=record.version if is_dated else "",
            external_id=record.external_id,
        )
    if not object_ or not event.external_id or len(event.external_id) > _LONGEST:
        raise Unreadable("It does not say of which record it is.")
    return event


def _event_id(hook: Hook, row: dict[str, Any]) -> str:
    """A long id is known by its hash: cut off, several events would be one."""
    found = text_at(row, hook.event_id) if hook.event_id else ""
    return found if len(found) <= 100 else hashlib.sha256(found.encode()).hexdigest()


def _kind(hook: Hook, row: dict[str, Any], word: str) -> str:
    action = text_at(row, hook.action) if hook.action else ""
    return f"{word} {action}".strip()[:100]


def _sent(
    hook: Hook,
    stream: Stream,
    row: dict[str, Any],
    event: Event,
    received_at: datetime,
) -> RemoteRecord:
    """Return the record that was sent itself; of a deleted one its id is enough."""
    moment = (event.at or received_at).isoformat()
    told = at(row, hook.record)
    found = record_of(
        stream,
        told,
        deleted=event.deleted,
        joined={},
        unversioned=version_of(moment, "iso8601"),
    )
    if isinstance(found, RemoteRecord):
        return found
    if event.deleted and event.external_id:
        version = version_of(moment, "iso8601")
        return RemoteRecord(stream.object, event.external_id, version, {}, deleted=True)
    raise Unreadable(found.reason)


def _check_basic(
    headers: Mapping[str, str], secrets: Sequence[str], client_id: str
) -> None:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    try:
        text = base64.b64decode(given, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    name, _, secret = text.partition(":")
    right = [hmac.compare_digest(_bytes(one), _bytes(secret)) for one in secrets]
    known = hmac.compare_digest(_bytes(client_id), _bytes(name))
    if scheme.lower() != "basic" or not known or not any(right):
        raise Forged("The client id or secret is not right.")


def _signed(verify: Verify, key: bytes, message: bytes) -> bytes:
    mac = hmac.new(key, message, getattr(hashlib, verify.algorithm)).digest()
    return mac.hex().encode() if verify.encoding == "hex" else base64.b64encode(mac)


def _key_of(secret: str, written: str) -> bytes:
    """Return the key that a secret is; what is not written so is taken as it is."""
    try:
        if written == "hex":
            return bytes.fromhex(secret)
        if written == "base64":
            return base64.b64decode(secret, validate=True)
    except (ValueError, binascii.Error):
        pass
    return secret.encode()


def _seconds(stamp: str) -> int:
    """Some count milliseconds."""
    return int(stamp) // 1000 if len(stamp) > 11 else int(stamp)


def _moment(text: str) -> datetime | None:
    form = "iso8601"
    if _DIGITS.fullmatch(text):
        form = "epoch_ms" if len(text) > 11 else "epoch_s"
    try:
        return as_moment(version_of(text, form))
    except (ValueError, OverflowError):
        return None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def credential(secret: str, name: str) -> str:
    """Return one of a connection's credentials by its name."""
    try:
        values = json.loads(secret)
    except ValueError:
        return ""
    return str(values.get(name, "")) if isinstance(values, dict) else ""
