"""The page on which the customers of several sources are lined up."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from commissions_saas.lib.errors import ProductError
from crm_sync.connections import customer_sheet
from crm_sync.ledger import customers
from crm_sync.ledger.customers import Matching, SourceId
from crm_sync.ledger.downloads import table_answer
from crm_sync.ledger.views_sheets import SheetPage, upload_sheet
from tenants.access import MemberRequest, Role, requires
from tenants.urls_for import business_url

WRITES = customer_sheet.MATCHES
READS = (*WRITES, Role.AUDITOR)
SHOWN = 50


@requires(*READS)
@require_safe
def customer_matching(request: MemberRequest) -> HttpResponse:
    """How far customers are lined up, what could be one, who is alone, what drifted."""
    found = customers.matching()
    names = customer_sheet.titles_of(found.connection_ids)
    page: dict[str, Any] = {
        "found": found,
        "names": names,
        "sources": [
            {
                "name": name,
                "matched": _matched_in(found, pk),
                "alone": len(found.alone.get(pk, ())),
                "queue": found.alone.get(pk, ())[:SHOWN],
            }
            for pk, name in names.items()
        ],
        "suggested": [
            [(names[one.id.connection_id], one) for one in group]
            for group in found.suggested[:SHOWN]
        ],
        "drift": [(names[one.id.connection_id], one) for one in found.drift[:SHOWN]],
        "may_write": request.member.has(*WRITES),
    }
    return render(request, "connections/customers.html", page)


@requires(*WRITES)
@require_POST
def accept_alike(request: MemberRequest) -> HttpResponse:
    """Match all records whose names are alike, as the page showed them."""
    suggested = customers.matching().suggested
    if request.POST.get("seen") != str(len(suggested)):
        messages.error(
            request, f"There are {len(suggested)} suggestions now. Look at them again."
        )
        return redirect(_url(request, "customer_matching"))
    done = 0
    for group in suggested:
        ids = [one.id for one in group]
        done += customers.match(ids=ids, by=request.member) is not None
    messages.success(request, f"{done} customer{'' if done == 1 else 's'} matched.")
    return redirect(_url(request, "customer_matching"))


@requires(*WRITES)
@require_POST
def settle_drift(request: MemberRequest) -> HttpResponse:
    """Say of a record with another name whether it is still the same customer."""
    number = request.POST.get("connection", "")
    id = SourceId(
        int(number) if number.isdecimal() and len(number) < 19 else 0,
        request.POST.get("id", ""),
    )
    try:
        if request.POST.get("do") == "apart":
            done: object = customers.take_apart(ids=[id], by=request.member)
        else:
            done = customers.confirm_name(id=id, by=request.member)
    except ProductError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(
            request, "It is settled." if done else "It was settled before."
        )
    return redirect(_url(request, "customer_matching"))


@requires(*READS)
@require_safe
def customer_sheet_file(request: MemberRequest) -> HttpResponse:
    """The spreadsheet with every source side by side."""
    found = customers.matching()
    names = customer_sheet.names_of(found.connection_ids)
    text = customer_sheet.customers_file(found, names)
    return table_answer(request, text, "customers")


@requires(*WRITES)
def customer_sheet_upload(request: MemberRequest) -> HttpResponse:
    """Show what a filled-in spreadsheet would match, then match it."""
    names = customer_sheet.names_now()
    return upload_sheet(
        request,
        SheetPage(
            title="Customers of all sources",
            file_name="customers",
            columns=customer_sheet.columns_of(names),
            look_at=lambda content: customer_sheet.look_at_customers(content, names),
            file_url=_url(request, "customer_sheet"),
            list_name="Customers of all sources",
            list_url=_url(request, "customer_matching"),
        ),
    )


def _matched_in(found: Matching, connection_id: int) -> int:
    return sum(
        one.id.connection_id == connection_id
        for each in found.matched
        for one in each.records
    )


def _url(request: MemberRequest, name: str) -> str:
    return business_url(request.business, f"connections:{name}")
