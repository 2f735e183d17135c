"""The sealer, which beat calls twice a minute."""

from celery import shared_task

from tenants.audit import sealing


@shared_task(name="tenants.audit.tasks.seal")
def seal() -> None:
    """Number and hash what was committed since the last time."""
    sealing.seal()
