"""Pages of opening balances: what payees had before their first day here."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from commissions.plans.models import Plan
from commissions.statements import opening
from commissions.statements.forms import OpeningForm
from commissions.statements.models import OpeningBalance
from commissions_saas.lib.errors import ProductError
from crm_sync.ledger.downloads import table_answer
from crm_sync.ledger.views_sheets import SheetPage, upload_sheet
from tenants.access import MemberRequest, requires
from tenants.accounts.models import Role
from tenants.frame.pagination import paginate
from tenants.urls_for import business_url

READS = (Role.FINANCE, Role.ADMIN, Role.AUDITOR)
WRITES = (Role.FINANCE, Role.ADMIN)


@requires(*READS)
def openings(request: MemberRequest) -> HttpResponse:
    """All opening balances, and a form for one more (POST)."""
    may_write = request.member.has(*WRITES)
    form = OpeningForm(request.POST or None)
    page: dict[str, Any] = {"form": form, "may_write": may_write}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = opening.set_balance(**form.cleaned_data, by=request.member)
            except ProductError as problem:
                page["problem"] = problem
            else:
                words = "The balance is entered." if made else "It was known already."
                messages.success(request, words)
                return redirect(_url(request, "openings"))
    page |= _list(request)
    return render(request, "statements/openings.html", page, status=status)


@requires(*WRITES)
@require_POST
def opening_remove(request: MemberRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(OpeningBalance.objects.select_related("payee"), pk=pk)
    try:
        opening.remove_balance(balance=row, by=request.member)
    except ProductError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "It is taken away.")
    return redirect(_url(request, "openings"))


@requires(*READS)
@require_safe
def openings_file(request: MemberRequest) -> HttpResponse:
    """The balances as a file that can be sent back."""
    return table_answer(request, opening.balances_file(), "opening-balances")


@requires(*WRITES)
def openings_upload(request: MemberRequest) -> HttpResponse:
    """Show what a file would enter, then enter it; bad rows come back with reasons."""
    return upload_sheet(
        request,
        SheetPage(
            title="Opening balances",
            file_name="opening-balances",
            columns=opening.COLUMNS,
            look_at=opening.look_at_balances,
            file_url=_url(request, "openings_file"),
            list_name="Opening balances",
            list_url=_url(request, "openings"),
        ),
    )


def _list(request: MemberRequest) -> dict[str, Any]:
    rows = OpeningBalance.objects.filter(closed__isnull=True).select_related("payee")
    page = paginate(
        rows,
        order=("payee__name", "plan_id", "measure", "pk"),
        cursor=request.GET.get("page", ""),
    )
    plans = Plan.objects.in_bulk({row.plan_id for row in page.rows})
    return {
        "page": page,
        "rows": [(row, plans.get(row.plan_id)) for row in page.rows],
        "measures": [
            (plan, opening.measures_of(plan))
            for plan in Plan.objects.filter(archived=False).order_by("name")
        ],
    }


def _url(request: MemberRequest, name: str) -> str:
    return business_url(request.business, f"statements:{name}")
