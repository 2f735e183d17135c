"""How long a server is left alone: what it writes under `Retry-After` and its kin, in
every spelling met, and how patient we are with one that fails."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"\d{1,13}(?:\.\d{1,9})?")
_EPOCH = 1_000_000_000  # a larger number of seconds is a moment, not a span

# Where a server says how long to wait, in this order.
RESETS = ("retry-after", "ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")


@dataclass(slots=True)
class Patience:
    """How often the same is asked of a server that fails, and how long it then rests.

    Where it is so said, one that has not answered yet is only looked at: it may be
    gone. Its first answer makes us patient; that it fails is no answer where it has
    failed before.
    """

    tries: int
    look_first: bool = False
    failed_before: bool = False

    def heard(self, status: int) -> None:
        """Take note of an answer."""
        if status < 500 or not self.failed_before:
            self.look_first = False

    def is_over(self, tries: int) -> bool:
        """Say whether so many tries are enough for now."""
        return self.look_first or tries >= self.tries

    def rest(self, pause: Decimal) -> Decimal:
        """Return how long it is left alone after the last try."""
        return max(pause, Decimal(5) if self.look_first else Decimal(60))


def between_tries(nth: int, first: Decimal, longest: Decimal) -> Decimal:
    """Return how long to wait after the nth failure: twice as long each time, and never
    the same for two who fail together."""
    half = min(first * Decimal(2 ** (nth - 1)), longest) / 2
    return half + _chance_of(half)


def after_refusal(said: Decimal, nth: int, longest: Decimal) -> Decimal:
    """Return how long to wait after the nth refusal in a row: as it was said, but a wait
    of zero, again and again, must not become a storm of requests."""
    floor = Decimal("0.05") * Decimal(2 ** min(nth - 1, 6))
    return min(max(said, floor), longest) + _chance_of(floor)


def after_failure(headers: Mapping[str, str]) -> Decimal:
    """Return how long a server that failed asks to be left alone; zero if it does not."""
    return seconds_said(headers.get("retry-after", ""), now_of(headers)) or Decimal(0)


def now_of(headers: Mapping[str, str]) -> datetime:
    """Return the server's own time, or ours where it does not say it."""
    return moment_said(headers.get("date", "")) or datetime.now(UTC)


def _chance_of(most: Decimal) -> Decimal:
    return most * secrets.randbelow(1000) / 1000


def seconds_said(
    text: str, now: datetime, *, is_moment: bool = False
) -> Decimal | None:
    """Return the seconds to wait that a header says, from `now` on; None if nothing.

    It is a span, a moment in seconds since 1970, or a date as HTTP writes it. What is
    past is no wait.
    """
    text = text[:300].strip()
    if _NUMBER.fullmatch(text):
        number = Decimal(text)
        if is_moment or number > _EPOCH:
            number -= Decimal(int(now.timestamp()))
        return max(number, Decimal(0))
    at = moment_said(text)
    if at is None:
        return None
    return max(Decimal(int((at - now).total_seconds())), Decimal(0))


def moment_said(text: str) -> datetime | None:
    """Return the moment that a date in a header names, if it is one."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
