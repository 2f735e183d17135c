"""The people of the tests: Alice approves, Bob sells, Charlie belongs elsewhere.

They are what services get and pages have as `request.member`: `alice.user_id`,
`alice.roles`; `client.force_login(alice.user)` logs her in.
"""

from datetime import date

import pytest

from tenants.access import Member
from tenants.accounts import models
from tenants.accounts.models import Business, Role, RoleGrant, User
from tenants.schema import in_public

LONG_AGO = date(2020, 1, 1)


def a_user(name: str, place: str = "people") -> User:
    """Make a person who can log in."""
    with in_public():
        email = f"{name.lower().replace(' ', '.')}@{place}.example"
        return User.objects.create_user(email=email, password=None, name=name)


def a_member(
    business: Business,
    name: str,
    *roles: Role,
    starts_on: date = LONG_AGO,
    ends_on: date | None = None,
    user: User | None = None,
) -> Member:
    """Make a person, or take `user`, who holds the roles in the business."""
    user = user or a_user(name, business.slug)
    with in_public():
        row = models.Member.objects.create(
            user=user, group_id=business.group_id, business=business
        )
        _grant(row, roles, starts_on, ends_on)
    assert business.group_id is not None
    return Member(user, business.group_id, business.pk, frozenset(roles))


def a_group_member(
    business: Business, name: str, *roles: Role, user: User | None = None
) -> Member:
    """Make a person, or take `user`, who holds the roles in the business's group."""
    user = user or a_user(name, "group")
    with in_public():
        row = models.Member.objects.create(user=user, group_id=business.group_id)
        _grant(row, roles, LONG_AGO, None)
    assert business.group_id is not None
    return Member(user, business.group_id, business.pk, frozenset(roles))


def _grant(
    row: models.Member, roles: tuple[Role, ...], starts_on: date, ends_on: date | None
) -> None:
    for role in roles:
        RoleGrant.objects.create(
            member=row, role=role, starts_on=starts_on, ends_on=ends_on
        )


@pytest.fixture
def alice(businesses: dict[str, Business]) -> Member:
    """Finance at Acme."""
    return a_member(businesses["acme"], "Alice", Role.FINANCE)


@pytest.fixture
def bob(businesses: dict[str, Business]) -> Member:
    """A rep at Acme."""
    return a_member(businesses["acme"], "Bob", Role.REP)


@pytest.fixture
def charlie(businesses: dict[str, Business]) -> Member:
    """An admin of Globex, who must get a 404 everywhere at Acme."""
    return a_member(businesses["globex"], "Charlie", Role.ADMIN)
