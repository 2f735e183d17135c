"""How long a source asks to be left alone."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from crm_sync.outgoing.waits import moment_said, seconds_said

_PART = re.compile(r"\b(limit|remaining|reset)\s*=\s*(\d{1,9}(?:\.\d{1,9})?)")
_RESETS = ("retry-after", "ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
_IF_NOTHING_IS_SAID = Decimal(60)
_LONGEST = Decimal(900)
_FIRST = Decimal("0.5")


def seconds_to_wait(headers: Mapping[str, str], nth: int) -> Decimal:
    """Return how long to wait after the nth refusal in a row for asking too often."""
    said = _told(headers)
    # A reset of zero, again and again, must not become a storm of requests.
    floor = Decimal("0.05") * Decimal(2 ** min(nth - 1, 6))
    return min(max(said, floor), _LONGEST) + jitter(floor)


def seconds_until_reset(headers: Mapping[str, str]) -> Decimal:
    """Return how long to wait so as not to be refused; zero while turns are left."""
    parts = _rate_limit(headers)
    if parts.get("remaining") == 0 and "reset" in parts:
        return min(parts["reset"], _LONGEST)
    return Decimal(0)


def seconds_between_tries(nth: int, first: Decimal = _FIRST) -> Decimal:
    """Return how long to wait after the nth failure: twice as long each time, and
    never the same for two who fail together."""
    longest = min(first * Decimal(2 ** (nth - 1)), Decimal(30))
    return longest / 2 + jitter(longest / 2)


def jitter(most: Decimal) -> Decimal:
    """Return a chance part of `most`."""
    return most * secrets.randbelow(1000) / 1000


def after_failure(headers: Mapping[str, str]) -> Decimal:
    """Return how long a server that failed asks to be left alone; zero if it does not."""
    said = seconds_said(headers.get("retry-after", ""), _now(headers))
    return min(said or Decimal(0), _LONGEST)


def _told(headers: Mapping[str, str]) -> Decimal:
    parts = _rate_limit(headers)
    if "reset" in parts:
        return parts["reset"]
    for name in _RESETS:
        said = seconds_said(headers.get(name, ""), _now(headers))
        if said is not None:
            return said
    return _IF_NOTHING_IS_SAID


def _now(headers: Mapping[str, str]) -> datetime:
    return moment_said(headers.get("date", "")) or datetime.now(UTC)


def _rate_limit(headers: Mapping[str, str]) -> dict[str, Decimal]:
    """Read the header in both spellings: parted by commas or by semicolons."""
    found = _PART.findall(headers.get("ratelimit", "").lower())
    return {name: Decimal(number) for name, number in found}
