"""One Celery worker process against two, on the same job."""

import os
import subprocess
import sys
import time
from datetime import datetime

from django.db import transaction

from commissions_saas.bench.work import NOW, Size
from tenants.accounts.models import Business
from tenants.jobs import services as jobs
from tenants.jobs.models import Job
from tenants.schema import in_business, in_public

COMMAND = [
    *(sys.executable, "-m", "celery", "-A", "commissions_saas.celery", "worker"),
    *("--loglevel", "ERROR", "--without-gossip", "--without-mingle"),
]
MOST_SECONDS = 900


def seconds(business: Business, size: Size, processes: int) -> float:
    """Return how long a forced recalculation takes with so many processes."""
    environ = {
        **os.environ,
        "DEMO": "yes",
        "CLOCK_ANCHOR": f"{NOW.isoformat()}@{int(time.time())}",
        "PARTS_FROM": str(max(1000, size.deals // 5)),
    }
    worker = subprocess.Popen(
        [*COMMAND, "--concurrency", str(processes)],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        job = _finished(_asked(business))
    finally:
        worker.terminate()
        worker.wait()
    if job.state != Job.State.DONE or not job.finished_at or not job.started_at:
        raise RuntimeError(f"The recalculation ended {job.state}: {job.problem}")
    started: datetime = job.started_at
    return (job.finished_at - started).total_seconds()


def _asked(business: Business) -> Job:
    with in_business(business), transaction.atomic():
        return jobs.enqueue(
            kind="recalculate_all", title="Recalculate", business=business
        )


def _finished(job: Job) -> Job:
    end = time.monotonic() + MOST_SECONDS
    with in_public():
        while job.state not in jobs.ENDED and time.monotonic() < end:
            time.sleep(0.1)
            job.refresh_from_db()
    return job
