"""A source that does not answer is asked again, more and more rarely, and holds no
worker meanwhile."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import transaction

from commissions_saas.lib import clock
from crm_sync.connections import services
from crm_sync.connections.endpoints import new_endpoint
from crm_sync.connections.models import Connection, Delivery
from crm_sync.connections.receiving import ask_for_work
from crm_sync.contract import Payload
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.jobs.models import Job
from tenants.jobs.services import run_now, without_sending
from tests.crm_sync.connections.scene import Scene, later, ledger_of, source_of
from tests.crm_sync.rest.stand_in import Reply, StandIn, running

TRIES = 3
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


def test_a_source_that_failed_at_its_last_try_is_asked_once_first(
    scene: Scene,
) -> None:
    scene.deal()
    server = scene.source.server
    server.faults.change({"error": 100})
    asked = []
    for minutes in (0, 1, 2):
        server.requests.clear()
        with later(minutes):
            assert scene.sync().state == Job.State.QUEUED
        asked.append(len(server.requests))
    assert asked == [5, 1, 1]

    server.faults.change({"script": ["", "error", "error", "", "error"], "error": 0})
    with later(3):
        assert scene.sync().state == Job.State.DONE
    assert scene.connection.problem == ""
    assert ledger_of(scene) == source_of(scene)


def test_a_source_that_is_gone_is_called_once_a_job(scene: Scene) -> None:
    there = scene.connection.base_url
    scene.deal()
    with hanging_up() as (url, calls):
        move(scene.connection, url)
        for done in (1, 2):
            assert scene.sync().state == Job.State.QUEUED
            assert len(calls) == done
    assert scene.connection.problem.startswith("Close cannot be read now")

    move(scene.connection, there)
    assert scene.sync().state == Job.State.DONE
    assert ledger_of(scene) == source_of(scene)


@pytest.mark.parametrize("kind", ["gone", "failing"])
def test_a_declared_source_is_looked_at_first_as_well(
    acme: Business, kind: str
) -> None:
    with (
        running(lambda asked: Reply({}, 503)) as stand_in,
        hanging_up() as (url, calls),
    ):
        connection = declared(acme, stand_in)
        if kind == "gone":
            move(connection, url)
        with without_sending():
            for _ in range(2):
                job = run_now(services.start_sync(connection=connection))
                assert job.state == Job.State.QUEUED, job.problem

        asked = len(calls) if kind == "gone" else len(stand_in.requests)
        assert asked == (2 if kind == "gone" else TRIES + 1)


def test_what_was_sent_by_a_source_that_is_gone_waits_longer_each_time(
    scene: Scene,
) -> None:
    scene.sync()
    there = scene.connection.base_url
    delivery = Delivery.objects.create(
        endpoint=new_endpoint(scene.connection),
        verified=True,
        object="deal",
        external_id=scene.deal(),
        received_at=clock.now(),
    )
    with without_sending(), transaction.atomic():
        ask_for_work(scene.connection)
    job = Job.objects.get(kind="deliveries")

    waits = []
    with hanging_up() as (url, calls):
        move(scene.connection, url)
        for _ in range(8):
            run_now(job)
            assert job.started_at is not None
            waits.append((job.run_after - job.started_at).total_seconds())
        assert len(calls) == 8

    shortest = [10, 20, 40, 80, 160, 320, 640, 900]
    assert all(wait >= least for wait, least in zip(waits, shortest, strict=True))
    assert waits == sorted(waits)
    move(scene.connection, there)
    assert run_now(job).state == Job.State.DONE
    delivery.refresh_from_db()
    assert (delivery.state, delivery.result) == ("done", "1 new")


def move(connection: Connection, url: str) -> None:
    connection.base_url = url
    connection.save(update_fields=["base_url"])


def declared(business: Business, stand_in: StandIn) -> Connection:
    assert business.group is not None
    document: Payload = {
        "source": {"name": "Ledgerly", "retry": {"tries": TRIES}},
        "streams": {"deals": {"path": "deals", "records": "data", "key": "id"}},
    }
    return services.create_connection(
        group=business.group,
        business=business,
        kind="rest",
        name="Ledgerly",
        base_url=stand_in.url,
        options={"allow_loopback": True, "hurry": "0", "document": document},
    )


@contextmanager
def hanging_up() -> Iterator[tuple[str, list[str]]]:
    """A server that ends each call without a word, and what called it."""
    calls: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    call, (host, _) = server.accept()
                except OSError:
                    return
                calls.append(host)
                call.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/api/v1/", calls
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
