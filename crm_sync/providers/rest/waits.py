"""How long a source is left alone: what it asks for, or what we think is decent."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from crm_sync.outgoing.sessions import Reply
from crm_sync.outgoing.waits import moment_said, seconds_said
from crm_sync.providers.rest.document import Rate, Retry
from crm_sync.providers.rest.patterns import found_by

_RESET = re.compile(r"\breset\s*=\s*(\d{1,9}(?:\.\d{1,9})?)")
# What others than the declared one are worth a look, in this order.
_ALSO = ("retry-after", "ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")


def is_refusal(reply: Reply, rate: Rate) -> bool:
    """Tell whether this answer says that we ask too often; not always by a 429."""
    if reply.status == 429:
        return True
    text = reply.body[:20_000].decode("utf-8", "replace")
    return any(
        status == reply.status and said and said in text for status, said in rate.when
    )


def asked_for(reply: Reply, rate: Rate, nth: int) -> Decimal:
    """Return how long to wait after the nth refusal in a row."""
    said = _told(reply.headers, rate)
    # A wait of zero, again and again, must not become a storm of requests.
    floor = Decimal("0.05") * Decimal(2 ** min(nth - 1, 6))
    return min(max(said, floor), rate.max_wait) + jitter(floor)


def between_tries(nth: int, retry: Retry) -> Decimal:
    """Return how long to wait after the nth failure: twice as long each time, and never
    the same for two who fail together."""
    longest = min(retry.base * Decimal(2 ** (nth - 1)), retry.cap)
    return longest / 2 + jitter(longest / 2)


def jitter(most: Decimal) -> Decimal:
    """Return a chance part of `most`."""
    return most * secrets.randbelow(1000) / 1000


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """Return the source's own time, where it says it."""
    return moment_said(headers.get("date", ""))


def after_failure(headers: Mapping[str, str]) -> Decimal:
    """Return how long a server that failed asks to be left alone; zero if it does not."""
    now = server_time(headers) or datetime.now(UTC)
    return seconds_said(headers.get("retry-after", ""), now) or Decimal(0)


def _told(headers: Mapping[str, str], rate: Rate) -> Decimal:
    now = server_time(headers) or datetime.now(UTC)
    for name in dict.fromkeys((rate.header, *_ALSO)):
        text = headers.get(name, "")
        if rate.pattern and name == rate.header:
            text = found_by(rate.pattern, text[:300].strip())
        is_moment = rate.retry_after == "epoch"
        said = seconds_said(text, now, is_moment=is_moment)
        if said is not None:
            return said
    found = _RESET.search(headers.get("ratelimit", "")[:300].lower())
    return Decimal(found[1]) if found else rate.default_wait
