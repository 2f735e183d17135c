"""Pages of a routing table: edited, tried with its money, saved, and taken back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from commissions_saas.lib.errors import ProductError
from crm_sync.connections import errors, forms, routing, selectors, sharing
from crm_sync.connections.models import Connection, Route, RouteTable, SourceField
from crm_sync.connections.places import OWNERS, address, businesses, connection_at
from tenants.access import MemberRequest, requires
from tenants.jobs.models import Job
from tenants.jobs.selectors import card
from tenants.jobs.views import job_url

EMPTY_ROWS = 2


@requires(*OWNERS)
def group_routes(request: MemberRequest, id: int) -> HttpResponse:
    """Which value of a field sends a record to which business; tried before saved."""
    connection = _shared(request, id)
    routes = list(Route.objects.filter(connection=connection).order_by("id"))
    path = request.POST.get("path") or (routes[0].path if routes else "")
    sources = list(
        SourceField.objects.filter(connection=connection).order_by("object", "label")
    )
    form = forms.RoutesForm(
        request.POST or None, sources=sources, kept=path, initial={"path": path}
    )
    values = [(route.value, route.business_id) for route in routes]
    status = 200
    if request.method == "POST":
        status = 422
        values = _posted(request)
        if form.is_valid():
            try:
                table = routing.try_routes(
                    connection=connection,
                    path=form.cleaned_data["path"],
                    routes=_routes(values),
                    by=request.member,
                )
            except ProductError as problem:
                form.add_error(None, str(problem))
            else:
                return redirect(address(request, "route_table", id, table.pk))
    known = {value for value, _ in values}
    seen = [v for v in selectors.values_seen(connection, path) if v not in known]
    empty = [("", 0)] * EMPTY_ROWS
    context = {
        "connection": connection,
        "form": form,
        "rows": [*values, *((value, 0) for value in seen[:20]), *empty],
        "businesses": businesses(request),
        "versions": routing.tables_of(connection),
    }
    return render(request, "connections/routes.html", context, status=status)


@requires(*OWNERS)
@require_safe
def group_route_table(request: MemberRequest, id: int, table_id: int) -> HttpResponse:
    """What a table moves, before it is saved; afterwards what it says."""
    table = _table(_shared(request, id), table_id)
    return _page(request, table)


@requires(*OWNERS)
@require_POST
def group_save_routes(request: MemberRequest, id: int, table_id: int) -> HttpResponse:
    """Save what was looked at; 409 where it would not do what the page said."""
    table = _table(_shared(request, id), table_id)
    try:
        routing.save_tried(table=table, by=request.member)
    except errors.RoutesChanged as problem:
        table = _table(table.connection, table_id)
        return _page(request, table, problem=problem, status=409)
    except ProductError as problem:
        return _page(request, table, problem=problem, status=422)
    messages.success(request, "The routes are saved; records move now.")
    return redirect(address(request, "connection", id))


@requires(*OWNERS)
@require_POST
def group_revert_routes(request: MemberRequest, id: int, table_id: int) -> HttpResponse:
    """Try an earlier version again; saving it makes it the newest."""
    old = _table(_shared(request, id), table_id)
    try:
        table = routing.try_routes(
            connection=old.connection,
            path=old.path,
            routes=old.values,
            by=request.member,
        )
    except ProductError as problem:
        messages.error(request, str(problem))
        return redirect(address(request, "routes", id))
    return redirect(address(request, "route_table", id, table.pk))


def _page(
    request: MemberRequest,
    table: RouteTable,
    *,
    problem: ProductError | None = None,
    status: int = 200,
) -> HttpResponse:
    job = Job.objects.filter(pk=table.job_id).first() if table.job_id else None
    ready = table.state == RouteTable.State.READY
    newest = routing.tables_of(table.connection)[:1]
    context: dict[str, Any] = {
        "connection": table.connection,
        "table": table,
        "label": sharing.label_of(table.connection, table.path),
        "rows": sharing.route_rows(table, businesses(request)),
        "figures": sharing.figures_of(table) if table.figures else None,
        "is_ready": ready,
        "in_force": newest[0].version if newest else 0,
        "is_stale": ready and (newest[0].version if newest else 0) != table.based_on,
        "problem": problem,
        "job": card(job, url=job_url(job, request.group), cancel_url="")
        if job and not ready
        else None,
    }
    return render(request, "connections/route_table.html", context, status=status)


def _posted(request: MemberRequest) -> list[tuple[str, int]]:
    pairs = zip(
        request.POST.getlist("value"), request.POST.getlist("business"), strict=False
    )
    return [
        (value, int(target))
        for value, target in pairs
        if value.strip() and target.isdecimal() and len(target) < 19
    ]


def _routes(values: list[tuple[str, int]]) -> dict[str, int]:
    """Return which value leads where; refuse one that leads to two businesses."""
    found: dict[str, int] = {}
    for value, target in values:
        if found.setdefault(value.strip(), target) != target:
            raise errors.BadRoute(f"“{value.strip()}” leads to two businesses.")
    return found


def _shared(request: MemberRequest, id: int) -> Connection:
    connection = connection_at(request, id)
    if connection.business_id is not None:
        raise Http404
    return connection


def _table(connection: Connection, table_id: int) -> RouteTable:
    rows = RouteTable.objects.select_related("connection")
    return get_object_or_404(rows, connection=connection, pk=table_id)
