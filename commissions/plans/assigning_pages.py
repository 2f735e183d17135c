"""What the pages of assignments and rate tables show."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from commissions.plans import assigning
from commissions.plans.assigning_csv import rows_text
from commissions.plans.models import Assignment, Plan, RateTable, RateTableRows
from commissions.plans.table_readers import readers_of
from commissions_saas.lib import clock
from crm_sync.ledger.models import Change, Payee
from tenants.access import Member, may
from tenants.accounts.models import Role
from tenants.frame.pagination import paginate
from tenants.schema import current_business


def assignments_page(member: Member, query: Mapping[str, str]) -> dict[str, Any]:
    """Assignments as they are known now, of one plan or of all, by name."""
    rows = Assignment.objects.filter(closed__isnull=True).select_related(
        "payee", "plan"
    )
    if wanted := query.get("plan", ""):
        rows = rows.filter(plan__slug=wanted)
    if text := query.get("q", "").strip():
        rows = rows.filter(payee__name__icontains=text)
    page = paginate(
        rows, order=("payee__name", "starts_on", "pk"), cursor=query.get("page", "")
    )
    return {
        "page": page,
        "plans": list(Plan.objects.order_by("name")),
        "wanted": wanted,
        "q": query.get("q", ""),
        "may_write": may(member, "assignments.write"),
    }


def assignment_page(row: Assignment, member: Member) -> dict[str, Any]:
    """One assignment, the ones before it, and the form to correct it."""
    history = Assignment.objects.filter(payee=row.payee, plan=row.plan)
    numbers = {r.opened for r in history}
    changes = Change.objects.in_bulk(numbers)
    names = assigning.variables_of(row.plan)
    return {
        "row": row,
        "history": [(r, changes.get(r.opened)) for r in history.order_by("-opened")],
        "variables": [(n, t, row.values.get(n, "")) for n, t in names.items()],
        "is_now": row.closed is None,
        "may_write": may(member, "assignments.write"),
    }


def assign_page(query: Mapping[str, str]) -> dict[str, Any]:
    """The form: who, which plan, from when, and the values that the plan asks for."""
    today = clock.today(current_business().time_zone)
    plan = Plan.objects.filter(slug=query.get("plan", "")).first()
    names = assigning.variables_of(plan) if plan else {}
    return {
        "payees": list(
            Payee.objects.filter(merged_into__isnull=True, hidden=False).order_by(
                "name"
            )
        ),
        "plans": list(Plan.objects.filter(archived=False).order_by("name")),
        "plan": plan,
        "variables": [(n, t, query.get(f"value-{n}", "")) for n, t in names.items()],
        "payee_id": query.get("payee", ""),
        "starts_on": query.get("starts_on") or today.replace(day=1).isoformat(),
        "ends_on": query.get("ends_on", ""),
    }


def tables_page(member: Member) -> dict[str, Any]:
    """Every rate table with the rows of today."""
    today = clock.today(current_business().time_zone)
    held = {row.table_id: row for row in _on(RateTableRows.objects.all(), today)}
    found = RateTable.objects.order_by("name")
    return {
        "tables": [(table, held.get(table.pk)) for table in found],
        "may_write": may(member, "plans.write"),
    }


def table_page(table: RateTable, member: Member) -> dict[str, Any]:
    """One table: its rows over time, and what was known before."""
    today = clock.today(current_business().time_zone)
    rows = list(table.rows.order_by("-starts_on", "-opened"))
    changes = Change.objects.in_bulk({row.opened for row in rows})
    current = _on(table.rows.all(), today).first()
    return {
        "table": table,
        "current": current,
        "now": [row for row in rows if row.closed is None],
        "history": [(row, changes.get(row.opened)) for row in rows],
        "rows": rows_text(current.rows if current else []),
        "starts_on": today,
        "readers": readers_of(table),
        "may_write": may(member, "plans.write"),
        "may_put": member.has(Role.OWNER, Role.GROUP_ADMIN),
    }


def _on(rows: QuerySet[RateTableRows], day: Any) -> QuerySet[RateTableRows]:
    return rows.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=day),
        closed__isnull=True,
        starts_on__lte=day,
    )
