"""Pages of a payee's pay: the statement, its lines, why it changed, what is missing."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commissions.statements import disputes, errors, exports, pages, services
from commissions.statements.deal_page import deal_context
from commissions.statements.estimate import estimate_of
from commissions.statements.forms import DisputeForm
from commissions.statements.missing import not_counted, why_not_here
from commissions.statements.models import Statement
from commissions.statements.periods import as_period
from commissions.statements.plan_page import my_plans
from commissions.statements.reached import passed_tiers
from commissions.statements.selectors import (
    line_for,
    payee_for,
    statement_for,
    statements_visible_to,
)
from commissions.statements.start import own_statement
from commissions.statements.statement_page import statement_lines, with_news
from commissions.statements.what_changed import changed_since, since_of
from commissions_saas.lib import clock
from crm_sync.ledger.selectors import entries_visible_to, payee_of
from crm_sync.ledger.standard import DOCUMENTS
from tenants.access import EVERY_ROLE, MemberRequest, may, requires
from tenants.accounts.models import Role
from tenants.urls_for import business_url

A_VISIT_LASTS = timedelta(minutes=30)


@requires(*EVERY_ROLE)
@require_GET
def mine(request: MemberRequest) -> HttpResponse:
    """Bring a member to their own current statement."""
    url = own_statement(request)
    if url is None:
        payee = payee_of(request.member)
        return render(request, "statements/no_statement.html", {"payee": payee})
    return redirect(url)


@requires(*EVERY_ROLE)
@require_GET
def statement(request: MemberRequest, payee_id: int, slug: str) -> HttpResponse:
    """Show one payee's statement of one period."""
    since = since_of("yesterday", None)
    rows = with_news(statements_visible_to(request.member), since)
    row = rows.filter(payee_id=payee_id, period__slug=slug).first()
    if row is None:
        return _no_statement_yet(request, payee_id, slug)
    is_own = row.payee.user_id == request.member.user_id
    if is_own:
        _remember_visit(request, row)
    show = request.GET.get("show", "")
    lines = statement_lines(row, show, request.GET.get("page", ""))
    return render(
        request,
        "statements/statement.html",
        {
            **lines,
            **pages.around(row),
            "statement": row,
            "period": as_period(row.period),
            "since": since,
            "is_own": is_own,
            "passed": passed_tiers(row),
            "as_of": pages.as_of(request, row.calculated_at),
        },
    )


def _no_statement_yet(request: MemberRequest, payee_id: int, slug: str) -> HttpResponse:
    payee = payee_for(request.member, payee_id)
    period = pages.period_or_404(slug)
    return render(
        request,
        "statements/no_statement.html",
        {"payee": payee, "period": period},
        status=404,
    )


def _remember_visit(request: MemberRequest, row: Statement) -> None:
    """Keep when the payee was here before, for “since my last visit”."""
    before = row.viewed_at
    if before is None or clock.now() - before > A_VISIT_LASTS:
        visits = request.session.get("visits", {})
        if before is not None:
            visits[str(row.pk)] = before.isoformat()
        request.session["visits"] = visits
        services.note_visit(statement=row, by=request.member)


def _last_visit(request: MemberRequest, row: Statement) -> datetime | None:
    text = request.session.get("visits", {}).get(str(row.pk), "")
    return datetime.fromisoformat(text) if text else None


@requires(*EVERY_ROLE)
@require_http_methods(["GET", "POST"])
def line(
    request: MemberRequest, payee_id: int, slug: str, line_id: int
) -> HttpResponse:
    """Show how a line came to its amount; a POST questions it."""
    row = statement_for(request.member, payee_id, slug)
    found = line_for(request.member, payee_id, slug, line_id)
    form = DisputeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        pages.require(request, "disputes.open")
        if form.is_valid():
            try:
                dispute = disputes.open_dispute(
                    line=found, by=request.member, **form.cleaned_data
                )
                return redirect(
                    business_url(request.business, "statements:dispute", dispute.pk)
                )
            except errors.StatementError as problem:
                form.add_error(None, str(problem))
        status = 422
    return render(
        request,
        "statements/line.html",
        {
            **pages.line_context(found, row),
            "form": form,
            "may_question": may(request.member, "disputes.open")
            and found.closed_run is None,
        },
        status=status,
    )


