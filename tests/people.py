"""The people of the tests: Alice approves, Bob sells, Charlie belongs elsewhere."""

from datetime import date

import pytest

from tenants.accounts.models import Business, Member, Role, RoleGrant, User
from tenants.schema import in_public


def a_member(
    business: Business,
    name: str,
    *roles: Role,
    starts_on: date = date(2020, 1, 1),
    ends_on: date | None = None,
) -> Member:
    """Make a person who holds the roles in the business."""
    with in_public():
        email = f"{name.lower().replace(' ', '.')}@{business.slug}.example"
        user = User.objects.create_user(email=email, password=None, name=name)
        assert business.group is not None
        member = Member.objects.create(
            user=user, group=business.group, business=business
        )
        for role in roles:
            RoleGrant.objects.create(
                member=member, role=role, starts_on=starts_on, ends_on=ends_on
            )
    return member


def a_group_member(business: Business, name: str, *roles: Role) -> Member:
    """Make a person who holds the roles in the business's group."""
    with in_public():
        email = f"{name.lower().replace(' ', '.')}@group.example"
        user = User.objects.create_user(email=email, password=None, name=name)
        member = Member.objects.create(user=user, group=business.group)
        for role in roles:
            RoleGrant.objects.create(
                member=member, role=role, starts_on=date(2020, 1, 1)
            )
    return member


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
