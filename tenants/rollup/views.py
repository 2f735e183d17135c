"""Owners' pages: the matrix, a month of one business, and the rates."""

import csv
import io
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.money import round_money
from tenants.access import MemberRequest, requires
from tenants.accounts.models import Role
from tenants.audit.views import harmless
from tenants.rollup import pages, services
from tenants.rollup.months import month_named
from tenants.urls_for import group_url

OWNERS = (Role.OWNER, Role.GROUP_ADMIN)
SEES_PAY = (Role.FINANCE, Role.ADMIN, Role.AUDITOR)


@requires(*OWNERS)
@require_GET
def overview(request: MemberRequest) -> HttpResponse:
    """All businesses by months, or the same as a file."""
    page = pages.overview_page(request.group, request.member, request.GET)
    if request.GET.get("format") == "csv":
        return _csv(page)
    return render(request, "rollup/overview.html", page)


@requires(*SEES_PAY)
@require_GET
def month(request: MemberRequest, slug: str) -> HttpResponse:
    """One business in one month: where a cell of the matrix leads."""
    wanted = month_named(slug)
    if wanted is None:
        raise Http404
    page = pages.month_page(request.business, request.member, wanted, request.GET)
    return render(request, "rollup/month.html", page)


@requires(*OWNERS)
def rates(request: MemberRequest) -> HttpResponse:
    """Read the rates (GET) or enter one (POST)."""
    if request.method == "POST":
        return _enter_rate(request)
    return render(request, "rollup/rates.html", pages.rates_page(request.group))


def _enter_rate(request: MemberRequest) -> HttpResponse:
    wanted = month_named(request.POST.get("month", ""))
    try:
        if wanted is None:
            raise ProductError("The month is not clear.", hint="Write it like 2026-11.")
        entered = services.enter_rate(
            group_id=request.group.pk,
            month=wanted,
            currency=request.POST.get("currency", "")[:3],
            into=request.group.reporting_currency,
            text=request.POST.get("rate", ""),
            source=request.POST.get("source", ""),
            by=request.member,
        )
    except ProductError as problem:
        messages.error(request, str(problem))
        context = {**pages.rates_page(request.group), "typed": request.POST}
        return render(request, "rollup/rates.html", context, status=422)
    messages.success(
        request, f"{entered.currency} is {entered.rate} for {wanted:%B %Y}."
    )
    return redirect(group_url(request.group, "rollup:rates"))


def _csv(page: dict[str, Any]) -> HttpResponse:
    """Write the matrix exactly as it is shown, with the rates that were used."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    months = page["months"]
    writer.writerow(["business", "currency", *[f"{m:%Y-%m}" for m in months], "total"])
    for shown in page["rows"]:
        row = shown["row"]
        amounts = [_cell_text(cell.amount, row.currency) for cell in row.cells]
        total = _cell_text(row.total, row.currency)
        name = harmless(shown["business"].name)
        writer.writerow([name, row.currency, *amounts, total])
    matrix = page["matrix"]
    currency = page["currency"]
    if matrix.total is not None:
        totals = [_cell_text(t, currency) for t in matrix.totals]
        writer.writerow(
            ["Total", currency, *totals, _cell_text(matrix.total, currency)]
        )
    for rate in page["rates"]:
        line = f"{rate.currency} into {rate.into}: {rate.rate} ({rate.source})"
        writer.writerow([f"rate {rate.month:%Y-%m}", harmless(line)])
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="roll-up.csv"'
    return answer


def _cell_text(amount: Decimal | None, currency: str) -> str:
    return "" if amount is None else f"{round_money(amount, currency):f}"
