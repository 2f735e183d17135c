"""Signing up and in, and giving and ending roles."""

import re
from collections.abc import Iterator

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.test import Client, override_settings

from tenants.access import Member
from tenants.accounts.forms import NewBusinessForm
from tenants.accounts.models import (
    Business,
    DemoPerson,
    Group,
    Role,
    RoleGrant,
    User,
)
from tenants.frame import hooks
from tenants.jobs.services import run_all_jobs
from tenants.schema import in_public
from tenants.urls_for import business_url
from tests.people import a_group_member, a_member, a_user

PASSWORD = "a long and good password"
SIGN_UP = {
    "email": "Nina@Initech.example",
    "password1": PASSWORD,
    "business_name": "Initech",
    "currency": "EUR",
    "time_zone": "Europe/Vienna",
}


@pytest.fixture(autouse=True)
def outside_of_any_business(db: None) -> Iterator[None]:
    with in_public():
        yield


# Signing up and in


def test_signing_up_makes_a_group_and_its_first_business(client: Client) -> None:
    answer = client.post("/account/signup/", SIGN_UP)
    start = client.get("/")

    user = User.objects.get(email="nina@initech.example")
    business = Business.objects.get(name="Initech")
    assert answer.status_code == 302, answer.content.decode()
    assert (business.currency, business.time_zone) == ("EUR", "Europe/Vienna")
    assert business.group is not None
    assert business.group.reporting_currency == "EUR"
    assert RoleGrant.objects.get(member__user=user).role == Role.OWNER
    assert "/jobs/" in start["Location"]
    assert client.get(start["Location"]).status_code == 200

    run_all_jobs()

    assert client.get("/")["Location"] == business_url(business, "accounts:setup")
    access = client.get(business_url(business, "accounts:members")).content.decode()
    assert "may do everything here: nina@initech.example (owner of Initech)" in access


def test_the_making_of_a_business_leads_on_to_its_setup(client: Client) -> None:
    client.post("/account/signup/", SIGN_UP)
    progress = client.get("/")["Location"]
    waiting = client.get(progress, headers={"HX-Request": "true"})
    run_all_jobs()

    done = client.get(progress, headers={"HX-Request": "true"})

    url = business_url("initech", "accounts:setup")
    assert "HX-Refresh" not in waiting
    assert url not in waiting.content.decode()
    assert done["HX-Refresh"] == "true"
    assert f'<a class="button primary" href="{url}">' in done.content.decode()


def test_signing_up_twice_with_one_address_makes_one_user(client: Client) -> None:
    client.post("/account/signup/", SIGN_UP)

    Client().post("/account/signup/", SIGN_UP)

    assert User.objects.count() == 1
    assert Group.objects.filter(name="Initech").count() == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({}, "A user is already registered with this email address."),
        ({"password1": "short"}, "It must contain at least 10 characters."),
        ({"password1": "password1234"}, "This password is too common."),
        ({"business_name": ""}, "Business name: This field is required."),
    ],
)
def test_a_mistake_in_signing_up_is_told_in_a_sentence(
    client: Client, wrong: dict[str, str], sentence: str
) -> None:
    User.objects.create_user(SIGN_UP["email"], PASSWORD)

    answer = client.post("/account/signup/", SIGN_UP | wrong)

    assert "There is a problem" in answer.content.decode()
    assert sentence in answer.content.decode()


@pytest.mark.parametrize(
    ("given", "calendar"),
    [
        ({"pay_calendar": "week"}, "week"),
        ({"pay_calendar": "two_weeks", "calendar_day": "2026-11-23"}, "two_weeks_1"),
        (
            {
                "pay_calendar": "454",
                "calendar_day": "2024-02-03",
                "year_ends": "n",
            },
            "454_n61",
        ),
        ({"pay_calendar": "445", "calendar_day": "2026-09-26"}, "445_l69"),
        ({"pay_calendar": "445"}, "Say which weeks these are."),
        (
            {"pay_calendar": "445", "calendar_day": "2026-09-19", "year_ends": "l"},
            "Saturday, 19 September 2026, is not such a day.",
        ),
    ],
)
def test_a_business_may_pay_by_weeks(
    acme: Business, given: dict[str, str], calendar: str
) -> None:
    assert acme.group is not None
    asked = {"business_name": "New", "currency": "USD", "time_zone": "UTC"} | given

    form = NewBusinessForm(asked, group=acme.group)

    said = form.errors.get("calendar_day") if not form.is_valid() else None
    assert (said[0] if said else form.cleaned_data["pay_calendar"]) == calendar


@pytest.mark.parametrize(
    ("calendar", "words"),
    [
        ("half_month", "paid twice a month"),
        ("two_weeks_1", "paid every two weeks from 2026-01-05"),
        ("454_n61", "paid 4-5-4 to the Saturday nearest the end of January"),
    ],
)
def test_the_settings_say_by_what_a_business_pays(
    acme: Business, client: Client, calendar: str, words: str
) -> None:
    Business.objects.filter(pk=acme.pk).update(pay_calendar=calendar)
    client.force_login(a_member(acme, "Ada", Role.ADMIN).user)

    page = client.get("/b/acme/settings/").content.decode()

    assert f"{words}: these stay as they are." in page


