"""Pages on what is sent to us: the endpoint, its deliveries, and agreed schemas."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from commissions_saas.lib.errors import ProductError
from crm_sync.connections import forms, inbound, schemas
from crm_sync.connections.endpoints import (
    INBOUND,
    Shown,
    address_of,
    has_our_secret,
    last_day,
)
from crm_sync.connections.errors import BadSchema, SchemaDrift
from crm_sync.connections.models import Connection, Delivery, Endpoint, ObjectSchema
from crm_sync.connections.places import (
    READS,
    RUNS,
    WRITES,
    address,
    base,
    in_both_places,
    is_group,
    own_connection_at,
)
from crm_sync.connections.receiving import replay as replay_delivery
from crm_sync.connections.receiving import was_taken_later
from crm_sync.contract import RemoteRecord
from crm_sync.ledger.selectors import redacted
from crm_sync.providers import declared_hook
from tenants.access import MemberRequest, may, requires
from tenants.frame.pagination import paginate

STATES = [(state.value, state.label) for state in Delivery.State]


def _webhook_page(
    request: MemberRequest, id: int, shown: Shown | None = None
) -> HttpResponse:
    """An endpoint: how it is, and what was sent to it, newest first."""
    connection = own_connection_at(request, id)
    endpoint = get_object_or_404(Endpoint, connection=connection)
    state = request.GET.get("state", "")
    rows = Delivery.objects.filter(endpoint=endpoint).defer("body", "data")
    if state in dict(STATES):
        rows = rows.filter(state=state)
    context = {
        "base": base(request),
        "connection": connection,
        "endpoint": endpoint,
        "address": address_of(endpoint),
        "shown": shown,
        "is_inbound": connection.kind == INBOUND,
        "hook": declared_hook(connection.kind, connection.options),
        "state": state,
        "states": STATES,
        "last_day": last_day(endpoint),
        "page": paginate(rows, order=["-id"], cursor=request.GET.get("page", "")),
        "may_write": may(request.member, "connections.write"),
        "urls": _urls(request, connection),
    }
    return render(request, "connections/webhook.html", context)


webhook, group_webhook = in_both_places(require_safe(_webhook_page), *READS)


def _urls(request: MemberRequest, connection: Connection) -> dict[str, str]:
    urls = {
        "list": address(request, "connections"),
        "connection": address(request, "connection", connection.pk),
        "webhook": address(request, "webhook", connection.pk),
        "secret": address(request, "webhook_secret", connection.pk),
    }
    if not is_group(request):
        urls["schemas"] = address(request, "schemas", connection.pk)
    return urls


def _delivery_page(request: MemberRequest, id: int, number: int) -> HttpResponse:
    """One delivery: what was sent, what became of it, and a way to take it again."""
    connection = own_connection_at(request, id)
    row = _delivery(connection, number)
    context = {
        "base": base(request),
        "connection": connection,
        "delivery": row,
        "body": _readable(row),
        "may_replay": row.verified
        and not was_taken_later(row)
        and may(request.member, "connections.run"),
        "replay_url": address(request, "replay", connection.pk, row.pk),
        "urls": _urls(request, connection),
    }
    return render(request, "connections/delivery.html", context)


delivery, group_delivery = in_both_places(require_safe(_delivery_page), *READS)


def _delivery(connection: Connection, number: int) -> Delivery:
    rows = Delivery.objects.filter(endpoint__connection=connection)
    return get_object_or_404(rows.select_related("endpoint__connection"), pk=number)


def _readable(row: Delivery) -> str:
    try:
        sent = json.loads(row.body, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):  # what was refused may be nested without end
        return row.body[:10_000] or json.dumps(redacted(row.data), indent=2)
    return json.dumps(redacted(sent), indent=2, ensure_ascii=False)[:100_000]


def _replay(request: MemberRequest, id: int, number: int) -> HttpResponse:
    connection = own_connection_at(request, id)
    try:
        replay_delivery(delivery=_delivery(connection, number), by=request.member)
    except ProductError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "The delivery is taken once more.")
    return redirect(address(request, "delivery", id, number))


replay, group_replay = in_both_places(require_POST(_replay), *RUNS)


def _new_secret(request: MemberRequest, id: int) -> HttpResponse:
    """Show another secret once; Close gives its own, so only senders have one."""
    connection = own_connection_at(request, id)
    if not has_our_secret(connection):
        raise Http404
    shown = inbound.rotate_secret(connection=connection, by=request.member)
    answer = _webhook_page(request, id, shown)
    answer["Cache-Control"] = "no-store"
    return answer


webhook_secret, group_webhook_secret = in_both_places(
    require_POST(_new_secret), *WRITES
)


@requires(*WRITES)
def new_inbound(request: MemberRequest) -> HttpResponse:
    """Make an address to which records can be sent, and show its secret once."""
    form = forms.InboundForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made, shown = inbound.create_inbound(
                    group=request.group,
                    business=request.business,
                    name=form.cleaned_data["name"],
                    by=request.member,
                )
            except ProductError as problem:
                form.add_error("name", str(problem))
            else:
                answer = _webhook_page(request, made.pk, shown)
                answer["Cache-Control"] = "no-store"
                return answer
    context = {"form": form, "list_url": address(request, "connections")}
    return render(request, "connections/new_inbound.html", context, status=status)


@requires(*WRITES)
def schema_pages(request: MemberRequest, id: int) -> HttpResponse:
    """What may be sent: a schema for each object, made from a sample."""
    connection = own_connection_at(request, id)
    if connection.kind != INBOUND:
        raise Http404
    form = forms.SampleForm(request.POST or None)
    fields: dict[str, Any] = {}
    problems: list[str] = []
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            fields, problems = _sample(request, connection, form)
        except ProductError as problem:
            form.add_error("sample", str(problem))
        else:
            if "save" in request.POST:
                return redirect(address(request, "schemas", id))
    if request.method == "POST" and form.errors:
        status = 422
    context = {
        "connection": connection,
        "form": form,
        "fields": fields,
        "problems": problems,
        "tried": request.method == "POST" and not form.errors,
        "schemas": schemas.schemas_of(connection),
        "versions": ObjectSchema.objects.filter(connection=connection).order_by("-id"),
        "urls": _urls(request, connection),
    }
    return render(request, "connections/schemas.html", context, status=status)


def _sample(
    request: MemberRequest, connection: Connection, form: forms.SampleForm
) -> tuple[dict[str, Any], list[str]]:
    """Look at a sample: its fields, and what the schema of now would say to it."""
    name, sample = schemas.read_sample(form.cleaned_data["sample"])
    name = form.cleaned_data["object"] or name
    if not name:
        raise BadSchema("Name the object that the sample is of.")
    fields = schemas.fields_of_sample(sample)
    for path in form.cleaned_data["required"].split():
        if path in fields:
            fields[path]["required"] = True
    if "save" in request.POST:
        saved = schemas.save_schema(
            connection=connection,
            object_=name,
            fields=fields,
            sample=sample,
            by=request.member,
        )
        messages.success(
            request, f"The schema of {name} is saved as version {saved.version}."
        )
        return fields, []
    try:
        schemas.check(connection, RemoteRecord(name, "sample", "", sample))
    except SchemaDrift as drift:
        return fields, drift.problems
    return fields, []
