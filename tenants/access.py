"""Who may do what: the only place that answers "may they?".

A view of a business or of a group names the roles that may open it; a view without
such a line is refused at run time and by a test. What a member cannot see is a 404,
which selectors give by `visible_to(member)`; what a member sees but may not do is a 403
that names who may.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from tenants.accounts.models import Business, Group, RoleGrant, User
from tenants.accounts.models import Role as Role

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
BUSINESS_ROLES = (Role.REP, Role.MANAGER, Role.FINANCE, Role.ADMIN, Role.AUDITOR)
GROUP_ROLES = (Role.OWNER, Role.GROUP_ADMIN)
EVERY_ROLE = BUSINESS_ROLES + GROUP_ROLES

# What a role of the group is worth in each of the group's businesses.
COUNTS_AS: dict[Role, frozenset[Role]] = {
    Role.OWNER: frozenset({Role.ADMIN, Role.FINANCE}),
    Role.GROUP_ADMIN: frozenset({Role.ADMIN}),
}
SEES_ALL_PAY = (Role.FINANCE, Role.ADMIN, Role.AUDITOR)

ROLE_WORDS: dict[Role, str] = {
    Role.REP: "reps",
    Role.MANAGER: "managers",
    Role.FINANCE: "finance",
    Role.ADMIN: "admins",
    Role.AUDITOR: "auditors",
    Role.OWNER: "owners",
    Role.GROUP_ADMIN: "group admins",
}

# The role table. Preparer and approver are not roles but what somebody did, so "not
# their own" is asked by the service that knows who did what.
MAY: dict[str, frozenset[Role]] = {
    "deals.edit": frozenset({Role.FINANCE, Role.ADMIN}),
    "plans.see": frozenset({Role.FINANCE, Role.ADMIN}),
    "plans.write": frozenset({Role.ADMIN}),
    "plans.publish": frozenset({Role.ADMIN}),
    "payees.write": frozenset({Role.FINANCE, Role.ADMIN}),
    "assignments.write": frozenset({Role.FINANCE, Role.ADMIN}),
    "adjustments.propose": frozenset({Role.MANAGER, Role.FINANCE, Role.ADMIN}),
    "adjustments.approve": frozenset({Role.FINANCE, Role.ADMIN}),
    "disputes.open": frozenset({Role.REP, Role.MANAGER, Role.FINANCE, Role.ADMIN}),
    "disputes.decide": frozenset({Role.FINANCE, Role.ADMIN}),
    "statements.approve": frozenset({Role.MANAGER, Role.FINANCE, Role.ADMIN}),
    "runs.create": frozenset({Role.FINANCE}),
    "runs.decide": frozenset({Role.FINANCE, Role.ADMIN}),
    "runs.release": frozenset({Role.FINANCE, Role.ADMIN}),
    "runs.export": frozenset({Role.FINANCE}),
    "periods.close": frozenset({Role.FINANCE, Role.ADMIN}),
    "periods.reopen": frozenset({Role.OWNER}),
    "connections.run": frozenset({Role.FINANCE, Role.ADMIN}),
    "connections.write": frozenset({Role.ADMIN}),
    "refused.handle": frozenset({Role.FINANCE, Role.ADMIN}),
    "people.manage": frozenset({Role.ADMIN}),
    "owners.manage": frozenset({Role.OWNER}),
    "businesses.create": frozenset({Role.OWNER, Role.GROUP_ADMIN}),
    "audit.read": frozenset({Role.FINANCE, Role.ADMIN, Role.AUDITOR}),
}


@dataclass(frozen=True)
class Member:
    """A user where they are now: in a business or a group, with the roles of today.

    Ids such as `prepared_by_id` and `made_by_id` are the user's, `member.user_id`.
    """

    user: User
    group_id: int
    business_id: int | None
    roles: frozenset[Role]

    def __str__(self) -> str:
        return self.name

    @property
    def user_id(self) -> int:
        return int(self.user.pk)

    @property
    def name(self) -> str:
        return str(self.user)

    @property
    def email(self) -> str:
        return str(self.user.email)

    def has(self, *roles: Role) -> bool:
        """Say whether the member has one of the roles, or one that counts as it."""
        return bool(self.worth & set(roles))

    @property
    def worth(self) -> frozenset[Role]:
        """Return the roles held and those they count as."""
        more = (COUNTS_AS.get(role, frozenset()) for role in self.roles)
        return self.roles.union(*more)

    @property
    def sees_all_pay(self) -> bool:
        """Say whether everybody's pay is open to the member, not only their own."""
        return self.has(*SEES_ALL_PAY)


