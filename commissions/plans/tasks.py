"""The long work of this app: telling people that their plan changes."""

from commissions.plans.telling import tell_published
from tenants.jobs.handlers import handles
from tenants.jobs.lease import Lease


@handles("plan_published")
def plan_published(lease: Lease) -> dict[str, int]:
    """Write to everybody whom a published version pays."""
    return tell_published(lease)
