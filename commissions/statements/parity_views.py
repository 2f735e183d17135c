"""The page that compares with what was really paid."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from commissions.plans.models import ParityResult, Plan, PlanVersion
from commissions.statements import parity
from commissions.statements.periods import read_period
from commissions_saas.lib.errors import ProductError
from crm_sync.ledger.sent_files import sent_file
from tenants.access import MemberRequest, requires, who_may
from tenants.accounts.models import Role, User
from tenants.frame.pagination import paginate_list
from tenants.urls_for import business_url

READS = (Role.FINANCE, Role.ADMIN, Role.AUDITOR)
WRITES = (Role.FINANCE, Role.ADMIN)


@requires(*READS)
@require_http_methods(["GET", "HEAD", "POST"])
def parity_page(request: MemberRequest) -> HttpResponse:
    """Show the last comparison; a POST makes a new one."""
    if request.method != "POST":
        return render(request, "plans/parity.html", _page(request))
    if not request.member.has(*WRITES):
        raise PermissionDenied(who_may(request, WRITES))
    text = request.POST.get("text", "")
    try:
        parity.compare_with_paid(
            text=sent_file(request).text,
            period=read_period(request.POST.get("period", "")),
            plan=Plan.objects.filter(slug=request.POST.get("plan", "")).first(),
            by=request.member,
        )
    except ProductError as problem:
        page = {**_page(request), "problem": problem, "text": text}
        page["period"] = request.POST.get("period", "")
        return render(request, "plans/parity.html", page, status=422)
    return redirect(business_url(request.business, "statements:parity"))


def _page(request: MemberRequest) -> dict[str, Any]:
    kept = ParityResult.objects.select_related("plan").filter(pk=1).first()
    drafts = PlanVersion.objects.filter(state=PlanVersion.State.DRAFT)
    context: dict[str, Any] = {
        "kept": kept,
        "period": parity.last_closed_period().slug,
        "drafts": drafts.select_related("plan").order_by("plan__name"),
        "currency": request.business.currency,
        "text": "",
    }
    if kept is None:
        return context
    result = kept.result
    matches = [
        {
            **match,
            **{k: Decimal(match[k]) for k in ("paid", "computed", "difference")},
        }
        for match in result["matches"]
    ]
    return {
        **context,
        "page": paginate_list(matches, cursor=request.GET.get("page", "")),
        "equal": result["equal"],
        "bad": result["bad"][:50],
        "bad_count": len(result["bad"]),
        "paid": Decimal(result["paid"]),
        "computed": Decimal(result["computed"]),
        "difference": Decimal(result["computed"]) - Decimal(result["paid"]),
        "by": User.objects.filter(pk=kept.by_id).first(),
    }
