"""Pages of finance and managers: lists, the period, adjustments, disputes."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commissions.statements import disputes, pages, period_page, services
from commissions.statements.forms import REASONS, AdjustmentForm, DecisionForm
from commissions.statements.models import (
    Adjustment,
    Dispute,
    Line,
    PayPeriod,
    Proposal,
)
from commissions.statements.periods import (
    as_period,
    current_period,
    pay_period_of,
    pays_on,
    row_of,
)
from commissions.statements.really_paid import came_back
from commissions.statements.selectors import statements_visible_to
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.periods import Period
from tenants.access import EVERY_ROLE, MemberRequest, may, requires
from tenants.accounts.models import Role, User
from tenants.frame.pagination import paginate, paginate_list
from tenants.schema import current_business
from tenants.urls_for import business_url

ZERO = Decimal(0)


@requires(Role.MANAGER, Role.FINANCE, Role.ADMIN, Role.AUDITOR)
@require_GET
def statements(request: MemberRequest) -> HttpResponse:
    """List the statements of a period that the member may see."""
    slug = request.GET.get("period") or current_period().slug
    period = pages.period_or_404(slug)
    rows = statements_visible_to(request.member).filter(period__slug=slug)
    query = request.GET.get("q", "").strip()[:100]
    if query:
        rows = rows.filter(payee__name__icontains=query)
    totals = rows.aggregate(
        total=Sum("total", default=ZERO),
        waiting=Sum("waiting", default=ZERO),
        payable=Sum("payable", default=ZERO),
    )
    return render(
        request,
        "statements/statements.html",
        {
            "period": period,
            "periods": _periods(),
            "page": paginate(
                rows.annotate(came_back=came_back()),
                order=["payee__name", "pk"],
                cursor=request.GET.get("page", ""),
            ),
            "totals": totals,
            "query": query,
        },
    )


def _periods() -> list[Any]:
    rows = PayPeriod.objects.order_by("-starts_on")[:24]
    return [as_period(row) for row in rows]


@requires(Role.FINANCE, Role.ADMIN, Role.AUDITOR)
@require_GET
def period(request: MemberRequest, slug: str = "") -> HttpResponse:
    """Show a period added up by payee, product, territory or component."""
    row = _period(slug) if slug else row_of(current_period())
    by = request.GET.get("by", "payee")
    by = {"rep": "payee"}.get(by, by)
    if by not in period_page.BY:
        raise Http404
    only = request.GET.get("only")
    rows = period_page.period_rows(row, by, only)
    return render(
        request,
        "statements/period.html",
        {
            "row": row,
            "period": as_period(row),
            "previous": as_period(row).previous(),
            "next": _next(row),
            "figures": period_page.period_figures(row),
            "page": paginate_list(rows, cursor=request.GET.get("page", "")),
            "total": period_page.total_of(rows),
            "by": by,
            "by_words": period_page.BY,
            "only": only if by != "payee" else None,
            "checks": period_page.close_checks(row),
        },
    )


def _period(slug: str) -> PayPeriod:
    """A period without a row is shown empty; it is not made by looking at it."""
    found = PayPeriod.objects.filter(slug=slug).first()
    if found is not None:
        return found
    wanted = pages.period_or_404(slug)
    if pay_period_of(wanted.starts_on) != wanted:
        raise Http404
    return PayPeriod(
        slug=slug,
        starts_on=wanted.starts_on,
        ends_on=wanted.ends_on,
        pays_on=pays_on(wanted, current_business().pay_day_offset),
    )


def _next(row: PayPeriod) -> Period | None:
    following = as_period(row).next()
    return following if following.starts_on <= current_period().starts_on else None


@requires(Role.FINANCE, Role.ADMIN, Role.AUDITOR)
@require_http_methods(["GET", "POST"])
def adjustments(request: MemberRequest) -> HttpResponse:
    """List adjustments and late changes; a POST adds one."""
    form = AdjustmentForm(request.POST or None)
    status = 200
    if request.method == "POST":
        pages.require(request, "adjustments.approve")
        if form.is_valid():
            try:
                added = services.add_adjustment(
                    currency=request.business.currency,
                    by=request.member,
                    **form.cleaned_data,
                )
                messages.success(request, f"Added for {added.payee}.")
                return redirect(
                    business_url(request.business, "statements:adjustments")
                )
            except ProductError as problem:
                form.add_error(None, str(problem))
        status = 422
    rows = Adjustment.objects.select_related("payee", "period")
    page = paginate(rows, order=["-made_at", "-pk"], cursor=request.GET.get("page", ""))
    return render(
        request,
        "statements/adjustments.html",
        {
            "form": form,
            "page": page,
            "names": _names(page.rows),
            "undone": _undone(page.rows),
            "proposals": Proposal.objects.filter(
                state=Proposal.State.WAITING
            ).select_related("payee", "period")[:50],
            "may_add": may(request.member, "adjustments.approve"),
        },
        status=status,
    )


def _names(rows: Any) -> dict[int, str]:
    ids = {row.made_by_id for row in rows if row.made_by_id}
    return {user.pk: str(user) for user in User.objects.filter(pk__in=ids)}


def _undone(rows: Any) -> set[int]:
    ids = Adjustment.objects.filter(undoes__in=[row.pk for row in rows])
    return set(ids.values_list("undoes_id", flat=True))


@requires(Role.FINANCE, Role.ADMIN)
@require_POST
def undo_adjustment(request: MemberRequest, adjustment_id: int) -> HttpResponse:
    """Take an adjustment back by its opposite."""
    found = Adjustment.objects.select_related("payee", "period")
    adjustment = found.filter(pk=adjustment_id).first()
    if adjustment is None:
        raise Http404
    try:
        made = services.undo_adjustment(
            adjustment=adjustment,
            reason=request.POST.get("reason", ""),
            by=request.member,
        )
        messages.success(request, f"Taken back in {as_period(made.period).label}.")
    except ProductError as problem:
        messages.error(request, str(problem))
    return redirect(business_url(request.business, "statements:adjustments"))


@requires(Role.FINANCE, Role.ADMIN)
@require_POST
def decide_proposal(request: MemberRequest, proposal_id: int) -> HttpResponse:
    """Post a late change in the open period, or leave it out."""
    proposal = Proposal.objects.filter(pk=proposal_id).first()
    if proposal is None:
        raise Http404
    accept = request.POST.get("decision") == "post"
    try:
        services.decide_proposal(proposal=proposal, accept=accept, by=request.member)
        done = "Posted in the open period" if accept else "Left out"
        messages.success(request, f"{done}: {proposal.words}")
    except ProductError as problem:
        messages.error(request, str(problem))
    return redirect(business_url(request.business, "statements:adjustments"))


@requires(*EVERY_ROLE)
@require_GET
def dispute_list(request: MemberRequest) -> HttpResponse:
    """List the disputes that the member may see, the oldest open one first."""
    rows = disputes.disputes_visible_to(request.member)
    opened = rows.filter(state=Dispute.State.OPEN).order_by("opened_at")[:200]
    closed = rows.exclude(state=Dispute.State.OPEN).order_by("-decided_at")[:50]
    return render(
        request,
        "statements/disputes.html",
        {"opened": _with_lines(opened), "closed": _with_lines(closed)},
    )


def _with_lines(rows: QuerySet[Dispute]) -> list[tuple[Dispute, Line, Decimal | None]]:
    found = list(rows)
    lines = Line.objects.in_bulk([row.line_id for row in found])
    return [
        (
            row,
            lines[row.line_id],
            None if row.claimed is None else row.claimed - row.computed,
        )
        for row in found
    ]


@requires(*EVERY_ROLE)
@require_http_methods(["GET", "POST"])
def dispute(request: MemberRequest, dispute_id: int) -> HttpResponse:
    """Show a dispute with both figures; a POST decides it."""
    row = disputes.disputes_visible_to(request.member).filter(pk=dispute_id).first()
    if row is None:
        raise Http404
    form = DecisionForm(request.POST or None)
    status = 200
    if request.method == "POST":
        pages.require(request, "disputes.decide")
        if form.is_valid():
            try:
                disputes.decide_dispute(
                    dispute=row,
                    amount=_decided(form, row),
                    answer=form.cleaned_data["answer"],
                    by=request.member,
                )
                messages.success(request, "The dispute is decided.")
                return redirect(
                    business_url(request.business, "statements:dispute", row.pk)
                )
            except ProductError as problem:
                form.add_error(None, str(problem))
        status = 422
    line = Line.objects.get(pk=row.line_id)
    is_own = row.opened_by_id == request.member.user_id
    return render(
        request,
        "statements/dispute.html",
        {
            "dispute": row,
            "line": line,
            "slug": PayPeriod.objects.get(pk=line.period_id).slug,
            "difference": None if row.claimed is None else row.claimed - row.computed,
            "reason": dict(REASONS).get(row.reason, row.reason),
            "form": form,
            "may_decide": may(request.member, "disputes.decide")
            and not is_own
            and row.state == Dispute.State.OPEN,
            "may_withdraw": is_own and row.state == Dispute.State.OPEN,
            "people": _people(row),
        },
        status=status,
    )


def _decided(form: DecisionForm, row: Dispute) -> Decimal | None:
    decision = form.cleaned_data["decision"]
    if decision == DecisionForm.DECLINE:
        return None
    if decision == DecisionForm.ADJUST:
        amount: Decimal = form.cleaned_data["amount"]
        return amount
    return row.computed if row.claimed is None else row.claimed


def _people(row: Dispute) -> dict[str, str]:
    users = User.objects.in_bulk(
        [pk for pk in (row.opened_by_id, row.decided_by_id) if pk]
    )
    return {
        "opened": str(users.get(row.opened_by_id, "")),
        "decided": str(users.get(row.decided_by_id or 0, "")),
    }


@requires(*EVERY_ROLE)
@require_POST
def withdraw(request: MemberRequest, dispute_id: int) -> HttpResponse:
    """Take one's own dispute back."""
    row = disputes.disputes_visible_to(request.member).filter(pk=dispute_id).first()
    if row is None:
        raise Http404
    try:
        disputes.withdraw_dispute(dispute=row, by=request.member)
        messages.success(request, "The dispute is withdrawn.")
    except ProductError as problem:
        messages.error(request, str(problem))
    return redirect(business_url(request.business, "statements:dispute", row.pk))
