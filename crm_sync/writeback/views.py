"""Pages on what we write into a source: looked at first, then on; how it is; and off."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from commissions_saas.lib.errors import ProductError
from crm_sync.connections.models import Connection
from crm_sync.connections.places import READS, RUNS, WRITES, connection_at
from crm_sync.connections.readers import source_name
from crm_sync.writeback import selectors, services
from crm_sync.writeback.forms import TurnOffForm, WriteBackForm
from crm_sync.writeback.looking import Look, look
from crm_sync.writeback.models import WriteBack
from crm_sync.writeback.running import KIND, writer_of
from tenants.access import MemberRequest, may, requires, who_may
from tenants.frame import hooks
from tenants.frame.pagination import paginate
from tenants.jobs.models import Job
from tenants.jobs.selectors import card
from tenants.jobs.views import job_url
from tenants.urls_for import business_url


@requires(*READS)
def writeback(request: MemberRequest, id: int) -> HttpResponse:
    """What is written into a source, and a form to turn more on: a look comes first."""
    connection = connection_at(request, id)
    may_write = may(request.member, "connections.write")
    context: dict[str, Any] = {
        "connection": connection,
        "source": source_name(connection),
        "standings": selectors.standings(connection),
        "may_write": may_write,
    }
    status = 200
    try:
        offered = selectors.fields_for(
            connection, request.business, writer_of(connection), _plans(request)
        )
    except ProductError as problem:
        return _page(request, {**context, "cannot": problem})
    form = WriteBackForm(
        request.POST or None,
        fields=list(offered.fields),
        others=selectors.other_sources(connection, request.business),
    )
    context |= {"form": form, "read_by": offered.read_by}
    if request.method == "POST":
        if not may_write:
            raise PermissionDenied(who_may(request, WRITES))
        status = 422
        if form.is_valid():
            try:
                row = _intended(request, connection, form)
                if "seen" in request.POST:
                    return _turn_on(request, connection, row)
                context["look"], status = look(row), 200
            except ProductError as problem:
                context["problem"] = problem
                context["look"] = _look_again(request, connection, form)
    return _page(request, context, status)


def _page(
    request: MemberRequest, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    return render(request, "writeback/writeback.html", context, status=status)


def _plans(request: MemberRequest) -> selectors.Plans:
    return hooks.ask("plans_by_field", request) or {}


def _intended(
    request: MemberRequest, connection: Connection, form: WriteBackForm
) -> WriteBack:
    return services.intended(
        connection=connection, plans=_plans(request), **form.as_intended()
    )


def _look_again(
    request: MemberRequest, connection: Connection, form: WriteBackForm
) -> Look | None:
    """Show the figures as they are now, where that is what went wrong."""
    try:
        return look(_intended(request, connection, form))
    except ProductError:
        return None


def _turn_on(
    request: MemberRequest, connection: Connection, row: WriteBack
) -> HttpResponse:
    made = services.turn_on(intended=row, seen=request.POST["seen"], by=request.member)
    messages.success(
        request, f"“{made.label}” of {connection.name} is filled from now on."
    )
    return redirect(_url(request, "values", connection.pk, made.pk))


@requires(*READS)
@require_safe
def values(request: MemberRequest, id: int, number: int) -> HttpResponse:
    """One write-back: how many values are where, which ones, and why not."""
    connection, row = _at(request, id, number)
    state = request.GET.get("state", "")
    page = paginate(
        selectors.values_of(row, state),
        order=["-id"],
        cursor=request.GET.get("page", ""),
    )
    entries = selectors.entries_of(page.rows)
    context = {
        "connection": connection,
        "source": source_name(connection),
        "standing": selectors.standing(row),
        "row": row,
        "state": state,
        "page": page,
        "rows": [(value, entries.get(value.entry_id)) for value in page.rows],
        "job": _live_job(request, row),
        "may_write": may(request.member, "connections.write"),
        "may_run": may(request.member, "connections.run"),
    }
    return render(request, "writeback/values.html", context)


@requires(*WRITES)
def off(request: MemberRequest, id: int, number: int) -> HttpResponse:
    """Ask what becomes of what was written, then write no more."""
    connection, row = _at(request, id, number)
    form = TurnOffForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            clear = form.cleaned_data["leave"] == "clear"
            try:
                services.turn_off(row=row, clear=clear, by=request.member)
            except ProductError as problem:
                form.add_error(None, str(problem))
            else:
                said = " The fields are being emptied." if clear else ""
                messages.success(
                    request, f"“{row.label}” is not written any more.{said}"
                )
                return redirect(_url(request, "writeback", id))
    context = {
        "heading": f"Stop writing “{row.label}”",
        "lede": f"Nothing of ours goes into this field of {connection.name} any more.",
        "undo": "Turn it on again; then every value is written once more.",
        "button": "Stop writing",
        "button_class": "danger",
        "form": form,
        "back_url": _url(request, "values", id, number),
    }
    return render(request, "frame/confirm.html", context, status=status)


@requires(*RUNS)
@require_POST
def again(request: MemberRequest, id: int, number: int) -> HttpResponse:
    """Send now what waits and what was refused."""
    _, row = _at(request, id, number)
    services.try_again(row=row, by=request.member)
    messages.success(request, "What was refused is sent again.")
    return redirect(_url(request, "values", id, number))


@requires(*WRITES)
@require_POST
def rewrite(request: MemberRequest, id: int, number: int) -> HttpResponse:
    """Put our values back where somebody changed them in the source."""
    _, row = _at(request, id, number)
    count = services.write_again(row=row, by=request.member)
    messages.success(
        request, f"{count} value{'' if count == 1 else 's'} will be written again."
    )
    return redirect(_url(request, "values", id, number))


def _at(request: MemberRequest, id: int, number: int) -> tuple[Connection, WriteBack]:
    connection = connection_at(request, id)
    rows = WriteBack.objects.filter(connection_id=connection.pk).exclude(state="off")
    return connection, get_object_or_404(rows, pk=number)


def _live_job(request: MemberRequest, row: WriteBack) -> dict[str, Any] | None:
    job = (
        Job.objects.filter(
            business_id=request.business.pk,
            kind=KIND,
            arguments__write_back=row.pk,
            state__in=(Job.State.QUEUED, Job.State.RUNNING),
        )
        .order_by("-created_at")
        .first()
    )
    if job is None:
        return None
    return card(job, url=job_url(job, request.business), cancel_url="")


def _url(request: MemberRequest, name: str, *args: Any) -> str:
    return business_url(request.business, f"writeback:{name}", *args)
