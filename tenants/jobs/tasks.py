"""The only two messages in the queue: do this job, and send again what waits."""

from uuid import UUID

from celery import shared_task

from tenants.jobs import services


@shared_task(name=services.RUN_TASK)
def run_job(job_id: str) -> None:
    """Do a job; the row says whether it is still to be done."""
    services.run(UUID(job_id))


@shared_task(name="tenants.jobs.tasks.send_due")
def send_due() -> None:
    """Send again what has no live lease; beat calls this every ten seconds."""
    services.send_due()
