"""The upload page of payees and of named things: a preview, then the rows."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from commissions_saas.lib.errors import ProductError
from crm_sync.ledger import forms, uploading
from crm_sync.providers.files.table import text_of_file
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
    page: dict[str, object] = {"form": forms.FileForm()}
    status = 200
    if request.method == "POST":
        content = _content(request)
        try:
            preview = uploading.look_at(kind, content)
        except ProductError as problem:
            page["problem"] = problem
            status = 422
        else:
            if request.POST.get("do") == "enter":
                done = uploading.enter(preview, by=request.member)
                messages.success(
                    request, f"{done} row{'' if done == 1 else 's'} entered."
                )
                if not preview.refused:
                    return redirect(business_url(request.business, _LISTS[kind]))
                preview.rows = []
            page |= {
                "preview": preview,
                "rows": preview.rows[:SHOWN],
                "more": max(len(preview.rows) - SHOWN, 0),
                "text": text_of_file(content),
            }
    page |= {
        "kind": kind,
        "one": {"territories": "territory"}.get(kind, kind[:-1]),
        "list_name": "People" if kind == "payees" else kind.capitalize(),
        "list_url": business_url(request.business, _LISTS[kind]),
        "file_url": business_url(request.business, _FILES[kind]),
    }
    return render(request, "ledger/upload.html", page, status=status)


def _content(request: MemberRequest) -> bytes:
    """Return the file that was sent, or the text of the one that was looked at."""
    file = request.FILES.get("file")
    if file is not None:
        content: bytes = file.read(uploading.LARGEST + 1)
        return content
    return request.POST.get("text", "").encode()
