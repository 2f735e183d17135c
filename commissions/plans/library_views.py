"""Pages of the group's library: what is there, what of it is here, taking and putting."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from commissions.library.models import LibraryPlan
from commissions.plans import library
from commissions.plans.models import PlanVersion, RateTable
from commissions_saas.lib.errors import ProductError
from tenants.access import MemberRequest, may, requires, who_may
from tenants.accounts.models import Role
from tenants.urls_for import business_url

READS = (Role.FINANCE, Role.ADMIN, Role.AUDITOR)
PUTS = (Role.OWNER, Role.GROUP_ADMIN)


@requires(*READS)
@require_GET
def shelf(request: MemberRequest) -> HttpResponse:
    """What the group keeps for its businesses, and how this one stands to it."""
    page = {
        "plans": library.shelved_plans(),
        "tables": library.shelved_tables(),
        "may_write": may(request.member, "plans.write"),
        "may_put": request.member.has(*PUTS),
    }
    return render(request, "plans/library.html", page)


@requires(Role.ADMIN)
@require_POST
def take_plan(request: MemberRequest, pk: int) -> HttpResponse:
    """Copy a plan of the library into a draft here."""
    entry = get_object_or_404(LibraryPlan, pk=pk, group_id=request.business.group_id)
    try:
        draft = library.take_plan(entry=entry, by=request.member)
    except ProductError as problem:
        messages.error(request, str(problem))
        return redirect(business_url(request.business, "plans:library"))
    words = f"{draft.plan} is drafted from edition {entry.edition} of the library."
    messages.success(request, words)
    return redirect(business_url(request.business, "plans:draft", draft.plan.slug))


@requires(Role.ADMIN)
@require_POST
def put_plan(request: MemberRequest, slug: str, number: int) -> HttpResponse:
    """Offer a published version to the group's other businesses."""
    versions = PlanVersion.objects.select_related("plan")
    found = get_object_or_404(versions, plan__slug=slug, number=number)
    _require_group_role(request)
    try:
        entry = library.put_plan(version=found, by=request.member)
        messages.success(
            request, f"{entry} is in the library, edition {entry.edition}."
        )
    except ProductError as problem:
        messages.error(request, str(problem))
    return redirect(business_url(request.business, "plans:library"))


@requires(Role.ADMIN)
@require_POST
def put_table(request: MemberRequest, key: str) -> HttpResponse:
    """Offer a rate table to the group's other businesses."""
    found = get_object_or_404(RateTable, key=key)
    _require_group_role(request)
    try:
        entry = library.put_table(table=found, by=request.member)
        messages.success(
            request, f"{entry} is in the library, edition {entry.edition}."
        )
    except ProductError as problem:
        messages.error(request, str(problem))
    return redirect(business_url(request.business, "plans:library"))


def _require_group_role(request: MemberRequest) -> None:
    """What other businesses are offered is a matter of the group."""
    if not request.member.has(*PUTS):
        raise PermissionDenied(who_may(request, PUTS))
