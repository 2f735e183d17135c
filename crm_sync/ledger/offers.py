"""What this app offers to others: files that jobs enter, and the way on from those."""

from collections.abc import Callable

from crm_sync.ledger import sheet_jobs, uploading
from crm_sync.ledger.dated_csv import SHEETS, look_at_dated
from crm_sync.ledger.sheets import Preview
from tenants.access import Role
from tenants.accounts.models import Business
from tenants.jobs import ways_on
from tenants.jobs.models import Job
from tenants.urls_for import business_url

WRITES = (Role.FINANCE, Role.ADMIN)


def offer_files() -> None:
    """Let files of lists and facts by date be entered by jobs."""
    for kind in ("payees", *uploading.NAMED):
        sheet_jobs.offer_list(kind, *WRITES)
    for kind in SHEETS:
        sheet_jobs.offer(kind, _looking_at(kind), *WRITES)
    ways_on.offer(sheet_jobs.KIND, _to_the_file)


def _looking_at(kind: str) -> Callable[[bytes], Preview]:
    return lambda content: look_at_dated(kind, content)


def _to_the_file(job: Job) -> ways_on.WayOn | None:
    business = Business.objects.filter(pk=job.business_id).first()
    if business is None:
        return None
    url = business_url(business, "ledger:sheet", job.arguments["sheet"])
    return "See what was entered", url
