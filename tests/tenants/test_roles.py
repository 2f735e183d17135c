"""Giving and ending roles: by whom, where, and from when to when."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.core import mail
from django.test import Client

from tenants.access import Member
from tenants.accounts import errors, services
from tenants.accounts.invitations import bring_in
from tenants.accounts.models import Business, Role, RoleGrant
from tenants.audit.models import AuditRow
from tenants.jobs.services import run_all_jobs
from tenants.schema import in_public
from tenants.urls_for import business_url, group_url
from tests.people import a_group_member, a_member


@pytest.fixture(autouse=True)
def outside_of_any_business(db: None) -> Iterator[None]:
    with in_public():
        yield


@pytest.fixture
def olga(acme: Business) -> Member:
    """The owner of Acme's group."""
    return a_group_member(acme, "Olga", Role.OWNER)


def grants_of(member: Member) -> list[tuple[str, date | None]]:
    rows = RoleGrant.objects.filter(member__user=member.user).order_by("pk")
    return list(rows.values_list("role", "ends_on"))


def row_of(member: Member) -> RoleGrant:
    return RoleGrant.objects.select_related("member").get(member__user=member.user)


def test_bringing_somebody_in_makes_a_log_in_and_a_mail_without_a_password(
    acme: Business, olga: Member, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        grant = bring_in(
            email="New@acme.example",
            name="Newt",
            role=Role.FINANCE,
            group=acme.group,  # type: ignore[arg-type]
            business=acme,
            by=olga.user,
        )

    (letter,) = mail.outbox
    assert grant.member.user.email == "new@acme.example"
    assert not grant.member.user.has_usable_password()
    assert letter.subject == "Olga gave you access to Acme"
    assert "/account/password/reset/" in str(letter.body)
    trail = AuditRow.objects.filter(action="accounts.role.granted").get()
    assert (trail.by, trail.business_id) == ("Olga", acme.pk)


def test_nobody_gives_a_role_to_themselves(acme: Business) -> None:
    mona = a_member(acme, "Mona", Role.ADMIN)

    with pytest.raises(errors.NotYourOwnRole):
        services.grant_role(member=row_of(mona).member, role=Role.FINANCE, by=mona.user)

    assert grants_of(mona) == [("admin", None)]


def test_only_an_owner_makes_an_owner(acme: Business, olga: Member) -> None:
    admin = a_group_member(acme, "Gina", Role.GROUP_ADMIN)
    other = a_group_member(acme, "Oskar", Role.GROUP_ADMIN)
    place = row_of(other).member

    with pytest.raises(errors.OnlyOwnersMayDoThis):
        services.grant_role(member=place, role=Role.OWNER, by=admin.user)
    services.grant_role(member=place, role=Role.OWNER, by=olga.user)

    assert [role for role, _ in grants_of(other)] == ["group_admin", "owner"]


def test_a_group_keeps_its_last_owner(acme: Business, olga: Member) -> None:
    other = a_group_member(acme, "Oskar", Role.OWNER)

    services.end_role(grant=row_of(other), by=olga.user)
    with pytest.raises(errors.LastOwner):
        services.end_role(grant=row_of(olga), by=None)

    assert grants_of(olga) == [("owner", None)]


def test_a_role_that_ended_shows_in_the_past_and_opens_nothing(
    acme: Business, olga: Member, alice: Member, client: Client
) -> None:
    services.end_role(grant=row_of(alice), by=olga.user)
    client.force_login(alice.user)

    assert client.get(business_url(acme, "accounts:start")).status_code == 404
    assert row_of(alice).ends_on is not None


def test_a_role_is_not_held_twice_on_one_day(acme: Business, olga: Member) -> None:
    nora = a_member(acme, "Nora", Role.REP, ends_on=date(2026, 11, 30))
    place = row_of(nora).member

    with pytest.raises(errors.RoleHeldAlready):
        services.grant_role(
            member=place, role=Role.REP, starts_on=date(2026, 11, 30), by=olga.user
        )
    services.grant_role(
        member=place, role=Role.REP, starts_on=date(2026, 12, 1), by=olga.user
    )

    assert len(grants_of(nora)) == 2


@pytest.mark.parametrize("role", [Role.OWNER, Role.GROUP_ADMIN])
def test_a_role_of_the_group_is_not_held_in_a_business(
    acme: Business, olga: Member, bob: Member, role: Role
) -> None:
    with pytest.raises(errors.WrongPlaceForRole):
        services.grant_role(member=row_of(bob).member, role=role, by=olga.user)


def test_the_page_of_people_gives_and_ends_roles(
    acme: Business, olga: Member, bob: Member, client: Client
) -> None:
    client.force_login(olga.user)
    url = group_url("northwind", "accounts:group_people")

    page = client.get(url).content.decode()
    given = client.post(
        url, {"email": bob.email, "place": str(acme.pk), "role": "manager"}
    )
    grant = RoleGrant.objects.get(member__user=bob.user, role="manager")
    ended = client.post(group_url("northwind", "accounts:group_end_role", grant.pk))

    assert "Bob" in page
    assert given.status_code == ended.status_code == 302
    assert [role for role, _ in grants_of(bob)] == ["rep"]


def test_a_mistake_on_the_page_of_people_is_said_in_words(
    acme: Business, olga: Member, bob: Member, client: Client
) -> None:
    client.force_login(olga.user)
    url = group_url("northwind", "accounts:group_people")

    held = client.post(url, {"email": bob.email, "place": str(acme.pk), "role": "rep"})
    own = client.post(
        url, {"email": olga.email, "place": str(acme.pk), "role": "finance"}
    )
    mixed = client.post(url, {"email": bob.email, "place": "group", "role": "rep"})

    assert held.status_code == own.status_code == mixed.status_code == 422
    assert "held already" in held.content.decode()
    assert "cannot change your own roles" in own.content.decode()
    assert "belong to one business" in mixed.content.decode()


def test_an_admin_of_one_business_cannot_reach_into_another(
    acme: Business, olga: Member, bob: Member, client: Client
) -> None:
    other = services.create_business(group=acme.group, name="Initech")  # type: ignore[arg-type]
    run_all_jobs()
    admin = a_member(other, "Adam", Role.ADMIN)
    client.force_login(admin.user)
    url = business_url(other, "accounts:end_role", row_of(bob).pk)

    assert client.post(url).status_code == 404
    words = {"email": "x@y.example", "place": str(acme.pk), "role": "rep"}
    assert (
        client.post(business_url(other, "accounts:members"), words).status_code == 422
    )
    assert grants_of(bob) == [("rep", None)]


def test_only_an_owner_turns_solo_mode_on(
    acme: Business, olga: Member, client: Client
) -> None:
    admin = a_member(acme, "Adam", Role.ADMIN)
    url = business_url(acme, "accounts:settings")
    words = {"name": "Acme & Co", "solo_mode": "on", "posts_late_changes": "on"}

    client.force_login(admin.user)
    client.post(url, words)
    acme.refresh_from_db()
    assert (acme.name, acme.solo_mode) == ("Acme & Co", False)

    client.force_login(olga.user)
    client.post(url, words)
    acme.refresh_from_db()
    assert acme.solo_mode
    changed = AuditRow.objects.filter(action="accounts.business.changed").last()
    assert changed is not None and changed.before == {
        "name": "Acme & Co",
        "posts_late_changes": True,
        "second_publisher_above": None,
        "solo_mode": False,
    }
