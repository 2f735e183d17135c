"""A worker is killed at any moment, and what it did comes out as if nobody had."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
import redis
from django.conf import settings
from django.db import transaction

from commissions.statements.models import Line, PayPeriod
from crm_sync.connections import matching
from crm_sync.connections import services as connections
from crm_sync.connections.models import Connection, SyncRun
from crm_sync.ledger.models import Change, Entry, Payee, RefusedRecord, Revision
from crm_sync.ledger.services import create_payee
from payouts.checks.every import verify
from tenants.accounts.models import Business
from tenants.jobs import services as jobs
from tenants.jobs.models import Job
from tenants.schema import in_business
from tests.commissions.statements import world
from tests.crm_sync.providers.close_source import MONDAY, Source, close_source
from tests.databases import Copy
from tests.spine.killing import Gate, Lock, Worker, held, worker_on

DEALS = 420
PAGE = 10
FAULTS = {"seed": 5, "error": 6, "limit": 4, "cut": 3, "repeat": 4}
PAYEES = 20  # three chunks of a recalculation
STATUSES = ("Won", "Lost", "Negotiation")


@pytest.fixture
def close(tmp_path: Path) -> Iterator[Source]:
    """A Close with deals of three people in three stages, an unreliable one."""
    with close_source(tmp_path / "close.db") as source:
        fill(source)
        source.server.faults.change(FAULTS)
        yield source


def fill(source: Source) -> None:
    people = [
        source.account.add_user(name=name, email=f"{name.lower()}@acme.example")
        for name in ("Maya", "Theo", "Priya")
    ]
    statuses = [source.won, source.lost, source.active]
    for number, label in enumerate(STATUSES):
        source.account.rename_status(statuses[number], label)
    with source.account.store.transaction():
        for number in range(DEALS):
            # Four deals of each minute, so that pages end among equals.
            at = MONDAY + timedelta(minutes=number // 4)
            source.deal(
                lead=source.account.add_lead(f"Customer {number}", at=at),
                user=people[number % 3],
                status=statuses[number % 7 % 3],
                value=10_001 * number + 1,
                won_on=date(2026, 11, 1 + number % 28),
                created_at=at,
                updated_at=at,
            )


@pytest.fixture
def connection(close: Source, acme: Business) -> Connection:
    """Acme's connection to it, with a payee for each of its people."""
    assert acme.group is not None
    made = connections.create_connection(
        group=acme.group,
        business=acme,
        kind="close",
        name="Close",
        secret=close.key,
        base_url=close.server.url,
        options={"allow_loopback": True, "page_size": PAGE, "retry_seconds": "0.01"},
    )
    for name in ("Maya", "Theo", "Priya"):
        create_payee(name=name, email=f"{name.lower()}@acme.example")
    connections.test_connection(connection=made)
    matching.accept_exact_matches(connection=made, business=acme)
    return made


def at_the_source(source: Source) -> dict[str, tuple[object, ...]]:
    """Every deal as the source's own store has it, field by field."""
    store = source.server.store
    versions = source.truth()
    found: dict[str, tuple[object, ...]] = {}
    for doc in store.docs("opportunity", source.account.id):
        status = store.doc(doc["status_id"], "status")
        is_won = status["type"] == "won"
        found[doc["id"]] = (
            store.doc(doc["lead_id"], "lead")["name"],
            Decimal(doc["value"]) / 100,
            status["label"],
            date.fromisoformat(doc["date_won"]) if is_won else None,
            is_won,
            store.doc(doc["user_id"], "user")["first_name"],
            versions[doc["id"]],
        )
    return found


def in_the_ledger() -> dict[str, tuple[object, ...]]:
    """Every deal as the ledger has it, in the same words."""
    return {
        row.external_id: (
            row.name,
            row.amount,
            row.status,
            row.occurred_on,
            row.counts,
            row.owner.name if row.owner else "",
            row.version,
        )
        for row in Entry.objects.filter(deleted=False).select_related("owner")
    }


