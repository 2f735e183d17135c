"""What the setup page asks of plans: is one published, is anybody on it."""

from django.http import HttpRequest

from commissions.plans.models import Assignment, Plan, PlanVersion
from tenants.frame import hooks

DONE, STARTED, NOT_STARTED = "Done", "In progress", "Not started"


def offer_to_the_frame() -> None:
    """Answer the setup page's questions about plans."""
    hooks.offer("setup.plan", plan_state)
    hooks.offer("setup.assign", assign_state)


def plan_state(request: HttpRequest) -> str:
    """Say whether a plan is published, drafted, or not there yet."""
    if PlanVersion.objects.filter(state=PlanVersion.State.PUBLISHED).exists():
        return DONE
    return STARTED if Plan.objects.exists() else NOT_STARTED


def assign_state(request: HttpRequest) -> str:
    """Say whether anybody is on a plan."""
    on_a_plan = Assignment.objects.filter(closed__isnull=True).exists()
    return DONE if on_a_plan else NOT_STARTED
