"""Which jobs a member may see, and how one is shown."""

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet

from tenants.access import Member, Role
from tenants.jobs.lease import database_now
from tenants.jobs.models import Job
from tenants.jobs.ways_on import way_on

SEE_ALL = (Role.FINANCE, Role.ADMIN, Role.AUDITOR)
LIVE = (Job.State.QUEUED, Job.State.RUNNING)
MAY_BE_TRIED_AGAIN = (Job.State.FAILED, Job.State.PARKED)


def visible_to(member: Member) -> QuerySet[Job]:
    """Return the jobs of the member's place: all, or those that they started."""
    jobs = Job.objects.filter(group_id=member.group_id, business_id=member.business_id)
    if member.has(*SEE_ALL):
        return jobs
    return jobs.filter(started_by_id=member.user_id)


def unaccounted_for() -> QuerySet[Job]:
    """Return jobs that are neither ended, waiting, nor held, nor parked with a reason.

    Beat finds an expired lease within ten seconds, so a minute is more than enough.
    """
    overdue = Q(lease_until=None) | Q(
        lease_until__lt=database_now() - timedelta(minutes=1)
    )
    return Job.objects.filter(
        Q(overdue, state=Job.State.RUNNING) | Q(state=Job.State.PARKED, problem="")
    )


def elapsed(job: Job) -> str:
    """Return how long the job has worked, in words; empty before it starts."""
    if job.started_at is None:
        return ""
    shown = Job.objects.filter(pk=job.pk).values_list(database_now(), flat=True)
    until = job.finished_at or shown.get()
    return in_words(until - job.started_at)


def in_words(time: timedelta) -> str:
    """Return a length of time as `42 s` or `3 min 5 s`."""
    seconds = max(int(time.total_seconds()), 0)
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def card(job: Job, *, url: str, cancel_url: str) -> dict[str, Any]:
    """Return what the job card of the frame prints; it polls while the job lives."""
    lives = job.state in LIVE
    next_words, next_url = way_on(job)
    return {
        "id": f"job-{job.pk}",
        "title": job.title,
        "state": job.state,
        "step": "Waiting for its turn" if job.state == Job.State.QUEUED else job.step,
        # What ended well did all of it, also where it had nothing to count.
        "done": job.total if job.state == Job.State.DONE else job.done,
        "total": job.total,
        "elapsed": elapsed(job),
        "problem": job.problem,
        "hint": job.hint,
        "poll_url": url if lives else "",
        "cancel_url": cancel_url if lives and not job.cancel_asked else "",
        "next_words": next_words,
        "next_url": next_url,
    }
