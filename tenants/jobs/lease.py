"""One worker's hold on a job: renewed beside the work, checked in every transaction."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import Func
from django.db.models.fields import DateTimeField

from tenants.accounts.models import Business
from tenants.jobs.errors import Cancelled, LostLease
from tenants.jobs.models import Job

LEASE = timedelta(seconds=20)
RENEW_EVERY = 5.0
SHOW_EVERY = 0.5


def database_now() -> Func:
    """Return the database's clock as it is now, not as it was at the transaction's start."""
    return Func(function="clock_timestamp", output_field=DateTimeField())


class Lease:
    """What a handler gets: the job, its arguments, its business, and how to report."""

    def __init__(self, job: Job, business: Business | None, *, is_kept: bool) -> None:
        self.job = job
        self.business = business
        self.attempt = job.attempt
        # A run inside the caller's own transaction cannot be seen from a second
        # connection, so nothing renews it and steps are written at once.
        self._keeper = Keeper(job.pk, job.attempt) if is_kept else None

    @property
    def is_kept(self) -> bool:
        """Say whether a worker holds the job, so that others may do parts of it."""
        return self._keeper is not None

    @property
    def arguments(self) -> dict[str, Any]:
        return dict(self.job.arguments)

    def step(self, words: str, done: int = 0, total: int = 0) -> None:
        """Say what is being done now, and how far it is."""
        shown = {"step": words[:200], "done": done, "total": total}
        if self._keeper is not None:
            self._keeper.show(shown)
        else:
            self._mine().update(**shown)

    def check(self) -> None:
        """Lock the row and refuse to go on if another worker or a person took it.

        Call it first in every transaction that writes. The lock is the weakest that a
        take-over waits for, so that the second connection can still renew the lease.
        """
        if not connection.in_atomic_block:
            raise RuntimeError("Check the lease inside the transaction that it guards.")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT attempt, state, cancel_asked FROM public.jobs_job"
                " WHERE id = %s FOR KEY SHARE",
                [self.job.pk],
            )
            attempt, state, cancel_asked = cursor.fetchone()
        if attempt != self.attempt or state != Job.State.RUNNING:
            raise LostLease(str(self.job.pk))
        if cancel_asked:
            raise Cancelled(str(self.job.pk))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Open a transaction that only the holder of the job can commit."""
        with transaction.atomic():
            self.check()
            yield

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew the lease from a second connection for as long as the work lasts."""
        if self._keeper is None:
            yield
            return
        self._keeper.start()
        try:
            yield
        finally:
            self._keeper.stop()

    def _mine(self) -> Any:
        return Job.objects.filter(
            pk=self.job.pk, attempt=self.attempt, state=Job.State.RUNNING
        )


class Keeper(threading.Thread):
    """Renews a lease and writes the steps, by a connection of its own."""

    def __init__(self, job_id: Any, attempt: int) -> None:
        super().__init__(name=f"lease of {job_id}", daemon=True)
        self._mine = Job.objects.filter(
            pk=job_id, attempt=attempt, state=Job.State.RUNNING
        )
        self._lock = threading.Lock()
        self._shown: dict[str, Any] = {}
        self._ended = threading.Event()
        self._news = threading.Event()

    def show(self, shown: dict[str, Any]) -> None:
        with self._lock:
            self._shown = shown
        self._news.set()

    def stop(self) -> None:
        self._ended.set()
        self._news.set()
        self.join()

    def run(self) -> None:
        # This thread has its own connection, which is in `public` as every new one is.
        try:
            while not self._ended.is_set():
                self._news.wait(RENEW_EVERY)
                self._news.clear()
                self._write()
                self._ended.wait(SHOW_EVERY)
        finally:
            connection.close()

    def _write(self) -> None:
        with self._lock:
            shown, self._shown = self._shown, {}
        try:
            self._mine.update(lease_until=database_now() + LEASE, **shown)
        except DatabaseError:
            # The database is away; the lease may run out, and then the job's own
            # transactions are refused. Try again with a fresh connection.
            close_old_connections()


def due() -> Any:
    """Return the jobs that wait and whose time has come."""
    return Job.objects.filter(state=Job.State.QUEUED, run_after__lte=database_now())


def expired() -> Any:
    """Return the jobs whose worker is thought dead."""
    return Job.objects.filter(
        state=Job.State.RUNNING, lease_until__lt=database_now()
    ).order_by("created_at")


def later(after: timedelta) -> Any:
    """Return the moment after a while, by the database's clock."""
    return database_now() + after
