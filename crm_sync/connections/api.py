"""Connections for programs: make, test, map, sync, and see how they are."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework.response import Response

from commissions_saas.lib.errors import ProductError
from crm_sync.connections import selectors, services
from crm_sync.connections.api_forms import (
    changed,
    new_connection,
    new_mapping,
    new_secret,
)
from crm_sync.connections.api_json import (
    connection_json,
    field_json,
    mapping_json,
    refused_json,
    run_json,
    shown_json,
    unrouted_json,
)
from crm_sync.connections.models import Connection, SourceField, UnroutedRecord
from crm_sync.connections.places import OWNERS
from crm_sync.connections.readers import businesses_of, mapping_for
from crm_sync.connections.winning import seen_twice
from crm_sync.contract import TryAgainLater
from crm_sync.ledger.models import RefusedRecord
from tenants.api.errors import BadRequest, Conflict
from tenants.api.jobs import job_address, job_json
from tenants.api.pages import machine, sent
from tenants.schema import in_business

MOST = 200
_NOT_KEPT = {"Cache-Control": "no-store"}


@machine("GET", "POST", roles=OWNERS)
def connections(request: Any) -> Response:
    """List a group's connections, or make one; nothing is asked of the source yet."""
    if request.method == "POST":
        made = new_connection(request)
        answer = connection_json(request, made.row)
        if made.shown is not None:
            answer["webhook"] = shown_json(made.shown)
        answer["warnings"] = [*answer["warnings"], *map(_reads_it_too, made.others)]
        status = 201 if made.is_new else 200
        return Response(answer, status=status, headers=_NOT_KEPT)
    rows = selectors.connections_of_group(request.group)
    return Response({"connections": [connection_json(request, row) for row in rows]})


@machine("GET", "PATCH", "DELETE", roles=OWNERS)
def connection(request: Any, id: int) -> Response:
    """Show a connection with its counts and errors, change it, or forget its key."""
    row = _at(request, id)
    if request.method == "PATCH":
        changed(request, row)
    if request.method == "DELETE":
        services.disconnect(connection=row, reason="by API", by=request.member)
        return Response(status=204)
    answer = connection_json(request, row)
    answer["warnings"] = [*answer["warnings"], *_given_twice(row)]
    return Response(answer)


@machine("POST", roles=OWNERS)
def test(request: Any, id: int) -> Response:
    """Look at the source once; `ok` says whether it could be read, and why not."""
    sent(request, ())
    row = _at(request, id)
    try:
        probe = services.test_connection(connection=row)
    except ProductError as problem:
        passing = isinstance(problem, TryAgainLater)
        said = {"ok": False, "problem": problem.message, "hint": problem.hint}
        return Response({**said, "passing": passing})
    return Response(
        {
            "ok": True,
            "organisation": probe.organisation,
            "users": probe.users,
            "deals": probe.deals,
            "at_least": probe.at_least,
            "currency": probe.currency,
            "warnings": list(probe.warnings),
            "problem": "",
            "hint": "",
        }
    )


@machine("POST", roles=OWNERS)
def secret(request: Any, id: int) -> Response:
    """Make another secret for whoever sends; it is answered once."""
    shown = new_secret(request, _at(request, id))
    return Response({"webhook": shown_json(shown)}, headers=_NOT_KEPT)


@machine("POST", roles=OWNERS)
def sync(request: Any, id: int) -> Response:
    """Read the source in a job, and answer the job: ask it until it has ended."""
    data = sent(request, ("confirm_deleted",))
    row, said = _at(request, id), data.get("confirm_deleted")
    try:
        job = services.start_sync(
            connection=row,
            by=request.member,
            confirmed="" if said is None else str(said),
        )
    except ProductError as problem:
        raise Conflict(problem.message, problem.hint) from None
    job.refresh_from_db()
    return Response(job_json(job, job_address(request, job)), status=202)


@machine("GET", "PUT", roles=OWNERS, filters=("object",))
def mapping(request: Any, id: int) -> Response:
    """Show or save which source field fills which of ours; saving reads again."""
    row = _at(request, id)
    if request.method == "PUT":
        saved, job = new_mapping(request, row)
        answer = mapping_json(saved)
        if job is not None:
            job.refresh_from_db()
            answer["job"] = job_json(job, job_address(request, job))
        return Response(answer)
    objects = _objects(request, row)
    found = [mapping_for(row, row.business_id, object_) for object_ in objects]
    return Response({"mappings": [mapping_json(one) for one in found if one]})


@machine("GET", roles=OWNERS, filters=("object",))
def fields(request: Any, id: int) -> Response:
    """List the fields that the source offers, with the path of each value."""
    row = _at(request, id)
    rows = SourceField.objects.filter(connection=row, object__in=_objects(request, row))
    ordered = rows.order_by("object", "path")
    return Response({"fields": [field_json(one) for one in ordered]})


@machine("GET", roles=OWNERS)
def refused(request: Any, id: int) -> Response:
    """List what could not become an entry, and why; ignored and mended ones are not."""
    row = _at(request, id)
    found: list[dict[str, Any]] = []
    for business in businesses_of(row):
        with in_business(business):
            waiting = RefusedRecord.objects.filter(
                connection_id=row.pk, state=RefusedRecord.State.WAITING
            ).order_by("-held_up", "id")
            found += [refused_json(one, business) for one in waiting[:MOST]]
    unrouted = UnroutedRecord.objects.filter(connection=row).order_by("id")
    found += [unrouted_json(one) for one in unrouted[:MOST]]
    return Response({"refused": found})


@machine("GET", roles=OWNERS)
def syncs(request: Any, id: int) -> Response:
    """List the newest syncs with their counts and logs."""
    row = _at(request, id)
    return Response({"syncs": [run_json(one) for one in selectors.last_runs(row)]})


def _reads_it_too(name: str) -> str:
    return (
        f"{name} reads this source with this key already. What both read counts twice:"
        " disconnect one of them."
    )


def _given_twice(row: Connection) -> list[str]:
    return [
        one.words
        for business in businesses_of(row)
        for one in seen_twice(business)
        if row.pk in (one.first.pk, one.second.pk)
    ]


def _at(request: Any, id: int) -> Connection:
    row: Connection = get_object_or_404(
        selectors.connections_of_group(request.group), pk=id
    )
    return row


def _objects(request: Any, row: Connection) -> list[str]:
    objects: list[str] = row.options.get("objects", ["deal"])
    wanted = request.query_params.get("object")
    if wanted is None:
        return objects
    if wanted not in objects:
        known = ", ".join(objects)
        raise BadRequest(
            f"This connection reads no “{wanted}”.", f"It reads: {known}.", "object"
        )
    return [wanted]
