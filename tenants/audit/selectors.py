"""What of the trail a member may read, and how it is narrowed down."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from tenants.access import Member, may
from tenants.accounts.models import Business
from tenants.audit.models import AuditRow


def visible_to(member: Member) -> QuerySet[AuditRow]:
    """Return the rows of the member's business, or of the group and its businesses."""
    rows = AuditRow.objects.filter(group_id=member.group_id)
    if not may(member, "audit.read"):
        return rows.none()
    if member.business_id is not None:
        return rows.filter(business_id=member.business_id)
    return rows


def narrowed(
    rows: QuerySet[AuditRow], wanted: Mapping[str, Any], zone: str
) -> QuerySet[AuditRow]:
    """Return the rows that match the filter's words, person, kind and days."""
    if wanted.get("q"):
        words = wanted["q"]
        rows = rows.filter(
            Q(object_name__icontains=words)
            | Q(action__icontains=words)
            | Q(object_id=words)
        )
    if wanted.get("by"):
        rows = rows.filter(by__icontains=wanted["by"])
    if wanted.get("kind"):
        rows = rows.filter(object_kind=wanted["kind"])
    if wanted.get("since"):
        rows = rows.filter(business_time__gte=_begin(wanted["since"], zone))
    if wanted.get("until"):
        rows = rows.filter(business_time__lt=_begin(wanted["until"], zone, days=1))
    return rows


def history_of(
    *, business: Business, kind: str, object_id: object
) -> QuerySet[AuditRow]:
    """Return what happened to one object, newest first."""
    return AuditRow.objects.filter(
        business_id=business.pk, object_kind=kind, object_id=str(object_id)
    ).order_by("-pk")


def kinds_in(rows: QuerySet[AuditRow]) -> list[str]:
    """Return the kinds of objects that the rows speak of."""
    return list(
        rows.order_by("object_kind").values_list("object_kind", flat=True).distinct()
    )


def _begin(day: date, zone: str, days: int = 0) -> datetime:
    # At the edges of time a day has none before or after it, nor a time in UTC.
    day = min(max(day, date(1900, 1, 1)), date(9000, 1, 1)) + timedelta(days=days)
    return datetime.combine(day, time.min, ZoneInfo(zone))
