"""A real worker is killed while it works, and the job ends all the same."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import transaction

from tenants.accounts.models import Business
from tenants.jobs import services
from tenants.jobs.lease import database_now
from tenants.jobs.models import Job
from tests.databases import Copy
from tests.servers import LOGS, PROJECT

PAST = timedelta(seconds=1)


@pytest.fixture
def waiter(fresh_db: Copy) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of its own process that also knows the kind of `slow_tasks`."""
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "commissions_saas.celery",
        "worker",
    ]
    command += ["--concurrency", "1", "--without-gossip", "--without-mingle"]
    command += ["--include", "tests.tenants.slow_tasks"]
    environ = {**os.environ, "DATABASE_URL": fresh_db.url}
    with (LOGS / f"test-waiter-{os.getpid()}.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environ, stdout=log, stderr=log
        )
    yield process
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_job_survives_the_kill_of_its_worker(
    fresh_db: Copy, waiter: subprocess.Popen[bytes]
) -> None:
    """The pool child dies by kill -9 while it works; the job runs again and ends."""
    acme = Business.objects.get(slug="acme")
    with transaction.atomic():
        job = services.enqueue(kind="wait_for_a_word", title="Wait", business=acme)
    job_id = job.pk
    wait_for(lambda: Job.objects.get(pk=job_id).step)
    child = int(Job.objects.get(pk=job_id).step)
    assert child != waiter.pid

    os.kill(child, signal.SIGKILL)
    Job.objects.filter(pk=job_id).update(lease_until=database_now() - PAST)
    services.send_due()
    Job.objects.filter(pk=job_id).update(run_after=database_now())
    Job.objects.filter(pk=job_id).update(arguments={"word": "go"})
    services.send(job_id)
    wait_for(lambda: Job.objects.get(pk=job_id).state == Job.State.DONE)

    row = Job.objects.get(pk=job_id)
    assert (row.attempt, row.deaths) == (2, 1)


def wait_for(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 180
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)
