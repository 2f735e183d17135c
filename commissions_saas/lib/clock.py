"""Business time: the real clock, or one that was set for a demo, a replay or a test.

Leases, tokens and the audit trail use the database's time instead.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from commissions_saas.lib.errors import ProductError

_set_to: ContextVar[datetime | None] = ContextVar("clock_set_to", default=None)


def now() -> datetime:
    """Return the business time, in UTC."""
    fixed = _set_to.get()
    if fixed is not None:
        return fixed
    anchor = os.environ.get("CLOCK_ANCHOR", "")
    if not anchor:
        return datetime.now(UTC)
    return _ticking_since(anchor)


def today(zone: str) -> date:
    """Return the business day in `zone`, an IANA name such as `America/Chicago`."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Hold the clock still at `moment` within this context."""
    if moment.tzinfo is None:
        raise ProductError("The clock is set with a moment that names its zone.")
    token = _set_to.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _set_to.reset(token)


def _ticking_since(anchor: str) -> datetime:
    """Read `<moment>@<unix seconds when it was that moment>` and add what passed."""
    start, _, real = anchor.partition("@")
    # Seconds of a clock, not money: a float is what the operating system gives.
    passed = timedelta(seconds=time.time() - float(real))
    return datetime.fromisoformat(start).astimezone(UTC) + passed
