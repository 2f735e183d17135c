"""How long a source asks to be left alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from crm_sync.outgoing.waits import RESETS, after_refusal, now_of, seconds_said

_PART = re.compile(r"\b(limit|remaining|reset|r|t)\s*=\s*(\d{1,9}(?:\.\d{1,9})?)")
# As the draft of a standard abbreviates them: "default";r=0;t=5.
_IN_FULL = {"r": "remaining", "t": "reset"}
_IF_NOTHING_IS_SAID = Decimal(60)
LONGEST = Decimal(900)


def seconds_to_wait(headers: Mapping[str, str], nth: int) -> Decimal:
    """Return how long to wait after the nth refusal in a row for asking too often."""
    return after_refusal(_told(headers), nth, LONGEST)


def seconds_until_reset(headers: Mapping[str, str]) -> Decimal:
    """Return how long to wait so as not to be refused; zero while turns are left."""
    parts = _rate_limit(headers)
    if parts.get("remaining") == 0 and "reset" in parts:
        return min(parts["reset"], LONGEST)
    return Decimal(0)


def _told(headers: Mapping[str, str]) -> Decimal:
    parts = _rate_limit(headers)
    if "reset" in parts:
        return parts["reset"]
    for name in RESETS:
        said = seconds_said(headers.get(name, ""), now_of(headers))
        if said is not None:
            return said
    return _IF_NOTHING_IS_SAID


def _rate_limit(headers: Mapping[str, str]) -> dict[str, Decimal]:
    """Read the header in its spellings: parted by commas or by semicolons, in full or
    in short."""
    found = _PART.findall(headers.get("ratelimit", "").lower())
    return {_IN_FULL.get(name, name): Decimal(number) for name, number in found}
