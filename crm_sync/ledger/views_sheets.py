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
from crm_sync.ledger.sent_files import sent_file
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

    @property
    def workbook_url(self) -> str:
        """Return where the same file is a workbook."""
        return f"{self.file_url}{'&' if '?' in self.file_url else '?'}as=xlsx"


def upload_sheet(request: MemberRequest, sheet: SheetPage) -> HttpResponse:
    """Show what a file would enter; enter it; or send its bad rows back as a file."""
    page: dict[str, Any] = {"sheet": sheet, "form": forms.FileForm()}
    if request.method != "POST":
        return render(request, "ledger/sheet_upload.html", page)
    try:
        sent = sent_file(request)
        preview = sheet.look_at(sent.content)
    except ProductError as problem:
        page["problem"] = problem
        return render(request, "ledger/sheet_upload.html", page, status=422)
    if request.POST.get("do") == "refused":
        return table_answer(
            request,
            sheets.refused_csv(preview),
            f"{sheet.file_name}-refused",
            as_workbook=sent.was_workbook,
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
        "text": sent.text,
        "was": sent.form,
        "note": sent.note,
    }
    return render(request, "ledger/sheet_upload.html", page)
