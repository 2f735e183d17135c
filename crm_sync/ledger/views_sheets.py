"""The upload page of files of dated rows: a preview, then the rows, bad ones back."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from commissions_saas.lib.errors import ProductError
from crm_sync.ledger import forms, sheet_jobs, sheets
from crm_sync.ledger.changes import changes_together
from crm_sync.ledger.downloads import table_answer
from crm_sync.ledger.models import SentSheet
from crm_sync.ledger.sent_files import SentFile, sent_file
from tenants.access import MemberRequest, Role, requires
from tenants.jobs.models import Job
from tenants.jobs.selectors import card
from tenants.jobs.views import job_url
from tenants.urls_for import business_url

READS = (Role.MANAGER, Role.FINANCE, Role.ADMIN, Role.AUDITOR)
SHOWN = 50


@dataclass(frozen=True, slots=True)
class SheetPage:
    """What differs between the files: words, columns, how a row is read."""

    title: str
    file_name: str
    """What the file is called, and its kind among those that jobs enter."""
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
    enters = request.POST.get("do") == "enter"
    try:
        sent = sent_file(request)
        if enters and sheet_jobs.is_large(sent):
            back = sheet.list_name, sheet.list_url
            return entered_later(request, sheet.file_name, sheet.title, sent, back)
        with changes_together() if enters else nullcontext():
            # What is looked at stays so until it is entered.
            preview = sheet.look_at(sent.content)
            if enters:
                sheets.enter(preview, by=request.member)
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
    if enters:
        words = f"{preview.changed} entered, {preview.unchanged} known already."
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


def entered_later(
    request: MemberRequest,
    kind: str,
    title: str,
    sent: SentFile,
    back: tuple[str, str],
) -> HttpResponse:
    """Ask for a large file to be entered, and go where its progress is shown."""
    sheet = sheet_jobs.ask(
        kind=kind, sent=sent, title=title, back=back, by=request.member
    )
    return redirect(business_url(request.business, "ledger:sheet", sheet.pk))


@requires(*READS)
@require_safe
def sheet(request: MemberRequest, sheet_id: int) -> HttpResponse:
    """What became of a large file, or how far it is."""
    found = _sheet(request, sheet_id)
    page = {
        "sheet": found,
        "job": _card(request, found),
        "refused": sheet_jobs.refused_rows(found)[:SHOWN],
        "more": max(len(found.refused) - SHOWN, 0),
    }
    return render(request, "ledger/sheet.html", page)


@requires(*READS)
@require_safe
def sheet_refused(request: MemberRequest, sheet_id: int) -> HttpResponse:
    """The rows of a large file that could not be entered, to be sent again."""
    found = _sheet(request, sheet_id)
    return table_answer(
        request,
        sheets.rows_with_reasons(found.columns, sheet_jobs.refused_rows(found)),
        f"{found.kind.removeprefix('list-')}-refused",
        as_workbook=found.was_workbook,
    )


def _card(request: MemberRequest, sheet: SentSheet) -> dict[str, Any] | None:
    """Return the card of a file's job while it works, and where it did not end well."""
    if sheet.job_id is None or sheet.entered_at is not None:
        return None
    job = Job.objects.get(pk=sheet.job_id)
    return card(job, url=job_url(job, request.business), cancel_url="")


def _sheet(request: MemberRequest, sheet_id: int) -> SentSheet:
    return get_object_or_404(sheet_jobs.visible_to(request.member), pk=sheet_id)
