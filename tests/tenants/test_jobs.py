"""Jobs: asked for once, done once in effect, and never lost."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection, transaction
from django.test import Client
from kombu.exceptions import OperationalError

from commissions_saas.lib.errors import ProductError
from tenants.access import Member
from tenants.accounts import versions
from tenants.accounts.models import Business
from tenants.jobs import ending, handlers, selectors, services
from tenants.jobs.errors import LostLease, OutsideTransaction, RunLater
from tenants.jobs.lease import Lease, database_now
from tenants.jobs.models import Job
from tenants.schema import current_schema
from tenants.urls_for import business_url
from tests.databases import Copy

PAST = timedelta(seconds=1)


@pytest.fixture
def seen() -> Iterator[list[Any]]:
    """What the kinds `note` and `odd` were called with."""
    calls: list[Any] = []

    @handlers.handles("note")
    def note(lease: Lease) -> dict[str, Any]:
        lease.step("Noting", done=1, total=2)
        with lease.transaction():
            calls.append((current_schema(), lease.arguments))
        return {"noted": len(calls)}

    @handlers.handles("odd")
    def odd(lease: Lease) -> None:
        calls.append("odd")
        raise ZeroDivisionError("odd")

    yield calls
    handlers._handlers.pop("note")
    handlers._handlers.pop("odd")


def a_job(business: Business, **values: Any) -> Job:
    values = {"kind": "note", "title": "Note", "business": business} | values
    with transaction.atomic():
        return services.enqueue(**values)


def test_a_job_runs_in_its_business_with_its_arguments(
    acme: Business, seen: list[Any]
) -> None:
    job = a_job(acme, arguments={"page": 3})

    services.run_now(job)

    assert seen == [(acme.schema_name, {"page": 3})]
    assert job.state == Job.State.DONE
    assert job.result == {"noted": 1}
    assert (job.step, job.done, job.total) == ("Noting", 1, 2)


def test_a_job_of_a_group_runs_in_public(acme: Business, seen: list[Any]) -> None:
    with transaction.atomic():
        job = services.enqueue(kind="note", title="Note", group=acme.group)

    services.run_now(job)

    assert seen == [("public", {})]


def test_a_job_is_only_asked_for_inside_a_transaction(fresh_db: Copy) -> None:
    with pytest.raises(OutsideTransaction):
        services.enqueue(kind="note", title="Note")


def test_a_job_goes_when_its_cause_is_rolled_back(acme: Business) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        services.enqueue(kind="note", title="Note", business=acme)
        raise RuntimeError

    assert not Job.objects.exists()


def test_a_key_waits_once_and_again_while_it_runs(
    acme: Business, seen: list[Any]
) -> None:
    first = a_job(acme, only_one="key")
    same = a_job(acme, only_one="key")
    assert same.pk == first.pk

    services.claim(first.pk)
    second = a_job(acme, only_one="key")

    assert second.pk != first.pk
    assert services.claim(second.pk) is None


def test_a_key_is_held_by_each_business_for_itself(
    acme: Business, globex: Business
) -> None:
    assert a_job(acme, only_one="key").pk != a_job(globex, only_one="key").pk


def test_a_job_that_is_sent_twice_has_one_effect(
    acme: Business, seen: list[Any]
) -> None:
    job = a_job(acme)

    services.run_now(job)
    services.run_now(job)

    assert len(seen) == 1


def test_a_job_waits_for_its_time(acme: Business, seen: list[Any]) -> None:
    job = a_job(acme, run_after=timedelta(hours=1))

    assert services.claim(job.pk) is None
    assert services.due_fairly() == []
    services.run_all_jobs()

    assert len(seen) == 1


def test_a_mistake_that_a_person_can_mend_is_shown(
    acme: Business, seen: list[Any]
) -> None:
    @handlers.handles("note")
    def refuse(lease: Lease) -> None:
        raise ProductError("Close refused the key.", "Replace the key.")

    job = services.run_now(a_job(acme))

    assert job.state == Job.State.FAILED
    assert (job.problem, job.hint) == ("Close refused the key.", "Replace the key.")


def test_a_job_whose_source_is_away_runs_later(acme: Business, seen: list[Any]) -> None:
    @handlers.handles("note")
    def wait(lease: Lease) -> None:
        raise RunLater("Close asks us to wait", timedelta(minutes=5))

    job = services.run_now(a_job(acme))

    assert job.state == Job.State.QUEUED
    assert job.deaths == 0
    assert job.step == "Close asks us to wait"
    assert services.claim(job.pk) is None


def test_a_job_waits_while_its_business_is_behind_the_code(
    acme: Business, seen: list[Any]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM b1.django_migrations WHERE app = 'ledger'")
    versions.forget()

    job = services.run_now(a_job(acme))

    versions.forget()
    assert seen == []
    assert job.state == Job.State.QUEUED


def test_a_fault_of_ours_is_tried_three_times_and_then_parked(
    acme: Business, seen: list[Any]
) -> None:
    job = a_job(acme, kind="odd")
    for _ in range(3):
        Job.objects.filter(pk=job.pk).update(run_after=database_now() - PAST)
        services.run(job.pk, is_kept=False)
    job.refresh_from_db()

    assert seen == ["odd"] * 3
    assert job.state == Job.State.PARKED
    assert "ZeroDivisionError" in job.problem
    services.try_again(job=job)
    job.refresh_from_db()
    assert (job.state, job.deaths) == (Job.State.QUEUED, 0)


def test_every_job_is_ended_waiting_held_or_parked_with_a_reason(
    acme: Business,
) -> None:
    waits, held, lost, parked = (a_job(acme, title=str(n)) for n in range(4))
    for job in (held, lost, parked):
        assert services.claim(job.pk) is not None
    Job.objects.filter(pk=lost.pk).update(
        lease_until=database_now() - timedelta(minutes=5)
    )
    Job.objects.filter(pk=parked.pk).update(state=Job.State.PARKED)

    found = set(selectors.unaccounted_for())

    assert found == {lost, parked}
    assert waits not in found


def test_a_worker_that_was_thought_dead_writes_nothing(acme: Business) -> None:
    job = a_job(acme)
    claimed = services.claim(job.pk)
    assert claimed is not None
    lease = Lease(claimed, acme, is_kept=False)
    Job.objects.filter(pk=job.pk).update(lease_until=database_now() - PAST)
    services.send_due()
    Job.objects.filter(pk=job.pk).update(run_after=database_now() - PAST)
    assert services.claim(job.pk) is not None

    with pytest.raises(LostLease), lease.transaction():
        raise AssertionError("it was let in")


def test_a_job_in_an_open_transaction_is_not_taken_over(fresh_db: Copy) -> None:
    acme = Business.objects.get(slug="acme")
    claimed = services.claim(a_job(acme).pk)
    assert claimed is not None
    Job.objects.update(lease_until=database_now() - PAST)
    taken: list[str] = []

    def beat() -> None:
        services.send_due()
        taken.append(Job.objects.get().state)
        connection.close()

    with Lease(claimed, acme, is_kept=False).transaction():
        thread = threading.Thread(target=beat)
        thread.start()
        thread.join()

    assert taken == [Job.State.RUNNING]


def test_the_lease_is_renewed_from_a_second_connection(fresh_db: Copy) -> None:
    acme = Business.objects.get(slug="acme")
    claimed = services.claim(a_job(acme).pk)
    assert claimed is not None
    Job.objects.update(lease_until=database_now() - PAST)
    lease = Lease(claimed, acme, is_kept=True)

    with lease.kept(), lease.transaction():
        lease.step("Still here", done=3, total=4)
        end = time.monotonic() + 60
        while not services.is_alive(claimed.pk) and time.monotonic() < end:
            time.sleep(0.05)

    row = Job.objects.get()
    assert services.is_alive(claimed.pk)
    assert (row.step, row.done, row.total) == ("Still here", 3, 4)


def test_a_job_is_cancelled_at_its_next_transaction(
    acme: Business, seen: list[Any]
) -> None:
    @handlers.handles("note")
    def half(lease: Lease) -> None:
        with lease.transaction():
            seen.append("first")
        services.ask_to_cancel(job=lease.job)
        with lease.transaction():
            seen.append("second")

    job = services.run_now(a_job(acme))

    assert seen == ["first"]
    assert job.state == Job.State.CANCELLED


def test_a_job_that_waits_is_cancelled_at_once(acme: Business, seen: list[Any]) -> None:
    job = a_job(acme)

    services.ask_to_cancel(job=job)
    services.run_now(job)

    assert job.state == Job.State.CANCELLED
    assert seen == []


def test_few_parts_of_one_business_run_at_a_time(
    acme: Business, globex: Business
) -> None:
    parents = {business: a_job(business, title="All") for business in (acme, globex)}
    parts = {
        business: [
            a_job(business, title=f"Part {n}", parent=parents[business])
            for n in range(5)
        ]
        for business in (acme, globex)
    }

    claimed = [services.claim(part.pk) for part in parts[acme]]
    other = services.claim(parts[globex][0].pk)

    assert [job is not None for job in claimed] == [True, True, False, False, False]
    assert other is not None
    first = claimed[0]
    assert first is not None
    ending.end(first, Job.State.DONE)
    assert services.waiting_after(first) == [parts[acme][2].pk]


def test_beat_sends_each_business_its_oldest_first(
    acme: Business, globex: Business
) -> None:
    many = [a_job(acme, title=f"A {n}") for n in range(3)]
    one = a_job(globex, title="G")

    order = services.due_fairly()

    assert set(order[:2]) == {many[0].pk, one.pk}


def test_a_redis_that_is_away_loses_no_job(
    fresh_db: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OperationalError("Redis is away.")

    monkeypatch.setattr(current_app, "send_task", refuse)
    job = a_job(Business.objects.get(slug="acme"))

    assert Job.objects.get(pk=job.pk).state == Job.State.QUEUED
    assert services.due_fairly() == [job.pk]


def test_a_rep_sees_their_own_jobs_and_finance_all(
    acme: Business, alice: Member, bob: Member, client: Client
) -> None:
    theirs = a_job(acme, title="An export", started_by=alice)
    own = a_job(acme, title="My file", started_by=bob)
    client.force_login(bob.user)

    assert client.get(business_url(acme, "jobs:job", theirs.pk)).status_code == 404
    assert client.get(business_url(acme, "jobs:job", own.pk)).status_code == 200
    client.force_login(alice.user)
    assert client.get(business_url(acme, "jobs:job", own.pk)).status_code == 200


def test_the_card_polls_while_the_job_lives_and_then_stops(
    acme: Business, alice: Member, client: Client, seen: list[Any]
) -> None:
    job = a_job(acme)
    url = business_url(acme, "jobs:job", job.pk)
    client.force_login(alice.user)

    before = client.get(url, headers={"HX-Request": "true"}).content.decode()
    services.run_now(job)
    after = client.get(url, headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in before
    assert f'hx-get="{url}"' in before
    assert "hx-get" not in after
