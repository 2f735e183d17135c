"""Who reads a shared rate table: plans by their formulas, and who is paid by them."""

import json
import re
from datetime import date

from django.db.models import Q

from commissions.plans import errors
from commissions.plans.models import Assignment, Plan, PlanVersion, RateTable
from crm_sync.ledger.own import own_payee_ids
from tenants.access import Member
from tenants.schema import current_business


def readers_of(table: RateTable) -> list[Plan]:
    """Return the plans whose newest version, or draft, names the table in a formula."""
    name = re.compile(rf"\b(?:tiers|tables)\.{re.escape(table.key)}\b")
    newest = PlanVersion.objects.order_by("plan_id", "state", "-number")
    newest = newest.distinct("plan_id", "state").filter(plan__archived=False)
    rows = newest.select_related("plan")
    found = {row.plan for row in rows if name.search(json.dumps(row.document))}
    return sorted(found, key=lambda plan: plan.name)


def require_not_paid_by(
    table: RateTable, by: Member, starts_on: date = date.min
) -> None:
    """Refuse a hand in one's own pay; a lone owner says so by solo mode."""
    if current_business().solo_mode:
        return
    own = Assignment.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=starts_on),
        payee_id__in=own_payee_ids(by),
        closed__isnull=True,
    )
    if own.exists() and own.filter(plan__in=readers_of(table)).exists():
        raise errors.OwnTable
