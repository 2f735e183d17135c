"""Pages of invoices and payments: what waits for a match, and a customer's account."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from commissions_saas.lib.errors import ProductError
from crm_sync.accounting import queue, services
from crm_sync.accounting.accounts import has_any
from crm_sync.accounting.models import Reference
from crm_sync.accounting.resolving import ID, deal_key
from crm_sync.accounting.whose import customers_visible_to
from crm_sync.ledger.catalogue import catalogue
from crm_sync.ledger.standard import ACCOUNT, DEAL, standard_fields
from tenants.access import EVERY_ROLE, MemberRequest, Role, requires
from tenants.urls_for import business_url

READS = (Role.FINANCE, Role.ADMIN, Role.AUDITOR)
WRITES = (Role.FINANCE, Role.ADMIN)


@requires(*READS)
@require_safe
def invoices(request: MemberRequest) -> HttpResponse:
    """What stands on nothing yet, which customers are nobody's, and what is overdue."""
    late = queue.overdue()
    context = {
        "has_any": has_any(),
        "waiting": queue.waiting(),
        "waiting_total": queue.unmatched().count(),
        "chosen": queue.chosen(),
        "customers": queue.customers_waiting(),
        "overdue": late,
        "paid_early": sum(bool(one.paid_out) for one in late),
        "deal_key": deal_key(),
        "deal_keys": _deal_keys(),
        "may_write": request.member.has(*WRITES),
    }
    return render(request, "accounting/invoices.html", context)


def _deal_keys() -> list[tuple[str, str]]:
    """Return the fields by which invoices may name a deal: texts of its source."""
    ours = {field.key for field in (*ACCOUNT, *standard_fields(DEAL))}
    return [(ID, "Id in the source")] + [
        (key, field.label)
        for (object_, key), field in sorted(catalogue().items())
        if object_ == DEAL and field.type in ("text", "number") and key not in ours
    ]


@requires(*WRITES)
@require_POST
def choose(request: MemberRequest, reference_id: int) -> HttpResponse:
    """Say what an invoice or payment stands on."""
    one = get_object_or_404(Reference.objects.select_related("entry"), pk=reference_id)
    found = queue.find_target(one, request.POST.get("target", "")[:300])
    try:
        if len(found) != 1:
            raise _cannot_find(request.POST.get("target", "").strip(), len(found))
        services.choose(reference=one, target=found[0], by=request.member)
    except ProductError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"{one.entry.name} stands on {found[0].name}.")
    return redirect(business_url(request.business, "accounting:invoices"))


def _cannot_find(text: str, count: int) -> ProductError:
    if not text:
        return ProductError("Say what it stands on: an id, a number or a name.")
    if count > 1:
        return ProductError(
            f"Several are called “{text[:60]}”.", hint="Give the id in the source."
        )
    return ProductError(
        f"Nothing is called “{text[:60]}”.",
        hint="Give the id in the source, the number or the whole name.",
    )


@requires(*WRITES)
@require_POST
def forget(request: MemberRequest, reference_id: int) -> HttpResponse:
    """Take back what somebody said; the source's own word holds again."""
    one = get_object_or_404(Reference, pk=reference_id)
    try:
        services.forget(reference=one, by=request.member)
    except ProductError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "It is as the source says again.")
    return redirect(business_url(request.business, "accounting:invoices"))


@requires(*WRITES)
@require_POST
def name_deals_by(request: MemberRequest) -> HttpResponse:
    """Say by which field invoices name deals."""
    try:
        moved = services.name_deals_by(
            key=request.POST.get("key", ""), by=request.member
        )
    except ProductError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"Looked at all again: {moved} changed.")
    return redirect(business_url(request.business, "accounting:invoices"))


@requires(*EVERY_ROLE)
@require_safe
def account(request: MemberRequest, customer_id: int) -> HttpResponse:
    """What a customer owes and has paid, for whoever sells to it."""
    customer = customers_visible_to(request.member).filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    context = {
        "customer": customer,
        "may_see_customer": request.member.has(*READS),
    }
    return render(request, "accounting/account.html", context)
