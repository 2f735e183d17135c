"""The job of write-back, and the task by which beat looks for what was missed."""

from typing import Any

from celery import shared_task

from crm_sync.writeback import running
from tenants.jobs.handlers import handles
from tenants.jobs.lease import Lease
from tenants.schema import in_public


@handles(running.KIND)
def write_back(lease: Lease) -> dict[str, Any]:
    """Write what changed into a source."""
    return running.run(lease)


@shared_task(name="crm_sync.writeback.tasks.sweep")
def sweep() -> None:
    """Ask for runs that were missed; beat calls this every ten minutes."""
    with in_public():
        running.ask_where_it_was_missed()
