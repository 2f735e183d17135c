"""The page on which source field fills which of ours: tried, saved, and taken back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from commissions_saas.lib.errors import ProductError
from crm_sync.connections import errors, forms, mapping_trial, selectors, services
from crm_sync.connections.models import Connection, Mapping, SourceField
from crm_sync.connections.places import WRITES, address, connection_at
from crm_sync.connections.readers import mapping_for
from crm_sync.contract import field_name
from tenants.access import MemberRequest, requires
from tenants.frame import hooks

_OF_ONE_FIELD = ("rules", "const", "also")
NEW_ROWS = 2  # empty rows for fields of one's own
Document = dict[str, Any]


@requires(*WRITES)
def mapping(request: MemberRequest, id: int) -> HttpResponse:
    """Which source field fills which of ours, tried on what is stored."""
    connection = connection_at(request, id)
    object_ = _object(request, connection)
    current = mapping_for(connection, request.business.pk, object_)
    fields = SourceField.objects.filter(connection=connection, object=object_)
    sources = list(fields.order_by("label"))
    payloads = selectors.last_payloads(connection, request.business, object_)
    document: Document = current.document if current else {}

    def rows_now() -> list[selectors.MappingRow]:
        return selectors.mapping_rows(
            request.business, object_, document, sources, payloads
        )

    problem, trial, status = "", None, 200
    if request.method == "POST":
        try:
            document = _posted_document(request, document, rows_now(), sources)
            if "try" not in request.POST:
                return _save(request, connection, object_, document)
            trial = mapping_trial.try_mapping(
                connection=connection,
                business=request.business,
                object_=object_,
                document=document,
            )
        except ProductError as refused:
            problem, status = str(refused), 422
    rows = rows_now()
    _tell_who_reads(request, object_, rows)
    context = {
        "connection": connection,
        "object": object_,
        "objects": connection.options.get("objects", ["deal"]),
        "rows": [(row, _row_form(row.key, row, sources)) for row in rows],
        "new_rows": [
            _row_form(f"new{number}", None, sources) for number in range(NEW_ROWS)
        ],
        "checked": len(payloads),
        "history": selectors.mapping_history(connection, request.business, object_),
        "current": current,
        "problem": problem,
        "trial": trial,
    }
    return render(request, "connections/mapping.html", context, status=status)


def _tell_who_reads(
    request: MemberRequest, object_: str, rows: list[selectors.MappingRow]
) -> None:
    readers = hooks.ask("plans_by_field", request) or {}
    for row in rows:
        row.used_by = readers.get(f"{object_}.{row.key}", [])


def _save(
    request: MemberRequest, connection: Connection, object_: str, document: Document
) -> HttpResponse:
    saved, _ = services.save_mapping(
        connection=connection,
        object_=object_,
        document=document,
        business=request.business,
        by=request.member,
    )
    messages.success(
        request,
        f"Mapping version {saved.version} is saved; stored records are "
        "read through it now, without asking the source again.",
    )
    return redirect(address(request, "connection", connection.pk))


@requires(*WRITES)
@require_POST
def revert_mapping(request: MemberRequest, id: int, version_id: int) -> HttpResponse:
    """Go back to an earlier version, which becomes a new one."""
    connection = connection_at(request, id)
    rows = Mapping.objects.filter(connection=connection)
    old = get_object_or_404(rows, pk=version_id)
    if old.business_id not in (None, request.business.pk):
        raise Http404
    try:
        return _save(request, connection, old.object, old.document)
    except ProductError as problem:
        messages.error(request, str(problem))
        return redirect(address(request, "map", id))


def _object(request: MemberRequest, connection: Connection) -> str:
    objects = connection.options.get("objects") or ["deal"]
    wanted = request.GET.get("object", objects[0])
    if wanted not in objects:
        raise Http404
    return str(wanted)


def _row_form(
    prefix: str,
    row: selectors.MappingRow | None,
    sources: list[SourceField],
    data: Any = None,
) -> forms.MappingRowForm:
    initial = (
        {
            "label": row.label,
            "source": row.source,
            "type": row.type,
            "transform": row.transform,
            "required": row.required,
            "listed": row.listed,
        }
        if row
        else {"type": "text"}
    )
    return forms.MappingRowForm(
        data,
        sources=sources,
        kept=row.source if row else "",
        prefix=prefix,
        initial=initial,
    )


def _posted_document(
    request: MemberRequest,
    before: Document,
    rows: list[selectors.MappingRow],
    sources: list[SourceField],
) -> Document:
    """Read the rows of the page; what it does not show stays as it was."""
    document: Document = {}
    for row in rows:
        form = _row_form(row.key, row, sources, request.POST)
        kept = before.get(row.key, {})
        if f"{row.key}-type" not in request.POST:
            document |= {row.key: kept} if kept else {}
            continue
        if not form.is_valid():
            said = next(iter(form.errors.values()))[0]
            raise errors.BadMapping(f"{row.label or row.key}: {said}")
        if form.cleaned_data["source"] != kept.get("source", ""):
            # Another field is read as it is, not by the rules of the one before.
            kept = {k: v for k, v in kept.items() if k not in _OF_ONE_FIELD}
        if form.cleaned_data["source"] or kept.get("const") or kept.get("rules"):
            document[row.key] = {**kept, **form.cleaned_data}
    for number in range(NEW_ROWS):
        form = _row_form(f"new{number}", None, sources, request.POST)
        if form.is_valid() and form.cleaned_data["source"]:
            label = form.cleaned_data["label"] or form.cleaned_data["source"]
            document.setdefault(
                field_name(label), {**form.cleaned_data, "label": label}
            )
    return document
