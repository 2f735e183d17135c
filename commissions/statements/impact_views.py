"""Pages of what a plan's version would pay: a draft's impact, publishing, ghosts."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commissions.calculation.words import day_words
from commissions.plans import errors
from commissions.plans.document import InvalidPlan
from commissions.plans.models import Plan, PlanVersion, Preview, PreviewedStatement
from commissions.plans.pages import day_of, number_of
from commissions.plans.services import document_of
from commissions.plans.views import sent_document
from commissions.statements import impact_pages, previews
from commissions.statements.live import trace_both, try_live
from commissions.statements.periods import read_period
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.periods import YEARS
from tenants.access import MemberRequest, requires, who_may
from tenants.accounts.models import Role
from tenants.urls_for import business_url

READS = (Role.FINANCE, Role.ADMIN, Role.AUDITOR)
WRITES = (Role.ADMIN,)
PAGE = "plans/impact.html"


@requires(*READS)
@require_http_methods(["GET", "HEAD", "POST"])
def impact(request: MemberRequest, slug: str) -> HttpResponse:
    """Show what publishing the draft changes; a POST compares it (again)."""
    draft = _draft(slug)
    if request.method != "POST":
        return render(request, PAGE, impact_pages.impact_page(draft, request))
    _require_admin(request)
    starts_on = day_of(request.POST.get("starts_on", "")) or impact_pages.first_day()
    if starts_on.year not in YEARS:
        page = impact_pages.impact_page(draft, request)
        page["problem"] = ProductError("The day is not clear.", hint="Like 2026-12-01.")
        return render(request, PAGE, page, status=422)
    previews.ask_preview(draft=draft, starts_on=starts_on, by=request.member)
    return redirect(business_url(request.business, "statements:impact", slug))


@requires(*WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: MemberRequest, slug: str) -> HttpResponse:
    """Publish the draft at the price that was on the page; 409 where figures moved."""
    impact_url = business_url(request.business, "statements:impact", slug)
    if request.method != "POST":
        get_object_or_404(Plan, slug=slug)
        return redirect(impact_url)
    draft = _draft(slug)
    try:
        version = previews.publish_previewed(
            preview=_seen(request, draft), by=request.member
        )
    except ProductError as problem:
        page = impact_pages.impact_page(draft, request)
        return render(request, PAGE, {**page, "problem": problem}, status=409)
    since = f" from {day_words(version.starts_on)}" if version.starts_on else ""
    messages.success(request, f"{draft.plan} v{version.number} is in force{since}.")
    return redirect(business_url(request.business, "plans:plan", slug))


@requires(*READS)
@require_GET
def impact_file(request: MemberRequest, slug: str) -> HttpResponse:
    """Give every line that the draft changes as CSV."""
    preview = impact_pages.newest_preview(_draft(slug))
    if preview is None or preview.state != Preview.State.READY:
        raise Http404
    answer = HttpResponse(
        impact_pages.impact_csv(preview), content_type="text/csv; charset=utf-8"
    )
    name = f"{slug}-v{preview.number}-impact.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@requires(*READS)
@require_GET
def impact_statement(request: MemberRequest, slug: str, row_id: int) -> HttpResponse:
    """One payee's period: each line now and after."""
    rows = PreviewedStatement.objects.select_related("preview__plan")
    row = get_object_or_404(rows, pk=row_id, preview__plan__slug=slug)
    page = impact_pages.statement_page(row)
    return render(request, "plans/impact_statement.html", page)


@requires(*READS)
@require_GET
def impact_line(request: MemberRequest, slug: str, row_id: int) -> HttpResponse:
    """One line of a preview, worked out step by step on both sides."""
    rows = PreviewedStatement.objects.select_related("preview__plan")
    row = get_object_or_404(rows, pk=row_id, preview__plan__slug=slug)
    page = impact_pages.statement_page(row)
    number = request.GET.get("line", "0")
    at = int(number) if number.isdecimal() and len(number) < 9 else 0
    if at >= len(page["lines"]):
        raise Http404
    line = page["lines"][at]
    sides = trace_both(row, line["component"], line["entry_id"], line["role"])
    page |= {"line": line, "sides": sides}
    return render(request, "plans/impact_line.html", page)


@requires(*WRITES)
@require_POST
def ghost_start(request: MemberRequest, slug: str) -> HttpResponse:
    """Let a version run beside the real one for a period; nobody is paid by it."""
    plan = get_object_or_404(Plan, slug=slug)
    number = number_of(request.POST.get("version", ""))
    version = plan.versions.filter(number=number).first()
    try:
        period = read_period(request.POST.get("period", ""))
        if version is None:
            raise ProductError("Name the version that runs as a ghost.")
    except ProductError as problem:
        messages.error(request, str(problem))
        return redirect(business_url(request.business, "plans:plan", slug))
    ghost = previews.ask_ghost(version=version, period=period, by=request.member)
    return redirect(business_url(request.business, "statements:ghost", slug, ghost.pk))


@requires(*READS)
@require_http_methods(["GET", "HEAD", "POST"])
def ghost(request: MemberRequest, slug: str, ghost_id: int) -> HttpResponse:
    """A ghost beside the real period; a POST works it out again, or ends it."""
    found = get_object_or_404(
        Preview.objects.select_related("plan"),
        pk=ghost_id,
        plan__slug=slug,
        kind=Preview.Kind.GHOST,
    )
    if request.method != "POST":
        page = impact_pages.ghost_page(found, request)
        return render(request, "plans/ghost.html", page)
    _require_admin(request)
    if request.POST.get("do") == "end":
        previews.end_ghost(ghost=found, by=request.member)
        messages.success(request, f"The ghost of {found.plan} is gone.")
        return redirect(business_url(request.business, "plans:plan", slug))
    previews.refresh_ghost(ghost=found, by=request.member)
    return redirect(request.path)


@requires(*WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def live(request: MemberRequest, slug: str) -> HttpResponse:
    """Try the draft on real deals: as it is saved, or as it is typed (POST)."""
    draft = _draft(slug)
    page: dict[str, Any] = {
        "plan": draft.plan,
        "draft": draft,
        "currency": request.business.currency,
        "query": request.GET.get("q", "").strip()[:100],
    }
    try:
        typed = request.method == "POST"
        document = sent_document(request, draft) if typed else document_of(draft)
        page["saved"] = document.hash == draft.sha256
        page["trial"] = try_live(draft.plan, document, page["query"])
    except InvalidPlan as problem:
        page["trial_problems"] = problem.problems
    template = "plans/_live.html" if request.htmx else "plans/live.html"
    return render(request, template, page)


def _require_admin(request: MemberRequest) -> None:
    """Finance and auditors read these pages; only admins start work on them."""
    if not request.member.has(*WRITES):
        raise PermissionDenied(who_may(request, WRITES))


def _seen(request: MemberRequest, draft: PlanVersion) -> Preview:
    """Return the preview whose figures were on the page when the button was pressed."""
    rows = Preview.objects.filter(version=draft, kind=Preview.Kind.IMPACT)
    found = rows.filter(pk=number_of(request.POST.get("preview", ""))).first()
    if found is None:
        raise errors.NotPreviewed
    return found


def _draft(slug: str) -> PlanVersion:
    drafts = PlanVersion.objects.select_related("plan")
    return get_object_or_404(drafts, plan__slug=slug, state=PlanVersion.State.DRAFT)
