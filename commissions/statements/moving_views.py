"""Pages that show what a change of people or quotas moves, and then make it."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from commissions.calculation.words import day_words
from commissions.plans import assigning, assigning_bulk
from commissions.plans.models import Assignment, Plan
from commissions.plans.pages import day_of, number_of
from commissions.plans.views_assigning import typed
from commissions.statements.forms import TransferForm
from commissions.statements.moves import what_moves
from commissions.statements.periods import current_period
from commissions.statements.transfers import (
    Transfer,
    assignments_on,
    placement_on,
    transfer,
)
from commissions_saas.lib.errors import ProductError
from crm_sync.ledger.models import Payee
from crm_sync.ledger.selectors import payees_visible_to
from tenants.access import MemberRequest, requires
from tenants.accounts.models import Role
from tenants.urls_for import business_url

WRITES = (Role.FINANCE, Role.ADMIN)
Page = dict[str, Any]


@requires(*WRITES)
@require_POST
def assign_moves(request: MemberRequest) -> HttpResponse:
    """Show what putting a payee on a plan moves; the button makes it so."""
    payee = Payee.objects.filter(pk=number_of(request.POST.get("payee", ""))).first()
    plan = Plan.objects.filter(slug=request.POST.get("plan", "")).first()

    def change() -> object:
        if payee is None or plan is None:
            raise ProductError("Choose a payee and a plan.")
        return assigning.assign(
            payee=payee, plan=plan, by=request.member, **typed(request, plan)
        )

    return _asked(
        request,
        change,
        heading=f"Put {payee or 'a payee'} on {plan or 'a plan'}",
        post_to=business_url(request.business, "plans:assign"),
    )


@requires(*WRITES)
@require_POST
def assignment_moves(request: MemberRequest, pk: int) -> HttpResponse:
    """Show what a changed assignment moves; the button makes it so."""
    row = get_object_or_404(Assignment.objects.select_related("payee", "plan"), pk=pk)

    def change() -> object:
        return assigning.change_assignment(
            assignment=row, by=request.member, **typed(request, row.plan)
        )

    return _asked(
        request,
        change,
        heading=f"Change {row.payee} on {row.plan}",
        post_to=business_url(request.business, "plans:assignment_change", pk),
    )


@requires(*WRITES)
def quotas(request: MemberRequest) -> HttpResponse:
    """Put many payees on a plan, or give them other values, from one day on."""
    plans = list(Plan.objects.filter(archived=False).order_by("name"))
    slug = _sent(request, "plan") or (plans[0].slug if len(plans) == 1 else "")
    plan = next((each for each in plans if each.slug == slug), None)
    day = day_of(_sent(request, "starts_on")) or _usual_day(plan)
    page: Page = {
        "plans": plans,
        "plan": plan,
        "starts_on": day,
        "heading": f"{plan} from {day_words(day)}"
        if plan
        else "Quotas and assignments",
    }
    if plan is None:
        return render(request, "statements/quotas.html", page)
    names = assigning.variables_of(plan)
    wanted = _wanted(request, list(names))
    if request.method != "POST":
        return render(request, "statements/quotas.html", page | _grid(plan, day, {}))

    def change() -> int:
        return assigning_bulk.set_values(
            plan=plan, starts_on=day, wanted=wanted, by=request.member
        )

    typed_in = {each.payee_id: each.values for each in wanted}
    page |= _grid(plan, day, typed_in)
    if request.POST.get("do") != "commit":
        return _shown(request, change, "statements/quotas.html", page)
    try:
        count = change()
    except ProductError as problem:
        page["problem"] = problem
        return render(request, "statements/quotas.html", page, status=422)
    ending = "" if count == 1 else "s"
    messages.success(request, f"{count} assignment{ending} of {plan} entered.")
    return redirect(business_url(request.business, "plans:assignments"))


def _usual_day(plan: Plan | None) -> date:
    """Return from when most mean it: a plan that nobody is on begins with this period."""
    on_it = Assignment.objects.filter(closed__isnull=True)
    if plan is not None:
        on_it = on_it.filter(plan=plan)
    period = current_period()
    return (period.next() if on_it.exists() else period).starts_on


@requires(*WRITES)
def move_payee(request: MemberRequest, payee_id: int) -> HttpResponse:
    """Move a payee to another manager, territory or plan from a day on."""
    payee = get_object_or_404(payees_visible_to(request.member), pk=payee_id)
    day = day_of(_sent(request, "starts_on")) or current_period().next().starts_on
    form = TransferForm(
        request.POST or None, payee=payee, initial=_as_it_is(payee, day)
    )
    plan = Plan.objects.filter(slug=_sent(request, "plan"), archived=False).first()
    page: Page = {
        "payee": payee,
        "form": form,
        "starts_on": day,
        "heading": f"Move {payee}",
        "held": assignments_on(payee, day),
        "leaves": {number_of(text) for text in request.POST.getlist("leaves")},
        "variables": _variables(request, plan),
    }
    if request.method != "POST":
        return render(request, "statements/transfer.html", page)
    if not form.is_valid():
        return render(request, "statements/transfer.html", page, status=422)
    what = _transfer(request, payee, form, plan)

    def change() -> None:
        transfer(what=what, by=request.member)

    if request.POST.get("do") != "commit":
        return _shown(request, change, "statements/transfer.html", page)
    try:
        change()
    except ProductError as problem:
        page["problem"] = problem
        return render(request, "statements/transfer.html", page, status=422)
    messages.success(request, f"{payee} is moved from {day_words(what.starts_on)} on.")
    return redirect(business_url(request.business, "ledger:payee", payee.pk))


def _transfer(
    request: MemberRequest, payee: Payee, form: TransferForm, plan: Plan | None
) -> Transfer:
    asked = form.cleaned_data
    leaves = set(request.POST.getlist("leaves"))
    names = assigning.variables_of(plan) if plan else {}
    held = assignments_on(payee, asked["starts_on"])
    return Transfer(
        payee=payee,
        starts_on=asked["starts_on"],
        manager=asked["manager"],
        territory=asked["territory"],
        plan=plan,
        values={name: request.POST.get(f"value-{name}", "") for name in names},
        leaves=[row for row in held if str(row.pk) in leaves],
    )


def _variables(request: MemberRequest, plan: Plan | None) -> list[tuple[str, ...]]:
    """Return what the new plan asks for, with what was typed."""
    names = assigning.variables_of(plan) if plan else {}
    return [
        (name, type_, request.POST.get(f"value-{name}", ""))
        for name, type_ in names.items()
    ]


def _as_it_is(payee: Payee, day: date) -> Page:
    held = placement_on(payee, day)
    return {
        "starts_on": day,
        "manager": held.manager_id if held else None,
        "territory": held.territory_id if held else None,
    }


def _grid(plan: Plan, day: date, typed_in: dict[int, Any]) -> Page:
    """Return a row for each payee with the values that hold, or that were typed."""
    names = assigning.variables_of(plan)
    rows = []
    for row in assigning_bulk.rows_on(plan, day):
        values = typed_in.get(row.payee.pk, row.values)
        cells = [(name, type_, values.get(name, "")) for name, type_ in names.items()]
        chosen = row.payee.pk in typed_in
        rows.append({"row": row, "cells": cells, "chosen": chosen})
    return {
        "rows": rows,
        "variables": names,
        "defaults": assigning.defaults_of(plan),
        "hidden": {},
    }


def _wanted(request: MemberRequest, names: list[str]) -> list[assigning_bulk.Wanted]:
    chosen = (number_of(text) for text in request.POST.getlist("payee"))
    return [
        assigning_bulk.Wanted(
            pk, {name: request.POST.get(f"{pk}-{name}", "").strip() for name in names}
        )
        for pk in dict.fromkeys(chosen)
    ]


def _asked(
    request: MemberRequest,
    change: Callable[[], object],
    *,
    heading: str,
    post_to: str,
) -> HttpResponse:
    """Show what a form of another page would move, with the button that sends it."""
    kept = [
        (name, text)
        for name, texts in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        for text in texts
    ]
    page: Page = {
        "heading": heading,
        "button": heading,
        "list_name": "Assignments",
        "list_url": business_url(request.business, "plans:assignments"),
        "post_to": post_to,
        "kept": kept,
    }
    return _shown(request, change, "statements/moves.html", page)


def _shown(
    request: MemberRequest, change: Callable[[], object], template: str, page: Page
) -> HttpResponse:
    try:
        page["moves"] = what_moves(change)
    except ProductError as problem:
        return render(request, template, page | {"problem": problem}, status=422)
    return render(request, template, page)


def _sent(request: MemberRequest, name: str) -> str:
    return request.POST.get(name, request.GET.get(name, ""))
