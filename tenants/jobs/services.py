"""Asking for long work, doing it, and keeping its row true whatever dies meanwhile.

The row decides and the queue only carries: a message holds a job's id, may be lost or
come twice, and a worker first claims the row.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from celery import current_app
from django.db import connection, transaction
from django.db.models import F
from kombu.exceptions import OperationalError

from commissions_saas.lib.errors import ProductError
from tenants.access import Member
from tenants.accounts import versions
from tenants.accounts.models import Business, Group, User
from tenants.audit.context import caused_by
from tenants.jobs import ending
from tenants.jobs.errors import Cancelled, LostLease, OutsideTransaction, RunLater
from tenants.jobs.handlers import handler_of
from tenants.jobs.lease import LEASE, Lease, database_now, due, expired, later
from tenants.jobs.models import Job
from tenants.schema import in_business, in_public, on_commit

log = structlog.get_logger(__name__)

PARTS_AT_A_TIME = 2  # of one business, so that no business starves another
SENT_BY_BEAT = 100
RUN_TASK = "tenants.jobs.tasks.run_job"
_is_sending: ContextVar[bool] = ContextVar("jobs_are_sent", default=True)
ENDED = (Job.State.DONE, Job.State.FAILED, Job.State.PARKED, Job.State.CANCELLED)


def enqueue(
    *,
    kind: str,
    title: str,
    business: Business | None = None,
    group: Group | None = None,
    arguments: dict[str, Any] | None = None,
    only_one: str = "",
    started_by: Member | User | None = None,
    run_after: timedelta | None = None,
    parent: Job | None = None,
) -> Job:
    """Write a job in the transaction of its cause; it is sent after commit.

    Where a job of the same kind and `only_one` waits already, that one is returned.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(kind)
    job = Job(
        kind=kind,
        title=title[:200],
        business_id=business.pk if business else None,
        group_id=group.pk if group else business.group_id if business else None,
        arguments=arguments or {},
        only_one=only_one,
        parent=parent,
        started_by_id=_user_id(started_by),
    )
    if run_after is not None:
        job.run_after = later(run_after)
    if only_one:
        job = _insert_once(job)
    else:
        job.save(force_insert=True)
    seconds = run_after.total_seconds() if run_after else 0
    if parent is None:
        on_commit(lambda: send(job.pk, countdown=seconds))
    return job


def hurry(job: Job) -> None:
    """Do a job that waits for its time as soon as may be; any other stays as it is."""
    waiting = Job.objects.filter(pk=job.pk, state=Job.State.QUEUED)
    if waiting.filter(run_after__gt=database_now()).update(run_after=database_now()):
        on_commit(lambda: send(job.pk))


@contextmanager
def without_sending() -> Iterator[None]:
    """Let rows be written and no message be sent; beat finds what is left over."""
    token = _is_sending.set(False)
    try:
        yield
    finally:
        _is_sending.reset(token)


def send(job_id: UUID, countdown: float = 0, expires: float | None = None) -> None:
    """Put the job's id in the queue; where the queue is away, beat sends it later."""
    if not _is_sending.get():
        return
    try:
        current_app.send_task(
            RUN_TASK,
            args=[str(job_id)],
            countdown=countdown,
            expires=expires,
            retry=False,
        )
    except (OperationalError, OSError) as problem:
        log.warning("job_not_sent", job=str(job_id), problem=str(problem))


def run(job_id: UUID, *, is_kept: bool = True) -> None:
    """Do the job if it can be claimed; called by a worker, and harmless if repeated."""
    job = claim(job_id)
    if job is None:
        return
    try:
        work(job, is_kept=is_kept)
    except LostLease:
        log.warning("job_lost", job=str(job.pk), kind=job.kind)
    except Exception as fault:
        log.exception("job_died", job=str(job.pk), kind=job.kind)
        ending.bury(job, repr(fault))
    for next_id in waiting_after(job):
        send(next_id)


def run_now(job: Job) -> Job:
    """Do the job here and now, whatever its time; a fault of ours is raised."""
    claimed = claim(job.pk, whatever_its_time=True)
    if claimed is not None:
        work(claimed, is_kept=False)
    job.refresh_from_db()
    return job


def run_all_jobs(*, most: int = 10_000) -> list[Job]:
    """Do every job that waits, and those they ask for, until none is left.

    For tests and the demo's replay: no job waits for its time. Wrap what asks for the
    jobs in `without_sending()`, so that no worker is called.
    """
    done: list[Job] = []
    while len(done) < most:
        with in_public():
            job = (
                Job.objects.filter(state=Job.State.QUEUED)
                .order_by("created_at")
                .first()
            )
        if job is None:
            return done
        claimed = claim(job.pk, whatever_its_time=True)
        if claimed is None:
            raise RuntimeError(f"Nobody can claim the job {job.title!r}.")
        try:
            work(claimed, is_kept=False)
        except Exception:
            ending.bury(claimed, "It was run in the process at hand and crashed.")
            raise
        claimed.refresh_from_db()
        done.append(claimed)
    raise RuntimeError(f"There are still jobs after {most}.")


