"""The long work of this app: entering large files of lists and facts."""

from typing import Any

from crm_sync.ledger import sheet_jobs
from tenants.jobs.handlers import handles
from tenants.jobs.lease import Lease


@handles(sheet_jobs.KIND)
def enter_sheet(lease: Lease) -> dict[str, Any]:
    """Enter a large file that somebody sent."""
    return sheet_jobs.enter_in_job(lease)
