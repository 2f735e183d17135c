"""Where the tests of the story look: a business, somebody in it, a statement."""

from commissions.statements.models import Statement
from commissions_saas.lib import clock
from tenants.access import Member, member_of
from tenants.accounts.models import Business, User

NOVEMBER = "2026-11"


def business(slug: str) -> Business:
    found: Business = Business.objects.get(slug=slug)
    return found


def acting(slug: str, name: str) -> Member:
    place = business(slug)
    user = User.objects.get(name=name)
    found = member_of(user=user, business=place, day=clock.today(place.time_zone))
    assert found is not None
    return found


def statement(name: str, slug: str = NOVEMBER) -> Statement:
    return Statement.objects.get(payee__name=name, period__slug=slug)
