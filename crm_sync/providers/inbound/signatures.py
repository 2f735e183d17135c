"""By what a sender is known: its id and secret, or a signature of Standard Webhooks."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from crm_sync.contract import Forged

_DIGITS = re.compile(r"[0-9]{1,12}")
_PREFIX = "whsec_"
_THREE = ("id", "timestamp", "signature")


def check_sender(
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: Sequence[str],
    client_id: str,
    now: datetime,
    window: int,
) -> None:
    """Refuse whoever is not known; all comparisons take the same time."""
    if headers.get("webhook-signature"):
        _check_signature(headers, body, secrets, now, window)
        return
    given_id, given_secret = _id_and_secret(headers)
    if not given_secret:
        raise Forged(
            "It carries neither a client id and secret nor a signature.",
            hint="Send X-Client-Id and X-Client-Secret, or sign it.",
        )
    fits = [hmac.compare_digest(_bytes(one), _bytes(given_secret)) for one in secrets]
    if not hmac.compare_digest(_bytes(client_id), _bytes(given_id)) or not any(fits):
        raise Forged("The client id or secret is not right.")


def under_their_names(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return the headers as the standard calls them; some senders call them after
    themselves."""
    if headers.get("webhook-signature") or not headers.get("svix-signature"):
        return headers
    own = {f"webhook-{name}": headers.get(f"svix-{name}", "") for name in _THREE}
    return {**headers, **own}


def sign(
    secret: str, *, id: str, timestamp: int, body: bytes
) -> str:  # pragma: no mutate
    """Return the header `webhook-signature` for a message."""
    message = f"{id}.{timestamp}.".encode() + body
    mac = hmac.new(_key(secret), message, hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode()


def _check_signature(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[str],
    now: datetime,
    window: int,
) -> None:
    id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not id or not _DIGITS.fullmatch(stamp):
        raise Forged("A signature needs webhook-id and webhook-timestamp beside it.")
    given = headers["webhook-signature"].split()[:10]
    fits = [
        hmac.compare_digest(
            _bytes(one), sign(secret, id=id, timestamp=int(stamp), body=body).encode()
        )
        for secret in secrets
        for one in given
    ]
    if not any(fits):
        raise Forged("Its signature is not the one that this secret makes.")
    if abs(int(now.timestamp()) - int(stamp)) > window:
        when = "ago" if int(now.timestamp()) > int(stamp) else "ahead of now"
        raise Forged(f"It was signed more than {window} seconds {when}.")


def _id_and_secret(headers: Mapping[str, str]) -> tuple[str, str]:
    if headers.get("x-client-secret"):
        return headers.get("x-client-id", ""), headers["x-client-secret"]
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(given, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        id, _, secret = text.partition(":")
        return id, secret
    return "", ""


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
