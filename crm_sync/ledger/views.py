"""Pages of payees: what is known of them, their placements, merging."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from commissions_saas.lib import clock
from commissions_saas.lib.errors import ProductError
from crm_sync.ledger import forms, merging, selectors, services
from crm_sync.ledger.dated_pages import of_payee
from crm_sync.ledger.downloads import table_answer
from crm_sync.ledger.history import history_of_payee
from crm_sync.ledger.models import ExternalId, Manager, Payee
from crm_sync.ledger.placements import place_payee
from crm_sync.ledger.tables import payees_csv
from tenants.access import MemberRequest, Role, may, requires
from tenants.frame.undo import say_with_undo
from tenants.urls_for import business_url

READS = (Role.REP, Role.MANAGER, Role.FINANCE, Role.ADMIN, Role.AUDITOR)
WRITES = (Role.FINANCE, Role.ADMIN)


@requires(*READS)
@require_safe
def payee(request: MemberRequest, payee_id: int) -> HttpResponse:
    """One payee: what is known, where they stand, and what changed."""
    found = _visible(request, payee_id)
    may_write = may(request.member, "payees.write")
    today = clock.today(request.business.time_zone)
    context: dict[str, Any] = {
        "payee": found,
        "attributes": sorted(found.attributes.items()),
        "placement": selectors.placement_on(found, today),
        "placements": Manager.objects.filter(payee=found, closed__isnull=True)
        .select_related("manager", "territory")
        .order_by("-starts_on"),
        "ids": ExternalId.objects.filter(payee=found).order_by("id"),
        "merged": Payee.objects.filter(merged_into=found).order_by("name"),
        "history": history_of_payee(found),
        "may_write": may_write,
        **of_payee(found),
    }
    if may_write:
        context["placement_form"] = forms.PlacementForm(
            payee=found, initial={"starts_on": today}
        )
        context["merge_form"] = forms.MergeForm(payee=found)
    return render(request, "ledger/payee.html", context)


@requires(*WRITES)
def payee_new(request: MemberRequest) -> HttpResponse:
    """Add a payee who is in no source, or not yet."""
    form = forms.PayeeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = dict(form.cleaned_data)
            given.pop("leaves_on")
            try:
                made = services.create_payee(**given, by=request.member)
            except ProductError as problem:
                form.add_error(None, str(problem))
            else:
                messages.success(request, f"{made.name} is a payee now.")
                return _to(request, made)
    return _form_page(request, form, "New payee", None, status)


@requires(*WRITES)
def payee_edit(request: MemberRequest, payee_id: int) -> HttpResponse:
    """Change what is known of a payee."""
    found = _visible(request, payee_id)
    initial = {
        "name": found.name,
        "email": found.email,
        "employee_number": found.employee_number,
        "title": found.title,
        "leaves_on": found.leaves_on,
        "attributes": forms.write_attributes(found.attributes),
    }
    form = forms.PayeeForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                services.edit_payee(payee=found, by=request.member, **form.cleaned_data)
            except ProductError as problem:
                form.add_error(None, str(problem))
            else:
                messages.success(request, f"{found.name} is saved.")
                return _to(request, found)
    return _form_page(request, form, f"Edit {found.name}", found, status)


@requires(*WRITES)
@require_POST
def place(request: MemberRequest, payee_id: int) -> HttpResponse:
    """Place a payee under a manager and in a territory, from a day."""
    found = _visible(request, payee_id)
    form = forms.PlacementForm(request.POST, payee=found)
    if not form.is_valid():
        messages.error(request, "Name the day from which this holds.")
        return _to(request, found)
    try:
        place_payee(payee=found, by=request.member, **form.cleaned_data)
    except ProductError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"{found.name} is placed.")
    return _to(request, found)


@requires(*WRITES)
@require_POST
def merge(request: MemberRequest, payee_id: int) -> HttpResponse:
    """Make two payees who are one person one; it can be undone."""
    found = _visible(request, payee_id)
    form = forms.MergeForm(request.POST, payee=found)
    if not form.is_valid():
        messages.error(request, "Choose into whom to merge.")
        return _to(request, found)
    into = form.cleaned_data["into"]
    try:
        moved = merging.merge_payees(payee=found, into=into, by=request.member)
    except ProductError as problem:
        messages.error(request, str(problem))
        return _to(request, found)
    undo = business_url(request.business, "ledger:undo_merge", found.pk)
    words = f"{found.name} is {into.name} now; {moved} records moved."
    say_with_undo(request, words, undo)
    return _to(request, into)


@requires(*WRITES)
@require_POST
def undo_merge(request: MemberRequest, payee_id: int) -> HttpResponse:
    """Give a merged payee back what was theirs."""
    found = get_object_or_404(Payee, pk=payee_id)
    try:
        moved = merging.undo_merge(payee=found, by=request.member)
    except ProductError as problem:
        messages.error(request, str(problem))
        return _to(request, found)
    messages.success(request, f"{found.name} is apart again; {moved} records moved.")
    return _to(request, found)


@requires(*WRITES)
@require_safe
def payees_file(request: MemberRequest) -> HttpResponse:
    """All payees as a file that can be sent back."""
    rows = Payee.objects.filter(merged_into__isnull=True, hidden=False)
    return table_answer(request, payees_csv(rows.order_by("name")), "payees")


def _visible(request: MemberRequest, payee_id: int) -> Payee:
    rows = selectors.payees_visible_to(request.member)
    return get_object_or_404(rows, pk=payee_id)


def _to(request: MemberRequest, found: Payee) -> HttpResponse:
    return redirect(business_url(request.business, "ledger:payee", found.pk))


def _form_page(
    request: MemberRequest,
    form: forms.PayeeForm,
    heading: str,
    found: Payee | None,
    status: int,
) -> HttpResponse:
    context = {"form": form, "heading": heading, "payee": found}
    return render(request, "ledger/payee_edit.html", context, status=status)
