"""Where a user belongs, and who belongs to a place."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from commissions_saas.lib import clock
from tenants.accounts.models import Business, Group, Role, RoleGrant, User

GROUP_ROLES = frozenset({Role.OWNER, Role.GROUP_ADMIN})


@dataclass
class Place:
    """A group in which the user has a role today, and the businesses open to them."""

    group: Group
    roles: set[Role] = field(default_factory=set)
    businesses: dict[Business, set[Role]] = field(default_factory=dict)

    @property
    def is_run_by_user(self) -> bool:
        return bool(self.roles & GROUP_ROLES)


def places_of(user: User) -> list[Place]:
    """Return the user's groups and businesses of today, those of an owner all."""
    grants = RoleGrant.objects.filter(member__user=user).select_related(
        "member__group", "member__business"
    )
    places: dict[int, Place] = {}
    for grant in grants.order_by("member__group__name", "member__business__name"):
        business, group = grant.member.business, grant.member.group
        zone = business.time_zone if business else "UTC"
        if not holds_on(grant, clock.today(zone)):
            continue
        place = places.setdefault(group.pk, Place(group))
        if business is None:
            place.roles.add(Role(grant.role))
        else:
            place.businesses.setdefault(business, set()).add(Role(grant.role))
    for place in places.values():
        if place.is_run_by_user:
            for business in place.group.businesses.order_by("name"):
                place.businesses.setdefault(business, set()).update(place.roles)
    return list(places.values())


def holds_on(grant: RoleGrant, day: date) -> bool:
    """Say whether the role is held on the day; both its days are included."""
    return grant.starts_on <= day and (grant.ends_on is None or day <= grant.ends_on)


@dataclass
class Person:
    """A row of the access grid: a user, and what they hold in each place."""

    user: User
    cells: list[list[RoleGrant]]


def people_of(*, group: Group, businesses: Iterable[Business | None]) -> list[Person]:
    """Return everybody with a present or coming role in the places, by name.

    A place of None is the group itself.
    """
    places = [business.pk if business else None for business in businesses]
    held: dict[User, dict[int | None, list[RoleGrant]]] = defaultdict(
        lambda: defaultdict(list)
    )
    grants = RoleGrant.objects.filter(member__group=group).select_related(
        "member__user"
    )
    for grant in grants.order_by("starts_on", "role").exclude(
        ends_on__lt=clock.today("UTC")
    ):
        if grant.member.business_id in places:
            held[grant.member.user][grant.member.business_id].append(grant)
    people = [
        Person(user, [cells[place] for place in places]) for user, cells in held.items()
    ]
    return sorted(people, key=lambda person: str(person.user).casefold())


def owners_of(group: Group) -> list[str]:
    """Return the names of who may do everything in the group's businesses today."""
    day = clock.today("UTC")
    grants = RoleGrant.objects.filter(
        member__group=group,
        member__user__is_active=True,
        role=Role.OWNER,
        starts_on__lte=day,
    ).exclude(ends_on__lt=day)
    return sorted(
        {str(grant.member.user) for grant in grants.select_related("member__user")}
    )


def user_with_email(email: str) -> User | None:
    """Return who logs in with the address."""
    return User.objects.filter(email=email.strip().lower()).first()


def grants_in(group: Group, business: Business | None) -> Any:
    """Return the roles held in a group, or in one of its businesses."""
    grants = RoleGrant.objects.filter(member__group=group)
    return grants.filter(member__business=business) if business else grants
