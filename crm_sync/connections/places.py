"""What every page of connections needs: the connection at hand, and addresses."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404

from crm_sync.connections.models import Connection
from crm_sync.connections.selectors import connections_of, connections_of_group
from tenants.access import MemberRequest, requires
from tenants.accounts.models import Business, Role
from tenants.schema import in_public
from tenants.urls_for import business_url, group_url

READS = (Role.FINANCE, Role.ADMIN, Role.AUDITOR)
RUNS = (Role.FINANCE, Role.ADMIN)
WRITES = (Role.ADMIN,)
OWNERS = (Role.OWNER, Role.GROUP_ADMIN)


Page = Callable[..., HttpResponse]


def in_both_places(page: Page, *roles: Role) -> tuple[Page, Page]:
    """Return a page for these roles of a business, and for the owners of a group."""
    return requires(*roles)(page), requires(*OWNERS)(page)


def is_group(request: MemberRequest) -> bool:
    """Say whether the page is the group's, not a business's."""
    return request.member.business_id is None


def connection_at(request: MemberRequest, id: int) -> Connection:
    """Return a connection that is visible here; any other does not exist."""
    if is_group(request):
        return get_object_or_404(connections_of_group(request.group), pk=id)
    return get_object_or_404(connections_of(request.business), pk=id)


def own_connection_at(request: MemberRequest, id: int) -> Connection:
    """Return a connection that may be changed here: a shared one only by the group."""
    connection = connection_at(request, id)
    if not is_group(request) and connection.business_id is None:
        raise Http404
    return connection


def address(request: MemberRequest, name: str, *args: Any) -> str:
    """Return a page of connections where the reader is: in a business or a group."""
    if is_group(request):
        return group_url(request.group, f"connections:group_{name}", *args)
    return business_url(request.business, f"connections:{name}", *args)


def base(request: MemberRequest) -> str:
    """Return the template that the page extends."""
    return "base_group.html" if is_group(request) else "base_business.html"


def zone(request: MemberRequest) -> str:
    """Return the zone in which times are said."""
    return "UTC" if is_group(request) else request.business.time_zone


def businesses(request: MemberRequest) -> list[Business]:
    """Return the businesses of the group at hand that are ready."""
    with in_public():
        rows = Business.objects.filter(
            group_id=request.member.group_id, state=Business.State.READY
        )
        return list(rows.order_by("name"))
