"""How long a source is left alone: what it asks for, or what we think is decent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from crm_sync.outgoing.sessions import Reply
from crm_sync.outgoing.waits import (
    RESETS,
    after_refusal,
    moment_said,
    now_of,
    seconds_said,
)
from crm_sync.providers.rest.document import Rate
from crm_sync.providers.rest.patterns import found_by

_RESET = re.compile(r"\breset\s*=\s*(\d{1,9}(?:\.\d{1,9})?)")


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
    return after_refusal(_told(reply.headers, rate), nth, rate.max_wait)


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """Return the source's own time, where it says it."""
    return moment_said(headers.get("date", ""))


def _told(headers: Mapping[str, str], rate: Rate) -> Decimal:
    now = now_of(headers)
    for name in dict.fromkeys((rate.header, *RESETS)):
        text = headers.get(name, "")
        if rate.pattern and name == rate.header:
            text = found_by(rate.pattern, text[:300].strip())
        is_moment = rate.retry_after == "epoch"
        said = seconds_said(text, now, is_moment=is_moment)
        if said is not None:
            return said
    found = _RESET.search(headers.get("ratelimit", "")[:300].lower())
    return Decimal(found[1]) if found else rate.default_wait
