"""Every page of a group or business: what it needs to be opened, and who may open it.

`test_isolation.py` lists the routes from the resolver itself; one without a line here
fails it. A page's author adds a line:

    "runs:run": Route({Role.FINANCE, Role.ADMIN}, a_run),

`a_run(business)` makes rows in the business that is entered and returns the arguments of
the address, such as `(4,)`. The roles are those named in `@requires`; what owners and
group admins count as, and that auditors may read, is known here already. `posts=True`
says that the page only takes POST, `everywhere=True` that the arguments mean something in
every business, as a period does.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tenants.access import EVERY_ROLE
from tenants.accounts.models import Business, Role, RoleGrant
from tenants.jobs.services import enqueue
from tests.people import a_group_member, a_member

Arguments = tuple[object, ...]


def no_arguments(business: Business) -> Arguments:
    """The page is about the whole place."""
    return ()


@dataclass(frozen=True)
class Route:
    """Who may open a page, and how to make what it shows."""

    roles: frozenset[Role] | set[Role]
    make: Callable[[Business], Arguments] = no_arguments
    posts: bool = False
    everywhere: bool = False


def a_job(business: Business) -> Arguments:
    return (enqueue(kind="nothing", title="Nothing", business=business).pk,)


def a_group_job(business: Business) -> Arguments:
    return (enqueue(kind="nothing", title="Nothing", group=business.group).pk,)


def a_role(business: Business) -> Arguments:
    member = a_member(business, "Dora Ending", Role.REP)
    return (RoleGrant.objects.get(member__user=member.user).pk,)


def a_group_role(business: Business) -> Arguments:
    member = a_group_member(business, "Emil Ending", Role.GROUP_ADMIN)
    return (RoleGrant.objects.get(member__user=member.user).pk,)


EVERYBODY = frozenset(EVERY_ROLE)
OWNERS = frozenset({Role.OWNER, Role.GROUP_ADMIN})
READERS_OF_THE_TRAIL = frozenset({Role.FINANCE, Role.ADMIN, Role.AUDITOR})

BUSINESS_ROUTES: dict[str, Route] = {
    "accounts:start": Route(EVERYBODY),
    "accounts:members": Route({Role.ADMIN}),
    "accounts:end_role": Route({Role.ADMIN}, a_role),
    "accounts:settings": Route({Role.ADMIN}),
    "jobs:jobs": Route({Role.FINANCE, Role.ADMIN}),
    "jobs:job": Route({Role.FINANCE, Role.ADMIN}, a_job),
    "jobs:cancel": Route({Role.FINANCE, Role.ADMIN}, a_job, posts=True),
    "jobs:again": Route({Role.FINANCE, Role.ADMIN}, a_job, posts=True),
    "audit:audit": Route(READERS_OF_THE_TRAIL),
}

GROUP_ROUTES: dict[str, Route] = {
    "accounts:group_people": Route(OWNERS),
    "accounts:group_end_role": Route(OWNERS, a_group_role),
    "accounts:group_new_business": Route(OWNERS),
    "jobs:group_jobs": Route(OWNERS),
    "jobs:group_job": Route(OWNERS, a_group_job),
    "jobs:group_cancel": Route(OWNERS, a_group_job, posts=True),
    "jobs:group_again": Route(OWNERS, a_group_job, posts=True),
    "audit:group_audit": Route(OWNERS),
}
