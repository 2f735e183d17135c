"""Pages of facts by date: values, leave, what payees may sell, exchange rates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from commissions_saas.lib.errors import ProductError
from crm_sync.ledger import dated, dated_csv, days, forms
from crm_sync.ledger.dated_pages import values_about
from crm_sync.ledger.downloads import table_answer
from crm_sync.ledger.known import THINGS
from crm_sync.ledger.models import (
    AttributeValue,
    ExchangeRate,
    Leave,
    SellRight,
    SubjectKind,
)
from crm_sync.ledger.selectors import payees_visible_to
from crm_sync.ledger.views_sheets import SheetPage, upload_sheet
from tenants.access import Member, MemberRequest, Role, may, requires
from tenants.schema import Dated
from tenants.urls_for import business_url

READS = (Role.FINANCE, Role.ADMIN, Role.AUDITOR)
WRITES = (Role.FINANCE, Role.ADMIN)
SHOWN = 50
Page = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of facts: its words, its rows."""

    key: str
    title: str
    says: str
    model: type[Dated]


KINDS: Mapping[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind(
            "values",
            "Values by date",
            "Salary, hours, scores, grades: what formulas read as payee.hours or"
            " product.family on the day of a deal.",
            AttributeValue,
        ),
        Kind(
            "leave",
            "Leave",
            "Days on which a payee is away; prorated quotas leave them out.",
            Leave,
        ),
        Kind(
            "sell_rights",
            "What payees may sell",
            "A payee with a list is credited for these products and services alone.",
            SellRight,
        ),
        Kind(
            "rates",
            "Exchange rates",
            "A deal in another currency is converted at the rate of its day.",
            ExchangeRate,
        ),
    )
}


@requires(*READS)
@require_safe
def facts(request: MemberRequest) -> HttpResponse:
    """Every kind of fact by date, how many there are, and the way in and out."""
    cards = [
        {
            "kind": kind,
            "count": days.live(kind.model).count(),
            "file": _url(request, "facts_file", kind.key),
            "upload": _url(request, "facts_upload", kind.key),
        }
        for kind in KINDS.values()
    ]
    page: Page = {
        "cards": cards,
        "rates": days.live(ExchangeRate).order_by("-starts_on", "currency")[:SHOWN],
        "business_values": values_about(SubjectKind.BUSINESS.value, 0),
        "rate_form": forms.RateForm(),
        "value_form": forms.ValueForm(),
        "may_write": may(request.member, "payees.write"),
    }
    return render(request, "ledger/facts.html", page)


@requires(*READS)
@require_safe
def facts_file(request: MemberRequest, kind: str) -> HttpResponse:
    """What is known now, as a file that can be sent back."""
    _known(kind)
    return table_answer(request, dated_csv.dated_file(kind), kind)


@requires(*WRITES)
def facts_upload(request: MemberRequest, kind: str) -> HttpResponse:
    """Show what a file would enter, then enter it; bad rows come back with reasons."""
    found = _known(kind)
    return upload_sheet(
        request,
        SheetPage(
            title=found.title,
            file_name=kind,
            columns=dated_csv.SHEETS[kind].columns,
            look_at=lambda content: dated_csv.look_at_dated(kind, content),
            file_url=_url(request, "facts_file", kind),
            list_name="Facts by date",
            list_url=_url(request, "facts"),
        ),
    )


@requires(*WRITES)
@require_POST
def rate_new(request: MemberRequest) -> HttpResponse:
    """Enter an exchange rate."""
    form = forms.RateForm(request.POST)
    return _done(
        request,
        form,
        lambda asked: dated.set_rate(**asked, by=request.member),
        "The rate is entered.",
        _url(request, "facts"),
    )