def test_a_group_has_no_two_businesses_of_one_name(
    acme: Business, client: Client
) -> None:
    client.force_login(a_group_member(acme, "Olga", Role.OWNER).user)
    url = "/g/northwind/businesses/new/"
    given = {"currency": "USD", "time_zone": "UTC", "pay_calendar": "month"}

    answer = client.post(url, given | {"business_name": acme.name.upper()})

    assert answer.status_code == 422
    assert f"has a business called {acme.name.upper()} already." in (
        answer.content.decode()
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "no address"},
        {"password1": "short"},
        {"password1": "password1234"},
        {"business_name": ""},
        {"currency": "XXX"},
        {"time_zone": "Mars/Olympus"},
    ],
)
def test_signing_up_with_a_mistake_makes_nothing(
    client: Client, wrong: dict[str, str]
) -> None:
    answer = client.post("/account/signup/", SIGN_UP | wrong)

    assert answer.status_code == 200
    assert not User.objects.exists()
    assert not Group.objects.filter(name="Initech").exists()


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example", "https:evil.example", "/\\evil.example"],
)
def test_logging_in_leads_nowhere_else(client: Client, elsewhere: str) -> None:
    User.objects.create_user("nina@initech.example", PASSWORD)
    words = {"login": "nina@initech.example", "password": PASSWORD, "next": elsewhere}

    answer = client.post("/account/login/", words)

    assert answer.status_code == 302
    assert answer["Location"] == "/"


def test_logging_in_gives_a_new_session(client: Client) -> None:
    User.objects.create_user("nina@initech.example", PASSWORD)
    client.get("/account/login/")
    session = client.session
    session["before"] = "yes"
    session.save()
    before = session.session_key

    client.post(
        "/account/login/", {"login": "nina@initech.example", "password": PASSWORD}
    )

    assert client.session.session_key != before


def test_ten_wrong_passwords_lock_the_address_for_a_while(client: Client) -> None:
    User.objects.create_user("nina@initech.example", PASSWORD)
    words = {"login": "nina@initech.example", "password": "wrong"}
    for _ in range(10):
        client.post("/account/login/", words)

    answer = client.post("/account/login/", words | {"password": PASSWORD})

    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


def test_a_second_factor_is_asked_for_where_there_is_one(client: Client) -> None:
    user = User.objects.create_user("nina@initech.example", PASSWORD)
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    words = {"login": "nina@initech.example", "password": PASSWORD}

    client.post("/account/login/", words)
    with_password_alone = "_auth_user_id" in client.session
    _, now, _ = totp.yield_hotp_counters_from_time()
    code = totp.format_hotp_value(totp.hotp_value(secret, now))
    client.post("/account/2fa/authenticate/", {"code": code})

    assert not with_password_alone
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_reset_says_the_same_to_everybody_and_names_our_own_host(
    client: Client,
) -> None:
    User.objects.create_user("nina@initech.example", PASSWORD)

    known = client.post("/account/password/reset/", {"email": "nina@initech.example"})
    unknown = client.post("/account/password/reset/", {"email": "who@initech.example"})

    assert known.status_code == unknown.status_code == 302
    assert known["Location"] == unknown["Location"]
    (letter,) = [m for m in mail.outbox if m.to == ["nina@initech.example"]]
    assert re.search(r"https?://(testserver|localhost)", str(letter.body))


# Where people start


def test_a_person_starts_where_their_work_is(
    acme: Business, alice: Member, client: Client
) -> None:
    client.force_login(alice.user)

    answer = client.get("/")

    assert answer["Location"] == business_url(acme, "runs:runs")


def test_an_admin_of_a_new_business_starts_with_its_setup(
    acme: Business, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(a_member(acme, "Adam", Role.ADMIN).user)
    url = business_url(acme, "accounts:setup")
    monkeypatch.setitem(hooks._offers, "setup.connect", lambda request: "Not started")

    new = client.get(business_url(acme, "accounts:start"))
    for key in ("connect", "plan", "assign"):
        monkeypatch.setitem(hooks._offers, f"setup.{key}", lambda request: "Done")
    later = client.get(business_url(acme, "accounts:start"))

    assert new["Location"] == url
    assert later["Location"] != url
    assert "Give colleagues access" in client.get(url).content.decode()


def test_a_person_of_two_groups_chooses(
    acme: Business, globex: Business, client: Client
) -> None:
    user = a_user("Mona")
    a_member(acme, "Mona", Role.REP, user=user)
    a_member(globex, "Mona", Role.REP, user=user)
    client.force_login(user)

    page = client.get("/").content.decode()

    assert "Acme" in page
    assert "Globex" in page


def test_a_person_without_a_role_is_told_so(client: Client) -> None:
    client.force_login(a_user("Mona"))

    assert "No business is open to you" in client.get("/").content.decode()


# The demo's log-in


@pytest.fixture
def maya(acme: Business) -> Member:
    member = a_member(acme, "Maya", Role.REP)
    DemoPerson.objects.create(
        key="maya",
        user=member.user,
        role="Advisor",
        sentence="Why did my pay fall $160?",
        position=1,
    )
    return member


def test_the_demo_lets_one_be_one_of_its_people(maya: Member, client: Client) -> None:
    with override_settings(DEMO=True):
        page = client.get("/account/login/").content.decode()
        client.post("/demo/login/", {"person": "maya"})

    assert "Why did my pay fall $160?" in page
    assert client.session["_auth_user_id"] == str(maya.user_id)


def test_outside_the_demo_nobody_gets_in_that_way(maya: Member, client: Client) -> None:
    answer = client.post("/demo/login/", {"person": "maya"})

    assert answer.status_code == 404
    assert "_auth_user_id" not in client.session


def test_the_demo_knows_its_own_people_only(
    maya: Member, alice: Member, client: Client
) -> None:
    with override_settings(DEMO=True):
        for person in ("alice", "", "alice@acme.example", str(alice.user_id)):
            answer = client.post("/demo/login/", {"person": person})
            assert answer.status_code == 404