@pytest.mark.slow
def test_a_sync_killed_again_and_again_ends_with_the_ledger_as_the_source(
    fresh_db: Copy,
    acme: Business,
    close: Source,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the end only the parent dies: the child that is thought dead writes no more."""
    monkeypatch.setenv("PAGES_AT_ONCE", "1")  # so that there is much to be cut off
    moments = random.Random(20261124)
    read = iter(sorted(moments.sample(range(1, DEALS - 120), 4)))
    with Gate(close.server.faults) as gate, worker_on(fresh_db) as worker:
        job_id = connections.start_sync(connection=connection).pk
        for who in ("child", "parent and child", "child", "parent"):
            read_on(worker, gate, partial(has_read, job_id, next(read)))
            if who == "parent and child":
                gate.let_one()
                time.sleep(moments.random() / 20)
                worker.kill(who)  # anywhere
            else:
                kill_within_a_page(worker, who, fresh_db, gate)
            worker.bring_back(job_id)  # a child left over is not answered any more
            row = Job.objects.get(pk=job_id)
            if row.state == Job.State.PARKED:  # by its third death; a person looks
                assert row.deaths == 3 and row.hint
                jobs.try_again(job=row)
        gate.open()
        row = worker.finish(job_id)

    assert row.state == Job.State.DONE, row.problem
    assert (row.attempt, row.deaths) == (5, 1)
    assert_nothing_is_lost_or_double(close, connection)


def read_on(worker: Worker, gate: Gate, holds: Callable[[], object]) -> None:
    """Let the worker read, page by page, until it holds."""

    def has_come() -> bool:
        if not holds():
            gate.let_one()
            return False
        return True

    worker.wait_for(has_come)


def kill_within_a_page(worker: Worker, who: str, database: Copy, gate: Gate) -> None:
    """Kill it where a page's rows are written and its cursor is not."""
    with held(database, "SELECT FROM connections_syncrun FOR UPDATE") as waiting:
        read_on(worker, gate, waiting)
        entries = Entry.objects.count()
        worker.kill(who)
        assert Entry.objects.count() == entries


def has_read(job_id: UUID, records: int) -> bool:
    """Say whether a worker has the job, and as many records have been read for it."""
    job = Job.objects.get(pk=job_id)
    assert job.state not in jobs.ENDED
    run = SyncRun.objects.filter(job_id=job_id).first()
    is_read = run is not None and run.read >= records
    return is_read and job.state == Job.State.RUNNING


def assert_nothing_is_lost_or_double(close: Source, connection: Connection) -> None:
    """The ledger is the source, each version once, and a next sync finds nothing."""
    truth = at_the_source(close)
    assert in_the_ledger() == truth
    assert len(truth) == DEALS
    assert not RefusedRecord.objects.exists()
    versions = Counter(Revision.objects.values_list("entry_id", "version"))
    assert set(versions.values()) == {1}
    numbers = list(Change.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    run = SyncRun.objects.get(connection=connection)
    assert (run.state, run.new, run.changed) == ("done", DEALS, 0)
    connection.refresh_from_db()
    assert connection.cursors["deal"]["since"] == max(close.truth().values())
    assert verify() == []
    close.server.faults.change({"error": 0, "limit": 0, "cut": 0})
    again = jobs.run_now(connections.start_sync(connection=connection))
    assert (again.result["new"], again.result["changed"]) == (0, 0)


def business_with_deals(business: Business) -> None:
    """Twenty payees on one plan, with six deals each, and nothing calculated yet."""
    with in_business(business), jobs.without_sending():
        plan = world.a_plan("comfort_advisor", starts_on=date(2026, 7, 1))
        for number in range(PAYEES):
            payee = world.a_payee(f"Payee {number:02}", f"user_{number}")
            world.assign(payee, plan, date(2026, 7, 1), quota="90000")
        world.sync(
            *(
                world.a_deal(
                    f"deal_{number}_{month}",
                    date(2026, month, 1 + number),
                    str(9_000 * month + 517 * number),
                    (world.SYSTEM, world.CARE, world.AIR)[month % 3],
                    owner=f"user_{number}",
                    dealer_fee=Decimal(number),
                )
                for number in range(PAYEES)
                for month in range(6, 12)
            )
        )


def lines_of(business: Business) -> list[tuple[object, ...]]:
    """Every live line of a business, in words that two businesses share."""
    with in_business(business):
        names = dict(Payee.objects.values_list("pk", "name"))
        slugs = dict(PayPeriod.objects.values_list("pk", "slug"))
        deals = dict(Entry.objects.values_list("pk", "external_id"))
        return sorted(
            (
                names[line.payee_id],
                slugs[line.period_id],
                line.component,
                deals.get(line.entry_id or 0, ""),
                line.base,
                line.amount,
                line.waiting_for,
            )
            for line in Line.objects.filter(closed_run__isnull=True)
        )


@pytest.mark.slow
def test_a_recalculation_killed_between_its_chunks_gives_the_same_lines(
    fresh_db: Copy, acme: Business, globex: Business
) -> None:
    Connection.objects.create(
        pk=1, group_id=acme.group_id, business_id=acme.pk, kind="close", name="Close"
    )
    for business in (acme, globex):
        business_with_deals(business)
    with in_business(globex):
        undisturbed = world.catch_up()
    jobs.run_now(Job.objects.get(business_id=globex.pk))  # nobody waits for it below
    job = Job.objects.get(kind="catch_up", business_id=acme.pk)
    # Facts are written at the end of a chunk: lines are there, and not committed.
    lock = "LOCK TABLE rollup_payeefact IN EXCLUSIVE MODE"
    with worker_on(fresh_db) as worker:
        with held(fresh_db, lock) as waiting:
            jobs.send(job.pk)
            worker.wait_for(waiting)
            worker.kill("child")
            again = Lock(fresh_db, lock).ask()
        worker.bring_back(job.pk)
        worker.wait_for(again.waiting)
        nothing = Line.objects.count()
        later = Lock(fresh_db, lock).ask()  # its turn is after the first chunk's
        again.let_go()
        worker.wait_for(later.waiting)
        some = Line.objects.count()
        worker.kill("parent and child")
        later.let_go()
        worker.bring_back(job.pk)
        row = worker.finish(job.pk)

    assert (row.state, row.deaths) == (Job.State.DONE, 2)
    assert (nothing, undisturbed.opened) == (0, len(lines_of(globex)))
    assert 0 < some < undisturbed.opened
    assert lines_of(acme) == lines_of(globex)
    assert verify() == []


@pytest.mark.slow
def test_an_emptied_queue_loses_no_job(
    fresh_db: Copy, businesses: dict[str, Business]
) -> None:
    for business in businesses.values():
        business_with_deals(business)
        with transaction.atomic():
            jobs.enqueue(kind="recalculate_all", title="Proof", business=business)
    for job_id in Job.objects.values_list("pk", flat=True):
        jobs.send(job_id)

    with redis.Redis.from_url(settings.REDIS_URL) as queue:
        assert queue.llen(settings.CELERY_TASK_DEFAULT_QUEUE) >= 2
        queue.flushdb()  # the database of this test process and no other
        assert queue.dbsize() == 0
    with worker_on(fresh_db) as worker:
        worker.wait_for(all_done)

    assert Job.objects.count() == 4
    assert len(lines_of(businesses["acme"])) == 100


@pytest.mark.slow
def test_a_sync_that_dies_while_redis_is_emptied_is_found_in_the_database(
    fresh_db: Copy,
    close: Source,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PAGES_AT_ONCE", "1")
    with Gate(close.server.faults) as gate, worker_on(fresh_db) as worker:
        job_id = connections.start_sync(connection=connection).pk
        read_on(worker, gate, partial(has_read, job_id, 50))
        with redis.Redis.from_url(settings.REDIS_URL) as queue:
            queue.flushdb()  # the database of this test process and no other
            worker.kill("child")
        close.server.faults.change(dict.fromkeys(FAULTS, 0))
        gate.open()
        worker.bring_back(job_id)
        row = worker.finish(job_id)

    assert (row.state, row.problem, row.deaths) == (Job.State.DONE, "", 1)
    assert_nothing_is_lost_or_double(close, connection)


def all_done() -> bool:
    return not Job.objects.exclude(state=Job.State.DONE).exists()
