"""Pages of connections, of a business and of a group alike; a verb is a service call."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from commissions_saas.lib.errors import ProductError
from crm_sync.connections import forms, services
from crm_sync.connections.connecting import connect
from crm_sync.connections.counts import counts_here
from crm_sync.connections.endpoints import last_day
from crm_sync.connections.health import verdict
from crm_sync.connections.holding import held_in_all
from crm_sync.connections.models import Connection, Endpoint, SyncRun
from crm_sync.connections.own_fields import what_is_written
from crm_sync.connections.places import (
    OWNERS,
    READS,
    RUNS,
    WRITES,
    address,
    base,
    connection_at,
    in_both_places,
    is_group,
    own_connection_at,
    zone,
)
from crm_sync.connections.selectors import (
    connection_rows,
    connections_of_group,
    last_runs,
    vanished_fields,
)
from crm_sync.connections.sharing import group_facts, moves_here, written_wrong
from crm_sync.connections.winning import seen_twice
from crm_sync.ledger.models import RefusedRecord
from crm_sync.ledger.selectors import refused_total
from tenants.access import MemberRequest, may, requires
from tenants.frame import hooks
from tenants.jobs.models import Job
from tenants.jobs.selectors import card
from tenants.jobs.views import job_url
from tenants.urls_for import business_url


@requires(*READS)
@require_safe
def connections(request: MemberRequest) -> HttpResponse:
    """Every source of the business, each with one sentence on how it is."""
    may_write = may(request.member, "connections.write")
    wins = business_url(request.business, "connections:which_source_wins")
    context = {
        "rows": [
            {"read": row, "written": what_is_written(row.connection.pk)}
            for row in connection_rows(request.business)
        ],
        "twice": seen_twice(request.business),
        "wins_url": wins if may_write else "",
        "may_write": may_write,
        "may_run": may(request.member, "connections.run"),
    }
    return render(request, "connections/connections.html", context)


@requires(*OWNERS)
@require_safe
def group_connections(request: MemberRequest) -> HttpResponse:
    """Every source of the group and of its businesses."""
    rows = [
        {
            "connection": row,
            "verdict": verdict(row, "UTC"),
            "written_wrong": written_wrong(row, request.member),
        }
        for row in connections_of_group(request.group)
    ]
    return render(request, "connections/group_connections.html", {"rows": rows})


@requires(*READS)
@require_safe
def connection(request: MemberRequest, id: int) -> HttpResponse:
    return _connection_page(request, connection_at(request, id))


@requires(*OWNERS)
@require_safe
def group_connection(request: MemberRequest, id: int) -> HttpResponse:
    return _connection_page(request, connection_at(request, id))


def _connection_page(request: MemberRequest, found: Connection) -> HttpResponse:
    """One source: verdict, what it holds up, its last syncs, warnings, settings."""
    group = is_group(request)
    is_own = group or found.business_id is not None
    context: dict[str, Any] = {
        "base": base(request),
        "connection": found,
        "is_shared": found.business_id is None,
        "is_group": group,
        "verdict": verdict(found, zone(request), is_running=_is_running(found)),
        "held": held_in_all(found) if is_own else 0,
        "runs": last_runs(found),
        "job": _live_job(request, found),
        "may_write": is_own and may(request.member, "connections.write"),
        "may_map": not group and may(request.member, "connections.write"),
        "may_run": may(request.member, "connections.run"),
        "urls": _urls(request, found),
        "every_minutes": found.expected_every // 60,
    }
    endpoint = Endpoint.objects.filter(connection=found).first() if is_own else None
    if endpoint is not None:
        context |= {"endpoint": endpoint, "last_day": last_day(endpoint)}
    if group:
        context |= group_facts(found)
    else:
        context |= {
            "counts": counts_here(found),
            "written": what_is_written(found.pk),
            "moves": moves_here(found, request.business, request.member)
            if found.business_id is None
            else (),
            "refused": refused_total(found.pk),
            "without_payee": RefusedRecord.objects.filter(
                connection_id=found.pk, code="unknown_owner", state="waiting"
            ).count(),
            "vanished": vanished_fields(
                found, request.business, hooks.ask("plans_by_field", request) or {}
            ),
        }
    return render(request, "connections/connection.html", context)


def _is_running(found: Connection) -> bool:
    return found.syncs.filter(state=SyncRun.State.RUNNING).exists()


def _urls(request: MemberRequest, found: Connection) -> dict[str, str]:
    names = ("sync", "pause", "resume", "key", "disconnect", "webhook", "objects")
    urls = {name: address(request, name, found.pk) for name in names}
    urls["list"] = address(request, "connections")
    if is_group(request):
        urls["routes"] = address(request, "routes", found.pk)
    else:
        urls["map"] = address(request, "map", found.pk)
        urls["refused"] = address(request, "refused", found.pk)
        urls["schemas"] = address(request, "schemas", found.pk)
    return urls


def _live_job(request: MemberRequest, found: Connection) -> dict[str, Any] | None:
    job = (
        Job.objects.filter(
            group_id=found.group_id,
            kind__in=("sync", "read_stored_again"),
            arguments__connection=found.pk,
            state__in=(Job.State.QUEUED, Job.State.RUNNING),
        )
        .order_by("-created_at")
        .first()
    )
    if job is None or (job.business_id is None) != is_group(request):
        return {"title": job.title, "state": job.state} if job else None
    place = request.group if is_group(request) else request.business
    return card(job, url=job_url(job, place), cancel_url="")


def _sync_page(request: MemberRequest, id: int, number: int) -> HttpResponse:
    """One sync: its counts, how often it had to wait, and its log."""
    found = connection_at(request, id)
    run = get_object_or_404(SyncRun, connection=found, pk=number)
    context = {
        "base": base(request),
        "connection": found,
        "run": run,
        "waited_seconds": run.waited_ms // 1000,
        "list_url": address(request, "connections"),
        "connection_url": address(request, "connection", found.pk),
    }
    return render(request, "connections/sync_run.html", context)


sync_run, group_sync_run = in_both_places(require_safe(_sync_page), *READS)


def _new(request: MemberRequest) -> HttpResponse:
    """Look at a source with its key first; only one that answers is kept."""
    form = forms.NewConnectionForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made, probe = connect(
                    group=request.group,
                    business=None if is_group(request) else request.business,
                    kind="close",
                    allow_loopback=settings.DEMO,
                    by=request.member,
                    **form.cleaned_data,
                )
            except ProductError as problem:
                form.add_error(None, str(problem))
            else:
                messages.success(
                    request,
                    f"Connected to {probe.organisation}: {probe.users} users, "
                    f"{probe.deals} deals.",
                )
                return redirect(address(request, "connection", made.pk))
    context = {
        "base": base(request),
        "form": form,
        "list_url": address(request, "connections"),
        "is_group": is_group(request),
    }
    return render(request, "connections/connection_new.html", context, status=status)


new_connection, group_new_connection = in_both_places(_new, *WRITES)


def _act(request: MemberRequest, id: int, verb: Any, said: str) -> HttpResponse:
    found = own_connection_at(request, id)
    try:
        verb(connection=found, by=request.member)
    except ProductError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, said.format(name=found.name))
    return redirect(address(request, "connection", id))


def _sync(request: MemberRequest, id: int) -> HttpResponse:
    gone = request.POST.get("gone", "")
    # What is gone from a source of several businesses is gone in all of them.
    found = own_connection_at(request, id) if gone else connection_at(request, id)
    try:
        services.start_sync(connection=found, by=request.member, confirmed=gone)
    except ProductError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"{found.name} is being read.")
    return redirect(address(request, "connection", id))


sync, group_sync = in_both_places(require_POST(_sync), *RUNS)


@requires(*WRITES)
@require_POST
def pause(request: MemberRequest, id: int) -> HttpResponse:
    return _act(request, id, services.pause, "{name} is paused.")


@requires(*OWNERS)
@require_POST
def group_pause(request: MemberRequest, id: int) -> HttpResponse:
    return _act(request, id, services.pause, "{name} is paused.")


@requires(*WRITES)
@require_POST
def resume(request: MemberRequest, id: int) -> HttpResponse:
    return _act(request, id, services.resume, "{name} is read again.")


@requires(*OWNERS)
@require_POST
def group_resume(request: MemberRequest, id: int) -> HttpResponse:
    return _act(request, id, services.resume, "{name} is read again.")


def _key(request: MemberRequest, id: int) -> HttpResponse:
    """Replace the key; one that the source refuses is not taken."""
    found = own_connection_at(request, id)
    form = forms.KeyForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                services.try_key(connection=found, secret=form.cleaned_data["secret"])
                services.replace_key(
                    connection=found,
                    secret=form.cleaned_data["secret"],
                    by=request.member,
                )
                services.start_sync(connection=found, by=request.member)
            except ProductError as problem:
                form.add_error("secret", str(problem))
            else:
                messages.success(request, "The new key works; reading goes on.")
                return redirect(address(request, "connection", id))
    context = {
        "base": base(request),
        "form": form,
        "connection": found,
        "list_url": address(request, "connections"),
        "connection_url": address(request, "connection", id),
    }
    return render(request, "connections/key.html", context, status=status)


key, group_key = in_both_places(_key, *WRITES)


def _disconnect(request: MemberRequest, id: int) -> HttpResponse:
    """Ask before a source is forgotten; what was read stays."""
    found = own_connection_at(request, id)
    form = forms.ReasonForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            services.disconnect(
                connection=found,
                reason=form.cleaned_data["reason"],
                by=request.member,
            )
            messages.success(request, f"{found.name} is disconnected.")
            return redirect(address(request, "connections"))
    context = {
        "base": base(request),
        "heading": f"Disconnect {found.name}",
        "lede": "Nothing is read from it any more. Deals and statements stay.",
        "undo": "Connect it again with a new key.",
        "button": "Disconnect",
        "button_class": "danger",
        "form": form,
        "back_url": address(request, "connection", id),
    }
    return render(request, "frame/confirm.html", context, status=status)


disconnect, group_disconnect = in_both_places(_disconnect, *WRITES)