@requires(*WRITES)
@require_POST
def rate_remove(request: MemberRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(ExchangeRate, pk=pk)
    return _removed(
        request,
        lambda: dated.remove_rate(rate=row, by=request.member),
        _url(request, "facts"),
    )


@requires(*WRITES)
@require_POST
def value_new(request: MemberRequest, kind: str, pk: int) -> HttpResponse:
    """Say what a payee, a thing or the business has from a day on."""
    subject, back = _subject(request, kind, pk)
    form = forms.ValueForm(request.POST)
    return _done(
        request,
        form,
        lambda asked: _set_value(subject, asked, request.member),
        "The value is entered.",
        back,
    )


@requires(*WRITES)
@require_POST
def leave_new(request: MemberRequest, payee_id: int) -> HttpResponse:
    """Note that a payee is away."""
    payee = get_object_or_404(payees_visible_to(request.member), pk=payee_id)
    form = forms.LeaveForm(request.POST)
    return _done(
        request,
        form,
        lambda asked: dated.set_leave(payee=payee, **asked, by=request.member),
        "The leave is entered.",
        _url(request, "payee", payee.pk),
    )


@requires(*WRITES)
@require_POST
def leave_remove(request: MemberRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Leave.objects.select_related("payee"), pk=pk)
    return _removed(
        request,
        lambda: dated.remove_leave(leave=row, by=request.member),
        _url(request, "payee", row.payee_id),
    )


@requires(*WRITES)
@require_POST
def right_new(request: MemberRequest, payee_id: int) -> HttpResponse:
    """Let a payee sell a product or a service."""
    payee = get_object_or_404(payees_visible_to(request.member), pk=payee_id)
    form = forms.SellRightForm(request.POST)
    return _done(
        request,
        form,
        lambda asked: dated.allow_selling(payee=payee, **asked, by=request.member),
        "It is on the list.",
        _url(request, "payee", payee.pk),
    )


@requires(*WRITES)
@require_POST
def right_remove(request: MemberRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(SellRight.objects.select_related("payee"), pk=pk)
    return _removed(
        request,
        lambda: dated.end_selling(right=row, by=request.member),
        _url(request, "payee", row.payee_id),
    )


def _set_value(subject: dated.Subject, asked: Page, by: Member) -> object:
    if asked["value"]:
        return dated.set_value(subject=subject, **asked, by=by)
    of = {name: asked[name] for name in ("key", "starts_on", "ends_on")}
    return dated.clear_value(subject=subject, **of, by=by)


def _subject(request: MemberRequest, kind: str, pk: int) -> tuple[dated.Subject, str]:
    """Return what a value is about, and the page to go back to."""
    if kind == SubjectKind.BUSINESS.value and pk == 0:
        return None, _url(request, "facts")
    if kind == SubjectKind.PAYEE.value:
        payee = get_object_or_404(payees_visible_to(request.member), pk=pk)
        return payee, _url(request, "payee", pk)
    if kind not in THINGS:
        raise Http404
    row: dated.Thing = get_object_or_404(THINGS[kind], pk=pk)
    return row, _url(request, kind, pk)


def _done(
    request: MemberRequest,
    form: Any,
    enter: Callable[[Page], object],
    words: str,
    back: str,
) -> HttpResponse:
    """Enter what a form asks; say what is wrong with it, or that it was known."""
    if not form.is_valid():
        for name, problems in form.errors.items():
            label = form.fields[name].label or name.replace("_", " ")
            messages.error(request, f"{label}: {problems[0]}")
        return redirect(back)
    try:
        made = enter(form.cleaned_data)
    except ProductError as problem:
        messages.error(request, f"{problem.message} {problem.hint}".strip())
    else:
        messages.success(request, words if made else "That was known already.")
    return redirect(back)


def _removed(
    request: MemberRequest, remove: Callable[[], None], back: str
) -> HttpResponse:
    try:
        remove()
    except ProductError as problem:
        messages.error(request, f"{problem.message} {problem.hint}".strip())
    else:
        messages.success(request, "It is taken away.")
    return redirect(back)


def _known(kind: str) -> Kind:
    if kind not in KINDS:
        raise Http404
    return KINDS[kind]


def _url(request: MemberRequest, name: str, *args: object) -> str:
    return business_url(request.business, f"ledger:{name}", *args)
