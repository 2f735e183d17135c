"""The people of the demo: the newcomer beside the group, and who the log-in page offers."""

from commissions_saas.demo.founding import House, make_user
from commissions_saas.demo.passwords import give_password
from commissions_saas.demo.story.people import LOGINS, NEWCOMER
from tenants.accounts import services as accounts
from tenants.accounts.models import DemoPerson, User
from tenants.jobs.services import run_all_jobs


def found_newcomer() -> User:
    """Make somebody who has just begun: a group, one business and nothing in it."""
    user = make_user(NEWCOMER)
    group = accounts.create_group(name="Ellery Pools", slug="ellery", owner=user)
    accounts.create_business(
        group=group,
        name="Ellery Pools",
        slug="ellery-pools",
        time_zone="America/Phoenix",
        by=user,
    )
    run_all_jobs()
    return user


def let_in(house: House, newcomer: User) -> None:
    """Offer people on the log-in page: the last thing, so that it marks a whole load."""
    users = {**house.users, NEWCOMER.key: newcomer}
    offered = [login for login in (*LOGINS, NEWCOMER) if login.sentence]
    give_password(*(users[login.key] for login in offered))
    DemoPerson.objects.bulk_create(
        DemoPerson(
            key=login.key,
            user=users[login.key],
            role=login.role,
            sentence=login.sentence,
            position=position,
        )
        for position, login in enumerate(offered, 1)
    )
