"""The progress page of a job, and the list of a place's jobs."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from tenants.access import EVERY_ROLE, MemberRequest, Role, requires
from tenants.frame.pagination import paginate
from tenants.jobs import selectors, services
from tenants.jobs.models import Job
from tenants.urls_for import business_url, group_url


@requires(Role.FINANCE, Role.ADMIN)
@require_safe
def jobs(request: MemberRequest) -> HttpResponse:
    page = paginate(
        selectors.visible_to(request.member),
        order=("-created_at", "-id"),
        cursor=request.GET.get("page", ""),
    )
    rows = [(job, _url(request, "job", job.pk)) for job in page.rows]
    context = {"page": page, "rows": rows, "base": _base(request)}
    return render(request, "jobs/jobs.html", context)


@requires(*EVERY_ROLE)
@require_safe
def job(request: MemberRequest, id: UUID) -> HttpResponse:
    """Show one job; asked by htmx, its card alone."""
    row = get_object_or_404(selectors.visible_to(request.member), pk=id)
    context: dict[str, Any] = selectors.card(
        row,
        url=_url(request, "job", row.pk),
        cancel_url=_url(request, "cancel", row.pk),
    )
    if request.htmx:
        answer = render(request, "frame/job_card.html", context)
        if row.state not in selectors.LIVE:
            # What the page around the card shows was true before the job ended.
            answer["HX-Refresh"] = "true"
        return answer
    context |= {
        "job": row,
        "base": _base(request),
        "again_url": _url(request, "again", row.pk)
        if row.state in selectors.MAY_BE_TRIED_AGAIN
        else "",
        "jobs_url": _url(request, "jobs"),
    }
    return render(request, "jobs/job.html", context)


@requires(*EVERY_ROLE)
@require_POST
def cancel(request: MemberRequest, id: UUID) -> HttpResponse:
    """Cancel a job that waits, or ask one that runs to stop where it is safe."""
    row = get_object_or_404(selectors.visible_to(request.member), pk=id)
    services.ask_to_cancel(job=row)
    messages.success(request, f"“{row.title}” stops at its next safe point.")
    return redirect(_url(request, "job", row.pk))


@requires(*EVERY_ROLE)
@require_POST
def again(request: MemberRequest, id: UUID) -> HttpResponse:
    """Queue a job that failed or was parked once more."""
    row = get_object_or_404(selectors.visible_to(request.member), pk=id)
    services.try_again(job=row)
    return redirect(_url(request, "job", row.pk))


def job_url(row: Job, place: Any) -> str:
    """Return the address of a job's progress page in a business or a group."""
    if row.business_id is not None:
        return business_url(place, "jobs:job", row.pk)
    return group_url(place, "jobs:group_job", row.pk)


def _url(request: MemberRequest, name: str, *args: Any) -> str:
    if request.member.business_id is not None:
        return business_url(request.business, f"jobs:{name}", *args)
    return group_url(request.group, f"jobs:group_{name}", *args)


def _base(request: MemberRequest) -> str:
    is_in_business = request.member.business_id is not None
    return "base_business.html" if is_in_business else "base_group.html"
