"""The places that a user can switch to: the groups and businesses that know them today."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import NoReverseMatch

from commissions_saas.lib import clock
from tenants.accounts.models import Business, Group, RoleGrant
from tenants.frame.links import Link
from tenants.urls_for import business_url

Section = dict[str, Any]


def places_of(user: Any, request: HttpRequest) -> list[Section]:
    """Return the user's groups and businesses, each a link that keeps the kind of page.

    A role of the group counts in all of its businesses; lapsed and future roles do not.
    """
    day = clock.today("UTC")
    grants = RoleGrant.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=day),
        member__user_id=user.pk,
        starts_on__lte=day,
    )
    places = set(grants.values_list("member__group_id", "member__business_id"))
    in_group = {group for group, business in places if business is None}
    businesses = (
        Business.objects.filter(
            Q(pk__in={business for _, business in places if business})
            | Q(group_id__in=in_group),
            group_id__isnull=False,
        )
        .exclude(state=Business.State.TEMPLATE)
        .select_related("group")
        .order_by("group__name", "name")
    )
    sections: dict[int, Section] = {}
    for business in businesses:
        if business.group is None:
            continue
        section = sections.get(business.group.pk)
        if section is None:
            links = (
                [_group_link(business.group, request)]
                if business.group.pk in in_group
                else []
            )
            section = sections[business.group.pk] = {
                "title": business.group.name,
                "links": links,
            }
        section["links"].append(_business_link(business, request))
    return list(sections.values())


def _group_link(group: Group, request: HttpRequest) -> Link:
    is_group_page = getattr(request, "business", None) is None
    here = is_group_page and getattr(request, "group", None) == group
    return Link("All businesses", f"/g/{group.slug}/", here)


def _business_link(business: Business, request: HttpRequest) -> Link:
    note = (
        "" if business.state == Business.State.READY else business.get_state_display()
    )
    here = getattr(request, "business", None)
    return Link(
        business.name, _same_page(business, request), business == here, note=note
    )


def _same_page(business: Business, request: HttpRequest) -> str:
    """Return the page of the same kind in the other business, or its start."""
    match = request.resolver_match
    if match is not None and getattr(request, "business", None) is not None:
        try:
            return business_url(business, match.view_name)
        except NoReverseMatch:
            pass  # the page names something of this business, such as a run
    return f"/b/{business.slug}/"