@requires(*EVERY_ROLE)
@require_GET
def changes(request: MemberRequest, payee_id: int, slug: str) -> HttpResponse:
    """Show why a statement is not what it was."""
    row = statement_for(request.member, payee_id, slug)
    word = request.GET.get("since", "yesterday")
    last_visit = _last_visit(request, row)
    since = since_of(word, last_visit)
    return render(
        request,
        "statements/changes.html",
        {
            "statement": row,
            "period": as_period(row.period),
            "changed": changed_since(row, since),
            "word": word,
            "last_visit": last_visit,
            "as_of": pages.as_of(request, row.calculated_at),
        },
    )


@requires(*EVERY_ROLE)
@require_GET
def missing(request: MemberRequest, payee_id: int, slug: str) -> HttpResponse:
    """Answer “why isn't my deal here?” with the first rule that failed."""
    row = statement_for(request.member, payee_id, slug)
    query = request.GET.get("q", "")[:100]
    return render(
        request,
        "statements/missing.html",
        {
            "statement": row,
            "period": as_period(row.period),
            "query": query,
            "verdicts": why_not_here(row, query, request.member)
            if query.strip()
            else not_counted(row),
        },
    )


@requires(*EVERY_ROLE)
@require_GET
def estimate(request: MemberRequest, payee_id: int, slug: str) -> HttpResponse:
    """Show what open deals would earn; nothing of it is stored or added elsewhere."""
    row = statement_for(request.member, payee_id, slug)
    chosen = None
    if "asked" in request.GET:
        asked = (pk for pk in request.GET.getlist("deal") if len(pk) < 19)
        chosen = {int(pk) for pk in asked if pk.isdecimal()}
    return render(
        request,
        "statements/estimate.html",
        {
            "statement": row,
            "period": as_period(row.period),
            "estimate": estimate_of(row, chosen),
        },
    )


@requires(*EVERY_ROLE)
@require_GET
def csv(request: MemberRequest, payee_id: int, slug: str) -> HttpResponse:
    """Send a statement as CSV, with the columns that explain each amount."""
    row = statement_for(request.member, payee_id, slug)
    answer = HttpResponse(exports.statement_csv(row), content_type="text/csv")
    name = f"statement-{payee_id}-{row.period.slug}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@requires(*EVERY_ROLE)
@require_POST
def acknowledge(request: MemberRequest, payee_id: int, slug: str) -> HttpResponse:
    """Note that the payee finds the statement right."""
    row = statement_for(request.member, payee_id, slug)
    try:
        services.acknowledge(statement=row, by=request.member)
        messages.success(request, "Noted: you looked at it and it looks right.")
    except errors.StatementError as problem:
        messages.error(request, str(problem))
    return redirect(
        business_url(request.business, "statements:statement", payee_id, slug)
    )


@requires(*EVERY_ROLE)
@require_GET
def deal(request: MemberRequest, entry_id: int) -> HttpResponse:
    """Show a deal, who earns what from it, and how it came to be so."""
    entry = entries_visible_to(request.member).filter(pk=entry_id).first()
    if entry is None:
        raise Http404
    return render(request, "statements/deal.html", deal_context(entry, request.member))


@requires(*EVERY_ROLE)
@require_GET
def deals(request: MemberRequest) -> HttpResponse:
    """List the deals that the member may see, the latest first."""
    rows = entries_visible_to(request.member).filter(occurred_on__isnull=False)
    rows = rows.exclude(object__in=DOCUMENTS)  # they stand on the page of their deal
    query = request.GET.get("q", "").strip()[:100]
    if query:
        rows = rows.filter(name__icontains=query)
    context: dict[str, Any] = pages.deal_list(rows, request.GET.get("page", ""))
    may = request.member.has(Role.FINANCE, Role.ADMIN, Role.AUDITOR)
    context |= {"query": query, "may_see_invoices": may}
    return render(request, "statements/deals.html", context)


@requires(Role.REP, Role.MANAGER, Role.FINANCE, Role.ADMIN)
@require_GET
def my_plan(request: MemberRequest) -> HttpResponse:
    """Show the member's own plan in words, with where they stand."""
    payee = payee_of(request.member)
    period, plans = my_plans(payee) if payee else (None, [])
    return render(
        request,
        "statements/my_plan.html",
        {"payee": payee, "period": period, "plans": plans},
    )
