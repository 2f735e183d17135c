"""Loading the demo group: founded on 1 June, then lived through to 24 November."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

from django.db import connection as database

from commissions_saas.demo import houses, people, perf, stand_in
from commissions_saas.demo.founding import found_group
from commissions_saas.demo.replay import replaying
from commissions_saas.demo.schedule import STEPS
from commissions_saas.lib import clock
from tenants.jobs.services import without_sending

FOUNDED = datetime(2026, 6, 1, 13, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 16, 40, tzinfo=UTC)
Tell = Callable[[str], None]


def load(tell: Tell = lambda words: None) -> None:
    """Load the demo into a database that has none."""
    watch = Watch(tell)
    with ExitStack() as held:
        held.enter_context(without_sending())
        _hurry()
        with clock.at(FOUNDED):
            house = found_group()
        replay = held.enter_context(replaying(house))
        with replay.at(FOUNDED):
            for found in houses.ALL:
                found(replay)
                watch.lap(found.__name__.replace("_", " "))
        for step in STEPS:
            step.take(replay)
            watch.lap(step.words)
        with replay.at(NOW):
            houses.make_a_field_to_write_into(replay)
        with clock.at(NOW):
            perf.found_perf()
            watch.lap("found perf")
            newcomer = people.found_newcomer()
            stand_in.point_connections_at(stand_in.address())
            people.let_in(house, newcomer)
        watch.lap("Let people in")


def _hurry() -> None:
    """A load that dies is started over, so nothing waits for the disk meanwhile."""
    with database.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")


class Watch:
    """Says how long each part took."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.started = self.last = time.monotonic()

    def lap(self, words: str) -> None:
        now = time.monotonic()
        self.tell(f"{now - self.started:6.1f} s  +{now - self.last:4.1f}  {words}")
        self.last = now