def claim(job_id: UUID, *, whatever_its_time: bool = False) -> Job | None:
    """Take the job by a conditional update: at most one worker holds it.

    Not while another with its `only_one` runs, nor while enough parts of its business
    run already.
    """
    with in_public(), transaction.atomic():
        job = (
            Job.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(pk=job_id, state=Job.State.QUEUED)
            .first()
        )
        if job is None or not _may_start(job):
            return None
        waiting = Job.objects.filter(pk=job_id, state=Job.State.QUEUED)
        if not whatever_its_time:
            waiting = waiting.filter(run_after__lte=database_now())
        claimed = waiting.update(
            state=Job.State.RUNNING,
            attempt=F("attempt") + 1,
            lease_until=database_now() + LEASE,
            started_at=database_now(),
            problem="",
            hint="",
        )
        return Job.objects.get(pk=job_id) if claimed else None


def work(job: Job, *, is_kept: bool) -> None:
    """Call the kind's handler inside the job's business and write how it ended."""
    handler = handler_of(job.kind)
    with ExitStack() as entered:
        entered.enter_context(in_public())
        business = None
        if job.business_id is not None:
            business = Business.objects.select_related("group").get(pk=job.business_id)
            entered.enter_context(in_business(business))
        lease = Lease(job, business, is_kept=is_kept)
        entered.enter_context(caused_by(request_id=f"job {job.pk}"))
        try:
            if business is not None and not versions.is_current(business.schema_name):
                raise RunLater("The business is being updated", timedelta(minutes=1))
            with lease.kept():
                result = handler(lease)
        except Cancelled:
            ending.end(job, Job.State.CANCELLED)
        except RunLater as wait:
            ending.put_back(job, wait)
        except ProductError as problem:
            ending.end(
                job, Job.State.FAILED, problem=problem.message, hint=problem.hint
            )
        else:
            ending.end(job, Job.State.DONE, result=result or {})


def ask_to_cancel(*, job: Job) -> None:
    """Cancel a job that waits; ask one that runs to stop at its next transaction."""
    with in_public(), transaction.atomic():
        Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(
            state=Job.State.CANCELLED, finished_at=database_now()
        )
        Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(cancel_asked=True)


def try_again(*, job: Job) -> None:
    """Queue a job that failed or was parked; its deaths count from nought."""
    with in_public(), transaction.atomic():
        stopped = Job.objects.filter(
            pk=job.pk, state__in=(Job.State.FAILED, Job.State.PARKED)
        )
        if stopped.update(state=Job.State.QUEUED, deaths=0, problem="", hint=""):
            on_commit(lambda: send(job.pk))


def send_due() -> int:
    """Take jobs from dead workers and send again what waits; called by beat."""
    with in_public():
        for job in expired()[:SENT_BY_BEAT]:
            ending.bury_expired(job.pk)
        ids = due_fairly()
    for job_id in ids:
        send(job_id, expires=15)
    return len(ids)


def due_fairly() -> list[UUID]:
    """Return jobs to send: the oldest of each business first, then each one's second."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT id FROM (
                   SELECT id, created_at, row_number() OVER (
                       PARTITION BY business_id, parent_id ORDER BY created_at, id
                   ) AS place
                   FROM public.jobs_job
                   WHERE state = 'queued' AND run_after <= clock_timestamp()
               ) AS waiting
               ORDER BY place, created_at LIMIT %s""",
            [SENT_BY_BEAT],
        )
        return [row[0] for row in cursor.fetchall()]


def waiting_after(job: Job) -> list[UUID]:
    """Return what can start now that this job has ended.

    These are the first few of the parts that it made, its parent's next part, and the
    one that waits with its key.
    """
    with in_public():
        waiting = due().order_by("created_at", "pk").values_list("pk", flat=True)
        ids = list(waiting.filter(parent_id=job.pk)[:PARTS_AT_A_TIME])
        if job.parent_id is not None:
            ids += waiting.filter(parent_id=job.parent_id)[:1]
        if job.only_one:
            same = waiting.filter(business_id=job.business_id, group_id=job.group_id)
            ids += same.filter(kind=job.kind, only_one=job.only_one)[:1]
        return ids


def is_alive(job_id: UUID) -> bool:
    """Say whether a worker holds the job now."""
    held = Job.objects.filter(pk=job_id, state=Job.State.RUNNING)
    return held.filter(lease_until__gt=database_now()).exists()


def _insert_once(job: Job) -> Job:
    key = {
        "group_id": job.group_id,
        "business_id": job.business_id,
        "kind": job.kind,
        "only_one": job.only_one,
    }
    for _ in range(3):
        Job.objects.bulk_create([job], ignore_conflicts=True)
        waits = Job.objects.filter(**key, state=Job.State.QUEUED).first()
        if waits is not None:
            return waits
        # The one that stood in the way was claimed in this very moment.
    raise RuntimeError(f"The job {job.title!r} could not be written.")


def _may_start(job: Job) -> bool:
    running = Job.objects.filter(
        state=Job.State.RUNNING, business_id=job.business_id, group_id=job.group_id
    )
    with connection.cursor() as cursor:
        # Two claims of one business are made one after the other, else both look first.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('claim a job'), %s)",
            [job.business_id or 0],
        )
    if job.only_one:
        rivals = running.filter(kind=job.kind, only_one=job.only_one)
        if rivals.exists():
            return False
    if job.parent_id is not None:
        return running.filter(parent__isnull=False).count() < PARTS_AT_A_TIME
    return True


def _user_id(by: Member | User | None) -> int | None:
    if by is None:
        return None
    return by.user_id if isinstance(by, Member) else by.pk
