"""Who is a member on which day, what their roles are worth, and what views let in."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client, RequestFactory

from commissions_saas.lib import clock
from tenants import access
from tenants.access import MAY, Member, may, member_of, requires
from tenants.accounts import services
from tenants.accounts.models import Business, Role, User
from tenants.urls_for import business_url
from tests.people import a_group_member, a_member, a_user

TODAY = date(2026, 11, 24)


def on(day: date, user: User, business: Business) -> Member | None:
    return member_of(user=user, business=business, day=day)


@pytest.mark.parametrize(
    ("day", "is_member"),
    [
        (date(2026, 10, 31), False),
        (date(2026, 11, 1), True),
        (date(2026, 11, 30), True),
        (date(2026, 12, 1), False),
    ],
)
def test_a_role_holds_from_its_first_day_to_its_last(
    acme: Business, day: date, is_member: bool
) -> None:
    nora = a_member(
        acme, "Nora", Role.REP, starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 30)
    )

    assert (on(day, nora.user, acme) is not None) is is_member


def test_the_day_is_that_of_the_business(acme: Business, client: Client) -> None:
    Business.objects.filter(pk=acme.pk).update(time_zone="Pacific/Auckland")
    nora = a_member(acme, "Nora", Role.REP, ends_on=date(2026, 11, 24))
    client.force_login(nora.user)
    url = business_url(acme, "accounts:start")

    with clock.at(datetime(2026, 11, 24, 10, 0, tzinfo=UTC)):
        in_the_evening = client.get(url)
    with clock.at(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)):
        after_midnight_there = client.get(url)

    assert in_the_evening.status_code == 302
    assert after_midnight_there.status_code == 404


def test_a_member_without_roles_is_a_stranger(acme: Business) -> None:
    assert on(TODAY, a_member(acme, "Nora").user, acme) is None


def test_roles_are_those_of_the_business_asked_about(
    acme: Business, globex: Business
) -> None:
    user = a_user("Mona")
    a_member(acme, "Mona", Role.FINANCE, user=user)
    a_member(globex, "Mona", Role.REP, user=user)

    here, there = on(TODAY, user, acme), on(TODAY, user, globex)

    assert here is not None and here.roles == {Role.FINANCE}
    assert there is not None and there.roles == {Role.REP}


def test_an_owner_counts_as_admin_and_finance_in_the_group_alone(
    acme: Business, globex: Business
) -> None:
    olga = a_group_member(acme, "Olga", Role.OWNER)

    here = on(TODAY, olga.user, acme)

    assert here is not None
    assert here.has(Role.ADMIN) and here.has(Role.FINANCE)
    assert not here.has(Role.REP)
    assert here.sees_all_pay
    assert on(TODAY, olga.user, globex) is None


def test_somebody_who_is_shut_out_is_a_stranger_at_once(
    acme: Business, alice: Member, client: Client
) -> None:
    client.force_login(alice.user)
    url = business_url(acme, "accounts:start")
    assert client.get(url).status_code == 302

    services.deactivate_user(user=alice.user, by=None)

    answer = client.get(url)
    assert answer["Location"].startswith("/account/login/")


@pytest.mark.parametrize(
    ("role", "method", "is_in"),
    [
        (Role.FINANCE, "GET", True),
        (Role.FINANCE, "POST", True),
        (Role.OWNER, "POST", True),
        (Role.GROUP_ADMIN, "GET", False),
        (Role.REP, "GET", False),
        (Role.AUDITOR, "GET", True),
        (Role.AUDITOR, "HEAD", True),
        (Role.AUDITOR, "POST", False),
        (Role.AUDITOR, "DELETE", False),
    ],
)
def test_a_view_lets_in_its_roles_and_an_auditor_to_read(
    acme: Business, role: Role, method: str, is_in: bool
) -> None:
    member = Member(a_user("Mona"), 1, acme.pk, frozenset({role}))

    assert access.is_open_to(member, [Role.FINANCE], method) is is_in


def test_whoever_may_not_is_told_who_may(
    acme: Business, alice: Member, bob: Member, rf: RequestFactory
) -> None:
    @requires(Role.FINANCE)
    def view(request: object) -> HttpResponse:
        return HttpResponse()

    request = rf.get("/")
    request.member, request.business, request.group = bob, acme, acme.group  # type: ignore[attr-defined]

    with pytest.raises(PermissionDenied) as refusal:
        view(request)

    assert str(refusal.value) == "Only finance may do this. Ask Alice."


def test_a_view_must_name_at_least_one_role() -> None:
    with pytest.raises(TypeError):
        requires()


@pytest.mark.parametrize("action", sorted(MAY))
def test_a_rep_and_an_auditor_do_nothing_that_belongs_to_others(
    acme: Business, action: str
) -> None:
    rep = Member(a_user("Rita"), 1, acme.pk, frozenset({Role.REP}))
    auditor = Member(a_user("Arno"), 1, acme.pk, frozenset({Role.AUDITOR}))

    assert may(rep, action) is (action == "disputes.open")
    assert may(auditor, action) is (action == "audit.read")
