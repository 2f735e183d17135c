"""Long work, as a program sees it: ask for the job until its state says that it ended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.response import Response

from tenants.access import EVERY_ROLE, Member, Role
from tenants.api.pages import machine
from tenants.jobs import selectors
from tenants.jobs.models import Job
from tenants.urls_for import business_url, group_url

MOST = 100


@machine("GET", roles=(Role.FINANCE, Role.ADMIN, Role.AUDITOR))
def jobs(request: Any) -> Response:
    """List the newest jobs of a business."""
    return _list(request)


@machine("GET", roles=EVERY_ROLE)
def job(request: Any, id: UUID) -> Response:
    """Show one job of a business."""
    return _one(request, id)


@machine("GET", roles=(Role.OWNER, Role.GROUP_ADMIN))
def group_jobs(request: Any) -> Response:
    """List the newest jobs of a group and of its businesses."""
    return _list(request)


@machine("GET", roles=(Role.OWNER, Role.GROUP_ADMIN))
def group_job(request: Any, id: UUID) -> Response:
    """Show one job of a group or of one of its businesses."""
    return _one(request, id)


def job_json(row: Job, url: str) -> dict[str, Any]:
    """Return a job; it has ended when `ended` says so."""
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "title": row.title,
        "state": row.state,
        "ended": row.state not in selectors.LIVE,
        "step": row.step,
        "done": row.done,
        "total": row.total,
        "attempt": row.attempt,
        "result": row.result,
        "problem": row.problem,
        "hint": row.hint,
        "created_at": row.created_at.isoformat() if row.created_at else None,
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
        "url": url,
    }


def job_address(request: Any, row: Job) -> str:
    """Return where a program finds a job, in the place that it asks from."""
    if request.member.business_id is None:
        return group_url(request.group, "api:group_job", row.pk)
    return business_url(request.business, "api:job", row.pk)


def _list(request: Any) -> Response:
    rows = _visible(request.member).order_by("-created_at", "-pk")[:MOST]
    return Response(
        {"jobs": [job_json(row, job_address(request, row)) for row in rows]}
    )


def _one(request: Any, id: UUID) -> Response:
    row = get_object_or_404(_visible(request.member), pk=id)
    return Response(job_json(row, job_address(request, row)))


def _visible(member: Member) -> QuerySet[Job]:
    if member.business_id is not None:
        return selectors.visible_to(member)
    if not member.has(Role.OWNER, Role.GROUP_ADMIN):
        raise Http404
    return Job.objects.filter(group_id=member.group_id)
