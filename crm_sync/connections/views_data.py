"""Pages of files that people send: looked at, taken in, the bad rows back."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from commissions_saas.lib.errors import ProductError
from crm_sync.connections import forms, uploads
from crm_sync.connections.models import Upload
from crm_sync.connections.places import RUNS
from crm_sync.connections.upload_trial import bad_rows
from crm_sync.ledger.downloads import About, table_answer
from crm_sync.providers.files.columns import SAYS, columns_of, template
from crm_sync.providers.files.table import is_workbook
from tenants.access import MemberRequest, requires
from tenants.jobs.models import Job
from tenants.jobs.selectors import LIVE, card
from tenants.jobs.views import job_url
from tenants.urls_for import business_url

SHOWN = 100  # refused rows


@requires(*RUNS)
def upload(request: MemberRequest) -> HttpResponse:
    """Choose a CSV file; the next page says what it would do."""
    form = forms.UploadForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                kept = uploads.take_file(
                    business=request.business,
                    object_=form.cleaned_data["object"],
                    name=file.name,
                    content=file.read(),
                    by=request.member,
                )
            except ProductError as problem:
                form.add_error("file", str(problem))
            else:
                url = business_url(
                    request.business, "connections:upload_preview", kept.pk
                )
                return redirect(url)
    context = {"form": form, "objects": forms.FILE_OBJECTS}
    return render(request, "connections/upload.html", context, status=status)


@requires(*RUNS)
def upload_preview(request: MemberRequest, upload_id: int) -> HttpResponse:
    """What a file would change, with totals; then take the good rows in."""
    found = _upload(request, upload_id)
    if request.method == "POST":
        return _commit(request, found)
    job = Job.objects.filter(pk=found.job_id).first() if found.job_id else None
    works = job is not None and job.state in LIVE
    preview = None
    if not works:
        preview = uploads.shown_preview(upload=found, business=request.business)
    is_open = found.state == Upload.State.LOOKED_AT and not works
    context = {
        "upload": found,
        "preview": preview,
        "is_open": is_open,
        "may_look": is_open and job is not None,
        "job": _card(request, job) if works or is_open else None,
        "refused": found.refused[:SHOWN] if preview else [],
        "more": max(len(found.refused) - SHOWN, 0),
    }
    return render(request, "connections/upload_preview.html", context)


def _commit(request: MemberRequest, found: Upload) -> HttpResponse:
    try:
        preview = uploads.commit(
            upload=found,
            business=request.business,
            by=request.member,
            seen=request.POST.get("seen", ""),
        )
    except ProductError as problem:
        messages.error(request, str(problem))
    else:
        if preview is not None:
            done = preview.outcome
            messages.success(
                request,
                f"{found.name}: {done.new} new, {done.changed} changed, "
                f"{done.unchanged} unchanged, {done.refused} refused.",
            )
    return redirect(request.path)


def _card(request: MemberRequest, job: Job | None) -> dict[str, Any] | None:
    """Return the card of a file's job while it works, and where it did not end well."""
    if job is None or job.state == Job.State.DONE:
        return None
    return card(job, url=job_url(job, request.business), cancel_url="")


@requires(*RUNS)
@require_POST
def upload_look(request: MemberRequest, upload_id: int) -> HttpResponse:
    """Look at a large file again, as records and people are now."""
    found = _upload(request, upload_id)
    uploads.look_again(upload=found, business=request.business, by=request.member)
    url = business_url(request.business, "connections:upload_preview", found.pk)
    return redirect(url)


@requires(*RUNS)
@require_POST
def upload_leave(request: MemberRequest, upload_id: int) -> HttpResponse:
    """Do nothing with the file."""
    try:
        uploads.leave_upload(upload=_upload(request, upload_id))
    except ProductError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "Nothing was taken in.")
    return redirect(business_url(request.business, "connections:connections"))


@requires(*RUNS)
@require_safe
def upload_bad_rows(request: MemberRequest, upload_id: int) -> HttpResponse:
    """The refused rows as a file like the one that was sent, to be sent again."""
    found = _upload(request, upload_id)
    try:
        rows = bad_rows(found)
    except ProductError as problem:  # a large file that nobody has read yet
        messages.error(request, str(problem))
        url = business_url(request.business, "connections:upload_preview", found.pk)
        return redirect(url)
    return table_answer(
        request,
        rows,
        "refused-rows",
        about=_about(found.object),
        as_workbook=is_workbook(bytes(found.content)),
    )


@requires(*RUNS)
@require_safe
def upload_template(request: MemberRequest, object_: str) -> HttpResponse:
    """A file to fill in, as CSV or as a workbook."""
    if object_ not in dict(forms.FILE_OBJECTS):
        raise Http404
    return table_answer(
        request, template(object_), f"{object_}s", about=_about(object_)
    )


def _about(object_: str) -> dict[str, About]:
    """Return what the columns of a file of records hold."""
    found = {
        one.name: About(SAYS.get(one.name, ""), one.example, one.type)
        for one in columns_of(object_)
    }
    why = About("Why the row was refused. You may leave this column in the file.")
    return {**found, "reason": why}


def _upload(request: MemberRequest, upload_id: int) -> Upload:
    rows = Upload.objects.filter(business_id=request.business.pk)
    rows = rows.select_related("connection").defer("content")
    return get_object_or_404(rows, pk=upload_id)
