"""The upload page of files of dated rows: a preview, then the rows, bad ones back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from commissions_saas.lib.errors import ProductError
from crm_sync.ledger import forms, sheets
from crm_sync.ledger.downloads import table_answer
from crm_sync.providers.files.table import is_workbook, text_of_file
from tenants.access import MemberRequest

SHOWN = 50


@dataclass(frozen=True, slots=True)
class SheetPage:
    """What differs between the files: words, columns, how a row is read."""

    title: str
    file_name: str
    columns: sheets.Columns
    look_at: Callable[[bytes], sheets.Preview]
    file_url: str
    list_name: str
    list_url: str


def upload_sheet(request: MemberRequest, sheet: SheetPage) -> HttpResponse:
    """Show what a file would enter; enter it; or send its bad rows back as a file."""
    page: dict[str, Any] = {"sheet": sheet, "form": forms.FileForm()}
    if request.method != "POST":
        return render(request, "ledger/sheet_upload.html", page)
    content = _content(request)
    try:
        preview = sheet.look_at(content)
    except ProductError as problem:
        page["problem"] = problem
        return render(request, "ledger/sheet_upload.html", page, status=422)
    if request.POST.get("do") == "refused":
        return table_answer(
            request,
            sheets.refused_csv(preview),
            f"{sheet.file_name}-refused",
            as_workbook=_was_workbook(request, content),
        )
    if request.POST.get("do") == "enter":
        done = sheets.enter(preview, by=request.member)
        words = f"{done.changed} entered, {done.unchanged} known already."
        messages.success(request, words)
        if not preview.refused:
            return redirect(sheet.list_url)
        preview.rows = []
    page |= {
        "preview": preview,
        "rows": preview.rows[:SHOWN],
        "more": max(len(preview.rows) - SHOWN, 0),
        "text": text_of_file(content),
        "was": "xlsx" if _was_workbook(request, content) else "csv",
    }
    return render(request, "ledger/sheet_upload.html", page)


def _content(request: MemberRequest) -> bytes:
    """Return the file that was sent, or the text of the one that was looked at."""
    file = request.FILES.get("file")
    if file is not None:
        content: bytes = file.read(sheets.LARGEST + 1)
        return content
    return request.POST.get("text", "").encode()


def _was_workbook(request: MemberRequest, content: bytes) -> bool:
    """Say whether the file was a workbook; the page goes on with its text."""
    return is_workbook(content) or request.POST.get("was") == "xlsx"
