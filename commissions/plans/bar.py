"""What plans offer: answers to the setup page, and files that jobs enter."""

from django.http import HttpRequest

from commissions.plans.assigning_csv import look_at_assignments
from commissions.plans.document import InvalidPlan
from commissions.plans.models import Assignment, Plan, PlanVersion
from commissions.plans.selectors import programs_of
from crm_sync.ledger import sheet_jobs
from tenants.access import Role
from tenants.frame import hooks

DONE, STARTED, NOT_STARTED = "Done", "In progress", "Not started"


def offer_to_the_frame() -> None:
    """Answer the setup page's questions about plans, and take files of assignments."""
    hooks.offer("setup.plan", plan_state)
    hooks.offer("setup.assign", assign_state)
    sheet_jobs.offer("assignments", look_at_assignments, Role.FINANCE, Role.ADMIN)
    hooks.offer("plans_by_field", lambda request: plans_by_field())


def plan_state(request: HttpRequest) -> str:
    """Say whether a plan is published, drafted, or not there yet."""
    if PlanVersion.objects.filter(state=PlanVersion.State.PUBLISHED).exists():
        return DONE
    return STARTED if Plan.objects.exists() else NOT_STARTED


def assign_state(request: HttpRequest) -> str:
    """Say whether anybody is on a plan."""
    on_a_plan = Assignment.objects.filter(closed__isnull=True).exists()
    return DONE if on_a_plan else NOT_STARTED


def plans_by_field() -> dict[str, list[str]]:
    """Return, by field such as `deal.fee`, the plans whose formulas read it."""
    published = PlanVersion.objects.filter(state=PlanVersion.State.PUBLISHED)
    newest = published.select_related("plan").order_by("plan_id", "-number")
    found: dict[str, list[str]] = {}
    for version in newest.distinct("plan_id"):
        try:
            program = programs_of([version])[version.pk]
        except InvalidPlan:
            continue  # its own page says what is wrong with it
        reads = {field.name for own in program.fields.values() for field in own}
        for name in sorted(reads):
            found.setdefault(name, []).append(version.plan.name)
    return {name: sorted(plans) for name, plans in found.items()}
