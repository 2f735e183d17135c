"""What an answer is written in, and what came where it is no JSON."""

from __future__ import annotations

from typing import Any

from crm_sync.outgoing.json_text import read_json
from crm_sync.outgoing.sessions import Reply, in_utf8


def read_body(reply: Reply) -> tuple[Any, bool]:
    """Return the JSON of an answer, and whether its letters had to be guessed: one sign
    that is no UTF-8 must not hold up all that is around it."""
    body = in_utf8(reply)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return read_json(_guessed(body), odd=True, twice=False), True
    return read_json(body, odd=True, twice=False), False


def what_came(body: bytes) -> str:
    """Say what was there instead of JSON: a page to log in, say, is complete."""
    if body.lstrip()[:1] == b"<":
        return "it answered with a page for people, not with data"
    return "its answer was not complete" if body.strip() else "its answer was empty"


def guessed_words(name: str) -> str:
    """Say that letters were guessed."""
    return (
        f"{name} sends signs that are not written in UTF-8, and does not say in what:"
        " look at names with such signs."
    )


def _guessed(body: bytes) -> bytes:
    """What is broken is marked; where nothing is UTF-8, it is as Windows writes."""
    text = body.decode("utf-8", "replace")
    if any(sign > "\x7f" and sign != "\ufffd" for sign in text):
        return text.encode()
    return body.decode("cp1252", "replace").encode()
