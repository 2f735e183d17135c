"""The upload page of payees and of named things: a preview, then the rows."""

from contextlib import nullcontext

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from commissions_saas.lib.errors import ProductError
from crm_sync.ledger import forms, sheet_jobs, uploading
from crm_sync.ledger.changes import changes_together
from crm_sync.ledger.downloads import table_answer
from crm_sync.ledger.sent_files import sent_file
from crm_sync.ledger.sheets import rows_with_reasons
from crm_sync.ledger.views_sheets import entered_later
from tenants.access import MemberRequest, Role, requires
from tenants.urls_for import business_url

WRITES = (Role.FINANCE, Role.ADMIN)
SHOWN = 50
_LISTS = {
    "payees": "connections:people",
    **{kind: f"ledger:{kind}" for kind in uploading.NAMED},
}
_FILES = {
    "payees": "ledger:payees_file",
    **{kind: f"ledger:{kind}_file" for kind in uploading.NAMED},
}


@requires(*WRITES)
def payees(request: MemberRequest) -> HttpResponse:
    return _upload(request, "payees")


@requires(*WRITES)
def products(request: MemberRequest) -> HttpResponse:
    return _upload(request, "products")


@requires(*WRITES)
def services(request: MemberRequest) -> HttpResponse:
    return _upload(request, "services")


@requires(*WRITES)
def customers(request: MemberRequest) -> HttpResponse:
    return _upload(request, "customers")


@requires(*WRITES)
def territories(request: MemberRequest) -> HttpResponse:
    return _upload(request, "territories")


def _upload(request: MemberRequest, kind: str) -> HttpResponse:
    """Show what a file would change, then change it; bad rows come back with reasons."""
    page = _page(request, kind)
    if request.method != "POST":
        return render(request, "ledger/upload.html", page)
    enters = request.POST.get("do") == "enter"
    try:
        sent = sent_file(request)
        if enters and sheet_jobs.is_large(sent):
            list_name = str(page["list_name"])
            return entered_later(
                request,
                sheet_jobs.list_kind(kind),
                list_name,
                sent,
                (list_name, str(page["list_url"])),
            )
        with changes_together() if enters else nullcontext():
            # What is looked at stays so until it is entered.
            preview = uploading.look_at(kind, sent.content)
            done = uploading.enter(preview, by=request.member) if enters else 0
    except ProductError as problem:
        page["problem"] = problem
        return render(request, "ledger/upload.html", page, status=422)
    if request.POST.get("do") == "refused":
        return table_answer(
            request,
            rows_with_reasons(preview.names, preview.refused),
            f"{kind}-refused",
            as_workbook=sent.was_workbook,
        )
    if enters:
        messages.success(request, f"{done} row{'' if done == 1 else 's'} entered.")
        if not preview.refused:
            return redirect(business_url(request.business, _LISTS[kind]))
        preview.rows = []
    page |= {
        "preview": preview,
        "rows": preview.rows[:SHOWN],
        "more": max(len(preview.rows) - SHOWN, 0),
        "text": sent.text,
        "was": sent.form,
        "note": sent.note,
    }
    return render(request, "ledger/upload.html", page)


def _page(request: MemberRequest, kind: str) -> dict[str, object]:
    return {
        "form": forms.FileForm(),
        "kind": kind,
        "one": {"territories": "territory"}.get(kind, kind[:-1]),
        "list_name": "People" if kind == "payees" else kind.capitalize(),
        "list_url": business_url(request.business, _LISTS[kind]),
        "file_url": business_url(request.business, _FILES[kind]),
    }
