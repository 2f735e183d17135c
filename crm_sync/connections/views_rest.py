"""The page that declares a source: what is written is tried as it is typed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from commissions_saas.lib.errors import ProductError
from crm_sync.connections.connecting import connect_declared
from crm_sync.connections.forms_rest import RestSourceForm
from crm_sync.connections.places import OWNERS, WRITES, address, base, is_group
from crm_sync.connections.trial import Trial, try_source
from crm_sync.providers import preset_document, presets
from tenants.access import MemberRequest, requires


@requires(*WRITES)
def new_rest(request: MemberRequest) -> HttpResponse:
    return _page(request)


@requires(*OWNERS)
def group_new_rest(request: MemberRequest) -> HttpResponse:
    return _page(request)


def _page(request: MemberRequest) -> HttpResponse:
    """Show the document and what comes of it; connect when it is asked for."""
    if request.method == "POST" and "connect" in request.POST:
        form = RestSourceForm(request.POST)
        if form.is_valid():
            try:
                return _connected(request, form)
            except ProductError as problem:
                form.add_error(None, str(problem))
        return _shown(request, form, None, status=422)
    if request.method == "POST":
        form = RestSourceForm(request.POST)
        # A half-written form is no mistake yet: only the trial says what is missing.
        trial = try_source(zone=_zone(request), **form.as_far_as_written())
        form = RestSourceForm(initial=request.POST.dict())
        return _shown(request, form, trial, status=200)
    preset = request.GET.get("preset", "")
    initial = {"preset": preset if preset in presets() else ""}
    return _shown(request, RestSourceForm(initial=initial), None, status=200)


def _connected(request: MemberRequest, form: RestSourceForm) -> HttpResponse:
    made = connect_declared(
        group=request.group,
        business=None if is_group(request) else request.business,
        name=form.cleaned_data["name"],
        by=request.member,
        **form.as_far_as_written(),
    )
    messages.success(request, f"{made.name} is connected. Start its first sync.")
    return redirect(address(request, "connection", made.pk))


def _shown(
    request: MemberRequest, form: RestSourceForm, trial: Trial | None, *, status: int
) -> HttpResponse:
    if request.htmx and trial is not None:
        return render(request, "connections/_trial.html", {"trial": trial})
    chosen = str(form["preset"].value() or "")
    context: dict[str, Any] = {
        "base": base(request),
        "form": form,
        "trial": trial,
        "url": request.path,
        "list_url": address(request, "connections"),
        "presets": presets(),
        "preset_text": preset_document(chosen) if chosen in presets() else "",
    }
    return render(request, "connections/rest.html", context, status=status)


def _zone(request: MemberRequest) -> str:
    return "UTC" if is_group(request) else request.business.time_zone
