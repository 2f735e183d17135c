"""Close's webhooks: asked for, looked after, and believed only with their signature."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crm_sync.contract import (
    ConfigurationProblem,
    Event,
    Forged,
    Payload,
    Subscription,
    Unreadable,
)
from crm_sync.json_text import Unreadable as NotJson
from crm_sync.json_text import read_object, too_large
from crm_sync.moments import as_moment, as_version
from crm_sync.providers.close.kinds import STANDARD
from crm_sync.providers.close.transport import Transport

_ACTIONS = ("created", "updated", "deleted")
_MORE = {
    "lead": ("merged",),
    "activity.meeting": ("completed", "canceled"),
    "activity.call": ("answered", "completed"),
    "activity.email": ("sent",),
    "activity.sms": ("sent",),
    "task.lead": ("completed",),
}
# What changes no record itself, but how all of them are read.
_ABOUT_ALL = (
    ("membership", ("activated", "deactivated")),
    ("custom_fields.opportunity", _ACTIONS),
    ("status.opportunity", _ACTIONS),
)
_ID = re.compile(r"\w{1,100}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,12}")


def subscribe(transport: Transport, url: str) -> Subscription:
    """Ask Close for every event that can move a figure."""
    wanted = _wanted()
    try:
        doc = _subscribed(transport, url, wanted + _wanted_if_known())
    except ConfigurationProblem as problem:
        if problem.status != 400:
            raise
        doc = _subscribed(transport, url, wanted)
    made = _subscription(doc)
    if made is None or not re.fullmatch(r"(?:[0-9a-f]{2}){16,64}", made.secret):
        raise Unreadable("Close made a webhook and did not say its key.")
    return made


def _subscribed(
    transport: Transport, url: str, wanted: Sequence[tuple[str, str]]
) -> Payload:
    events = [{"object_type": kind, "action": action} for kind, action in wanted]
    return transport.send("POST", "webhook/", {"url": url, "events": events}).doc


def subscription(transport: Transport, external_id: str) -> Subscription | None:
    """Return how a subscription is, or None if Close has none of this id."""
    if not _ID.fullmatch(external_id):
        return None
    answer = transport.find(f"webhook/{external_id}/")
    return _subscription(answer.doc) if answer else None


def unsubscribe(transport: Transport, external_id: str) -> None:
    """Delete a subscription, if it is still there."""
    if subscription(transport, external_id) is not None:
        transport.send("DELETE", f"webhook/{external_id}/")


def read_delivery(
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: Sequence[str],
    now: datetime,
    window: int,
    types: Mapping[str, str],
) -> tuple[Event, ...]:
    """Return what a delivery says, if Close signed it within `window` seconds.

    The signature is over the raw bytes; any of the secrets may have made it.
    """
    stamp = headers.get("close-sig-timestamp", "")
    given = headers.get("close-sig-hash", "")
    if not _DIGITS.fullmatch(stamp) or not given:
        raise Forged("It carries no signature of Close.")
    signed = [
        hmac.new(bytes.fromhex(key), stamp.encode() + body, hashlib.sha256)
        for key in secrets
    ]
    # Every key is tried, so that the time taken does not tell which one fits.
    # As bytes: what a stranger writes into a header need not be ASCII.
    raw = given.encode("utf-8", "replace")
    fits = [hmac.compare_digest(one.hexdigest().encode(), raw) for one in signed]
    if not any(fits):
        raise Forged("Its signature is not the one that Close would make.")
    if abs(int(now.timestamp()) - int(stamp)) > window:
        raise Forged(f"It was signed more than {window} seconds ago.")
    try:
        doc = read_object(body)
    except NotJson as problem:
        raise Unreadable(f"It is not JSON: {problem}") from None
    if too_large(doc):
        raise Unreadable("It is nested too deeply, or has too many keys.")
    event = doc.get("event")
    if not isinstance(event, dict):
        raise Unreadable("It holds no event.")
    return (_event(event, types),)


def _event(event: Payload, types: Mapping[str, str]) -> Event:
    kind, action = str(event.get("object_type")), str(event.get("action"))
    id = event.get("object_id")
    try:
        version = as_version(event.get("date_updated"))
    except ValueError:
        raise Unreadable("It does not say when the event was.") from None
    if not isinstance(event.get("id"), str) or not isinstance(id, str):
        raise Unreadable("It does not say which event it is, or of what.")
    by = event.get("user_id")
    before = event.get("previous_data")
    merged = kind == "lead" and action == "merged"
    return Event(
        id=event["id"][:100],
        version=version,
        kind=f"{kind} {action}"[:100],
        object="" if merged else _object(kind, event, types),
        external_id=id[:200],
        deleted=action == "deleted",
        by=by if isinstance(by, str) else None,
        at=as_moment(version),
        before=before if isinstance(before, dict) else {},
    )


def _object(kind: str, event: Payload, types: Mapping[str, str]) -> str:
    for one in STANDARD:
        if kind in (one.event, *one.also):
            return one.name
    data = event.get("data") or event.get("previous_data") or {}
    for key in ("custom_activity_type_id", "custom_object_type_id"):
        if isinstance(data, dict) and data.get(key) in types:
            return types[data[key]]
    return ""


def _wanted() -> list[tuple[str, str]]:
    own = [kind.event for kind in STANDARD]
    wanted = [
        (kind, action)
        for kind in (*own, "activity.custom_activity", "custom_object")
        for action in (*_ACTIONS, *_MORE.get(kind, ()))
    ]
    wanted += [(kind, action) for kind, actions in _ABOUT_ALL for action in actions]
    return wanted


def _wanted_if_known() -> list[tuple[str, str]]:
    return [(one, "deleted") for kind in STANDARD for one in kind.also]


def _subscription(doc: Payload) -> Subscription | None:
    id: Any = doc.get("id")
    if not isinstance(id, str):
        return None
    why = doc.get("pause_reason") or doc.get("latest_error") or ""
    return Subscription(
        external_id=id,
        active=doc.get("status", "active") == "active",
        secret=str(doc.get("signature_key") or ""),
        why=why if isinstance(why, str) else "",
    )
