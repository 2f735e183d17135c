"""The job that makes a business's schema."""

from typing import Any

from tenants.accounts.cloning import clone_now
from tenants.accounts.models import Business
from tenants.jobs.handlers import handles
from tenants.jobs.lease import Lease


@handles("make_business")
def make_business(lease: Lease) -> dict[str, Any]:
    """Clone the template for the business; running twice makes one schema."""
    business = Business.objects.get(pk=lease.arguments["business"])
    lease.step(f"Making room for {business.name}")
    with lease.transaction():
        clone_now(business)
    return {"business": business.pk, "slug": business.slug}
