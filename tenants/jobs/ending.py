"""How a job's row leaves the state *running*: ended, put back, or its worker dead."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from tenants.jobs.errors import LostLease, RunLater
from tenants.jobs.lease import database_now, later
from tenants.jobs.models import Job
from tenants.schema import in_public

DEATHS_UNTIL_PARKED = 3


def end(job: Job, state: str, **values: Any) -> None:
    """Write the end, if this worker still holds the job."""
    with in_public(), transaction.atomic():
        held = Job.objects.filter(
            pk=job.pk, attempt=job.attempt, state=Job.State.RUNNING
        )
        now = database_now()
        if not held.update(state=state, finished_at=now, lease_until=None, **values):
            raise LostLease(str(job.pk))
        if job.parent_id is not None:
            Job.objects.filter(pk=job.parent_id).update(done=F("done") + 1)


def put_back(job: Job, wait: RunLater) -> None:
    """Let the job wait; one with the same key that waits already replaces it."""
    with in_public(), transaction.atomic():
        held = Job.objects.filter(
            pk=job.pk, attempt=job.attempt, state=Job.State.RUNNING
        )
        again = Job.objects.filter(
            kind=job.kind,
            business_id=job.business_id,
            group_id=job.group_id,
            only_one=job.only_one,
            state=Job.State.QUEUED,
        )
        state = Job.State.QUEUED
        if job.only_one and again.exists():
            state = Job.State.CANCELLED
        held.update(
            state=state,
            lease_until=None,
            step=wait.words[:200],
            run_after=later(wait.after),
        )


def bury(job: Job, problem: str) -> None:
    """Count a death of the job this worker holds; the third parks it."""
    with in_public(), transaction.atomic():
        held = Job.objects.select_for_update().filter(
            pk=job.pk, attempt=job.attempt, state=Job.State.RUNNING
        )
        if held.first() is not None:
            _count_death(job.pk, problem)


def bury_expired(job_id: UUID) -> None:
    """Count a death where the lease ran out and no transaction of the job is open.

    `FOR UPDATE` is what the job's own transactions keep off, so a job that is still
    writing is passed over.
    """
    with transaction.atomic():
        dead = Job.objects.select_for_update(skip_locked=True).filter(
            pk=job_id, state=Job.State.RUNNING, lease_until__lt=database_now()
        )
        if dead.first() is not None:
            _count_death(job_id, "The worker that did this was gone.")


def _count_death(job_id: UUID, problem: str) -> None:
    dead = Job.objects.filter(pk=job_id)
    dead.update(
        deaths=F("deaths") + 1,
        lease_until=None,
        problem=problem[:2000],
        cancel_asked=False,
    )
    job = dead.get()
    waits = Job.objects.filter(
        ~Q(only_one=""),
        kind=job.kind,
        only_one=job.only_one,
        business_id=job.business_id,
        group_id=job.group_id,
        state=Job.State.QUEUED,
    )
    if job.deaths >= DEATHS_UNTIL_PARKED:
        dead.update(
            state=Job.State.PARKED,
            finished_at=database_now(),
            hint="It was tried three times. The operator has to look; then try again.",
        )
    elif waits.exists():
        # The one that waits with its key will do this one's work too.
        dead.update(state=Job.State.CANCELLED, finished_at=database_now())
    else:
        pause = timedelta(seconds=5 * job.deaths)
        dead.update(state=Job.State.QUEUED, run_after=later(pause))
