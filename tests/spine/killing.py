"""A Celery worker that tests kill: its processes, and what brings its jobs back."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg

from tenants.jobs import services
from tenants.jobs.lease import database_now
from tenants.jobs.models import Job
from tests.databases import Copy

PROJECT = Path(__file__).resolve().parents[2]
LOGS = PROJECT / ".data" / "logs"
WAIT_SECONDS = 180
BEAT_SECONDS = 2
COMMAND = [
    *(sys.executable, "-m", "celery", "-A", "commissions_saas.celery", "worker"),
    *("--concurrency", "1", "--without-gossip", "--without-mingle"),
]


class Worker:
    """One worker with one child, which is started again after it was killed."""

    def __init__(self, database: Copy, *options: str) -> None:
        self._environ = {**os.environ, "DATABASE_URL": database.url}
        self._command = [*COMMAND, *options]
        self._process: subprocess.Popen[bytes] | None = None
        self._left_over: list[int] = []

    def start(self) -> None:
        with (LOGS / f"test-spine-{os.getpid()}.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=PROJECT, env=self._environ, stdout=log, stderr=log
            )

    def kill(self, who: str) -> None:
        """Kill -9 the child that works, the parent above it, or both at once."""
        assert self._process is not None
        children = self.children()
        self._left_over += children
        if who != "child":
            self._process.kill()
            self._process.wait()
        if who != "parent":
            for pid in children:
                end_process(pid)
        if who != "child":
            self.start()

    def children(self) -> list[int]:
        return children_of(self._process.pid) if self._process is not None else []

    def wait_for(self, holds: Callable[[], object]) -> None:
        """Wait until it holds, and be beat meanwhile: a message may have been lost."""
        end = time.monotonic() + WAIT_SECONDS
        beat = time.monotonic() + BEAT_SECONDS
        while not holds():
            assert time.monotonic() < end, list(Job.objects.values())
            assert self._process is not None and self._process.poll() is None, LOGS
            if time.monotonic() > beat:
                services.send_due()
                beat = time.monotonic() + BEAT_SECONDS
            time.sleep(0.02)

    def finish(self, job_id: UUID) -> Job:
        """Wait until the job has ended."""
        self.wait_for(lambda: Job.objects.get(pk=job_id).state in services.ENDED)
        return Job.objects.get(pk=job_id)

    def bring_back(self, job_id: UUID) -> None:
        """Let what is killed be found dead and sent again: half a minute in life.

        A transaction of it that still hangs in the database is waited for, as in life.
        """
        past = database_now() - timedelta(seconds=1)
        killed = Job.objects.get(pk=job_id)
        of_the_dead = Job.objects.filter(pk=job_id, attempt=killed.attempt)

        def is_buried() -> bool:
            of_the_dead.filter(state=Job.State.RUNNING).update(lease_until=past)
            services.send_due()
            return not of_the_dead.filter(state=Job.State.RUNNING).exists()

        self.wait_for(is_buried)
        of_the_dead.filter(state=Job.State.QUEUED).update(run_after=past)
        services.send_due()

    def stop(self) -> None:
        """End it at once, and whatever a killed parent has left behind."""
        self._left_over += self.children()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        for pid in self._left_over:
            end_process(pid)


@contextlib.contextmanager
def worker_on(database: Copy, *options: str) -> Iterator[Worker]:
    """Have a worker on a test's own database, and nothing of it afterwards."""
    worker = Worker(database, *options)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


def children_of(pid: int) -> list[int]:
    """Return the worker's children; psutil would be a dependency for one line."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            _, _, rest = stat.read_text().rpartition(") ")
            if int(rest.split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def end_process(pid: int) -> None:
    """Kill one of the worker's processes, if that is what still has the number."""
    with contextlib.suppress(OSError):
        if b"celery" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def held(database: Copy, statement: str) -> Iterator[Callable[[], bool]]:
    """Keep a lock that the worker needs; say whether somebody waits for it."""
    with (
        psycopg.connect(database.url) as holder,
        psycopg.connect(database.url, autocommit=True) as looker,
    ):
        holder.execute(statement.encode())

        def is_waited_for() -> bool:
            waits = looker.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database()"
                " AND %s = ANY (pg_blocking_pids(pid))",
                [holder.info.backend_pid],
            ).fetchone()
            return waits is not None and waits[0] > 0

        yield is_waited_for
