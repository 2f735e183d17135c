"""What the log-in page of the demo needs; nothing anywhere else."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from tenants.accounts.models import DemoPerson


def demo(request: HttpRequest) -> dict[str, Any]:
    """Offer the demo's people; a page that does not draw them asks nothing."""
    if not settings.DEMO:
        return {}
    people: Callable[[], list[dict[str, str]]] = demo_people
    return {"demo_people": people, "demo_log_in_url": reverse("accounts:demo_log_in")}


def demo_people() -> list[dict[str, str]]:
    """Return the people in the order of the tour."""
    rows = DemoPerson.objects.select_related("user").order_by("position")
    return [
        {
            "key": row.key,
            "name": str(row.user),
            "role": row.role,
            "sentence": row.sentence,
        }
        for row in rows
    ]
