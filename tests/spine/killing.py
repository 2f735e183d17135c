"""A Celery worker that tests kill: its processes, and what brings its jobs back."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg

from commissions_saas.demo.close_server.faults import Faults
from commissions_saas.demo.processes import wait_until
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


class Lock:
    """A lock that a worker needs, held for a test from now on or from its turn on."""

    def __init__(self, database: Copy, statement: str) -> None:
        self._holder = psycopg.connect(database.url)
        self._looker = psycopg.connect(database.url, autocommit=True)
        execute, text = self._holder.execute, statement.encode()
        self._asking = threading.Thread(target=execute, args=(text,), daemon=True)

    def ask(self) -> "Lock":
        """Get it, or stand in line for it behind those who wait already."""
        self._asking.start()
        assert wait_until(lambda: self._is_in_line() or self._is_had(), WAIT_SECONDS)
        return self

    def waiting(self) -> int:
        """Return how many wait for it, once it is had."""
        if not self._is_had():
            return 0
        return self._count("%s = ANY (pg_blocking_pids(pid))")

    def let_go(self) -> None:
        self._asking.join()
        self._holder.close()
        self._looker.close()

    def _is_had(self) -> bool:
        return not self._asking.is_alive()

    def _is_in_line(self) -> bool:
        return self._count("pid = %s AND cardinality(pg_blocking_pids(pid)) > 0") > 0

    def _count(self, which: str) -> int:
        rows = self._looker.execute(
            "SELECT count(*) FROM pg_stat_activity"
            f" WHERE datname = current_database() AND {which}".encode(),
            [self._holder.info.backend_pid],
        ).fetchone()
        return int(rows[0]) if rows else 0


@contextlib.contextmanager
def held(database: Copy, statement: str) -> Iterator[Callable[[], int]]:
    """Keep a lock that others need; say how many wait for it."""
    lock = Lock(database, statement).ask()
    try:
        yield lock.waiting
    finally:
        lock.let_go()


class Gate:
    """Lets a source answer once each time that it is asked to: it is never ahead."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._choose = faults.choose
        self._turn = threading.Condition()
        self._answers = 0
        self._is_open = False

    def __enter__(self) -> "Gate":
        self._faults.choose = self._wait  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        self.open()
        self._faults.choose = self._choose  # type: ignore[method-assign]

    def let_one(self) -> None:
        """Let the next answer go, where none may go yet."""
        with self._turn:
            self._answers = 1
            self._turn.notify_all()

    def open(self) -> None:
        """Let all answers go from now on."""
        with self._turn:
            self._is_open = True
            self._turn.notify_all()

    def _wait(self) -> str:
        with self._turn:
            self._turn.wait_for(lambda: self._is_open or self._answers)
            self._answers = 0
        return self._choose()
