"""A source that does not answer is asked again, more and more rarely."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crm_sync.connections import services
from tenants.access import Member
from tenants.jobs.models import Job
from tests.crm_sync.connections.scene import Scene, later

pytestmark = pytest.mark.usefixtures("at_start")


def seconds_until_tried_again(job: Job) -> float:
    assert job.state == Job.State.QUEUED
    return (job.run_after - datetime.now(UTC)).total_seconds()


def test_a_source_that_is_away_is_left_alone_for_as_long_as_it_has_been(
    scene: Scene,
) -> None:
    scene.source.server.faults.change({"error": 100})
    waits = []
    for minutes in (0, 1, 5, 14, 200):
        with later(minutes):
            waits.append(seconds_until_tried_again(scene.sync()) / 60)

    assert waits == pytest.approx([1, 1, 5, 14, 15], abs=0.5)


def test_it_is_tried_soon_again_once_it_has_answered(scene: Scene) -> None:
    scene.deal()
    scene.source.server.faults.change({"error": 100})
    for minutes in (0, 10):
        with later(minutes):
            scene.sync()
    scene.source.server.faults.change({"error": 0})
    with later(20):
        assert scene.sync().state == Job.State.DONE

    scene.source.server.faults.change({"error": 100})
    with later(40):
        assert seconds_until_tried_again(scene.sync()) < 70


def test_a_person_who_asks_does_not_wait_behind_a_source_that_was_away(
    scene: Scene, alice: Member
) -> None:
    scene.source.server.faults.change({"error": 100})
    for minutes in (0, 14):
        with later(minutes):
            waiting = scene.sync()
    assert seconds_until_tried_again(waiting) > 600

    by_itself = services.start_sync(connection=scene.connection)
    by_itself.refresh_from_db()
    assert by_itself == waiting
    assert seconds_until_tried_again(by_itself) > 600

    asked = services.start_sync(connection=scene.connection, by=alice)
    asked.refresh_from_db()

    assert asked == waiting
    assert seconds_until_tried_again(asked) <= 0
