"""The owner's pages of the group's library: what is shared, used, and newer somewhere."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from commissions.library.models import LibraryPlan, LibraryTable
from commissions.plans import library_group
from tenants.access import MemberRequest, requires
from tenants.accounts.models import Role

OWNERS = (Role.OWNER, Role.GROUP_ADMIN)


@requires(*OWNERS)
@require_GET
def group_library(request: MemberRequest) -> HttpResponse:
    """Everything that the group shares, and which business uses which edition."""
    page = {
        "plans": library_group.shared_plans(request.group, request.member),
        "tables": library_group.shared_tables(request.group, request.member),
    }
    return render(request, "plans/library_group.html", page)


@requires(*OWNERS)
@require_GET
def group_library_plan(request: MemberRequest, pk: int) -> HttpResponse:
    """One shared plan: what sharing anew, and taking it, would change."""
    entry = get_object_or_404(LibraryPlan, pk=pk, group_id=request.group.pk)
    shared = library_group.shared_plan(entry, request.group, request.member)
    return render(request, "plans/library_group_plan.html", {"shared": shared})


@requires(*OWNERS)
@require_GET
def group_library_table(request: MemberRequest, pk: int) -> HttpResponse:
    """One shared rate table: its rows by date, and those of each business."""
    entry = get_object_or_404(LibraryTable, pk=pk, group_id=request.group.pk)
    shared = library_group.shared_table(entry, request.group, request.member)
    return render(request, "plans/library_group_table.html", {"shared": shared})
