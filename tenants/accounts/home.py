"""Which page a person starts on: the one place with work for them."""

from typing import Any

from django.urls import NoReverseMatch

from commissions_saas.lib import clock
from tenants.access import member_of
from tenants.accounts import versions
from tenants.accounts.models import Business, Role
from tenants.accounts.selectors import Place, places_of
from tenants.accounts.setup import is_new
from tenants.frame import hooks
from tenants.jobs.models import Job
from tenants.schema import in_business
from tenants.urls_for import business_url, group_url

# In the order of urgency; the first role that the member has, and the first page of it
# that exists.
START_PAGES: tuple[tuple[Role, tuple[str, ...]], ...] = (
    (Role.FINANCE, ("runs:runs",)),
    (Role.ADMIN, ("plans:plans",)),
    (Role.OWNER, ("runs:runs",)),
    (Role.GROUP_ADMIN, ("plans:plans",)),
    (Role.AUDITOR, ("runs:runs",)),
    (Role.MANAGER, ("statements:team", "statements:statements")),
    (Role.REP, ("statements:mine",)),
)


def start_of(request: Any) -> str | None:
    """Return the page where the user starts, or None where they must choose."""
    places = places_of(request.user)
    if len(places) != 1:
        return None
    place = places[0]
    if not place.businesses:
        return _group_page(place, "accounts:group_people") if place.roles else None
    if len(place.businesses) == 1:
        return _of_business(request, next(iter(place.businesses)), place)
    return _group_page(place, "rollup:overview") if place.is_run_by_user else None


def page_in_business(request: Any) -> str:
    """Return where a member starts inside a business; a higher room may know better."""
    offered = hooks.ask("home", request)
    if offered:
        return str(offered)
    if request.member.has(Role.ADMIN) and is_new(request):
        return business_url(request.business, "accounts:setup")
    for role, names in START_PAGES:
        if role in request.member.roles:
            for name in names:
                try:
                    usual = business_url(request.business, name)
                except NoReverseMatch:
                    continue
                return str(hooks.ask(f"home.{name}", request) or usual)
    return business_url(request.business, "jobs:jobs")


def _of_business(request: Any, business: Business, place: Place) -> str | None:
    """Bring a request that named no business into the only one that there is."""
    if business.state == Business.State.MAKING and place.is_run_by_user:
        job = Job.objects.filter(
            kind="make_business", arguments={"business": business.pk}
        ).first()
        return group_url(place.group, "jobs:group_job", job.pk) if job else None
    day = clock.today(business.time_zone)
    member = member_of(user=request.user, business=business, day=day)
    is_served = business.state == Business.State.READY
    if not (member and is_served and versions.is_current(business.schema_name)):
        return business_url(business, "accounts:start")
    request.business, request.group = business, place.group
    request.member = member
    with in_business(business):
        return page_in_business(request)


def _group_page(place: Place, name: str) -> str | None:
    try:
        return group_url(place.group, name)
    except NoReverseMatch:
        return None
