"""Business time can be set, and ticks from an anchor."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest

from commissions_saas.lib import clock
from commissions_saas.lib.errors import ProductError

MOMENT = datetime(2026, 11, 24, 16, 42, tzinfo=UTC)


def test_the_clock_stands_still_within_a_set_moment() -> None:
    with clock.at(MOMENT):
        assert clock.now() == MOMENT

    assert clock.now() != MOMENT


def test_the_business_day_depends_on_the_zone() -> None:
    with clock.at(datetime(2026, 12, 1, 3, 0, tzinfo=UTC)):
        assert clock.today("America/Chicago") == date(2026, 11, 30)
        assert clock.today("UTC") == date(2026, 12, 1)


def test_a_moment_without_a_zone_is_refused() -> None:
    with (
        pytest.raises(ProductError, match="names its zone"),
        clock.at(datetime(2026, 1, 1)),
    ):
        pass


def test_an_anchored_clock_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    an_hour_ago = time.time() - 3600
    monkeypatch.setenv("CLOCK_ANCHOR", f"2026-11-24T16:42:00+00:00@{an_hour_ago}")

    passed = clock.now() - MOMENT

    assert timedelta(hours=1) <= passed < timedelta(hours=1, minutes=5)