class MemberRequest(HttpRequest):
    """A request that the middleware brought to a business or a group.

    On a group's pages there is no `business`.
    """

    business: Business
    group: Group
    member: Member
    request_id: str
    htmx: HtmxDetails


def may(member: Member, action: str) -> bool:
    """Say whether one of the member's roles allows the action of the role table."""
    return member.has(*MAY[action])


def member_of(*, user: Any, business: Business, day: date) -> Member | None:
    """Return the user as a member of the business on that day; None for a stranger.

    Roles of the group count in all of its businesses. Lapsed and future roles do not
    count, so somebody who has no others is a stranger.
    """
    return _member(user, business.group_id, business.pk, day)


def member_of_group(*, user: Any, group: Group, day: date) -> Member | None:
    """Return the user as a member of the group on that day; None for a stranger.

    Somebody who is only in one of its businesses is a stranger to the group itself.
    """
    return _member(user, group.pk, None, day)


def _member(
    user: Any, group_id: int | None, business_id: int | None, day: date
) -> Member | None:
    if group_id is None or not user.is_authenticated or not user.is_active:
        return None
    grants = RoleGrant.objects.filter(
        member__user_id=user.pk, member__group_id=group_id, starts_on__lte=day
    ).exclude(ends_on__lt=day)
    places = set(grants.values_list("role", "member__business_id"))
    here = {Role(role) for role, place in places if place in (business_id, None)}
    if not here:
        return None
    return Member(
        user=user,
        group_id=group_id,
        business_id=business_id,
        roles=frozenset(here),
    )


View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def requires(*roles: Role) -> Callable[[View], View]:
    """Open a view of a business or group to these roles.

    Owners and group admins count as the roles that `COUNTS_AS` says. An auditor may
    read every page and change nothing, so is let in by safe methods only.
    """
    if not roles:
        raise TypeError("Name the roles; EVERY_ROLE opens a view to every member.")

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not is_open_to(request.member, roles, request.method):
                raise PermissionDenied(who_may(request, roles))
            return view(request, *args, **kwargs)

        guarded.roles = frozenset(roles)  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def is_open_to(member: Member, roles: Iterable[Role], method: str) -> bool:
    """Say whether a view for these roles lets the member in with this method."""
    if member.worth & (set(roles) - {Role.AUDITOR}):
        return True
    return method in SAFE_METHODS and member.has(Role.AUDITOR)


def who_may(request: Any, roles: Iterable[Role]) -> str:
    """Return one sentence that names the roles, and up to five people who have them."""
    wanted = set(roles) - {Role.AUDITOR}
    words = [ROLE_WORDS[role] for role in EVERY_ROLE if role in wanted]
    wanted |= {role for role in GROUP_ROLES if COUNTS_AS[role] & wanted}
    people = _names_of_holders(request, wanted)
    sentence = f"Only {' or '.join(words)} may do this."
    return f"{sentence} Ask {', '.join(people)}." if people else sentence


def others_who_may(request: Any, roles: Iterable[Role]) -> list[str]:
    """Return the names of up to five others who hold one of the roles, or count as it."""
    wanted = set(roles)
    wanted |= {role for role in GROUP_ROLES if COUNTS_AS[role] & wanted}
    return _names_of_holders(request, wanted, but=request.member.user_id)


def _names_of_holders(request: Any, roles: set[Role], but: int = 0) -> list[str]:
    business = getattr(request, "business", None)
    places = [business.pk, None] if business else [None]
    held = RoleGrant.objects.filter(
        member__group_id=request.group.pk, role__in=roles, ends_on=None
    ).exclude(member__user_id=but)
    here = [
        grant
        for grant in held.select_related("member__user")
        if grant.member.business_id in places
    ]
    return sorted({str(grant.member.user) for grant in here})[:5]


def public_page(view: View) -> View:
    """Open a view to everybody, without login; only for pages of the site itself."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Open a view of the site itself to everybody who is logged in."""

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            from django.contrib.auth.views import redirect_to_login

            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    guarded.is_for_users = True  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def is_guarded(view: Callable[..., Any]) -> bool:
    """Say whether somebody decided who may open the view of a business or group."""
    return hasattr(view, "roles")
