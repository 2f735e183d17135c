"""A program says who it is once, and is that person until the token ends."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tenants.access import Member
from tenants.accounts.models import Business, Role, User
from tenants.api.models import ApiToken
from tenants.api.tokens import give_token
from tenants.jobs.lease import database_now
from tests.api.caller import Caller, caller
from tests.people import a_member

PASSWORD = "seven green bottles"


@pytest.fixture
def ada(acme: Business) -> Member:
    member = a_member(acme, "Ada", Role.ADMIN)
    member.user.set_password(PASSWORD)
    member.user.save(update_fields=["password"])
    return member


def log_in(data: Any, **more: Any) -> Any:
    body = data if isinstance(data, str) else json.dumps(data)
    return Client().post(
        "/api/authenticate", body, content_type="application/json", **more
    )


def test_an_email_and_a_password_give_a_token_that_opens_the_business(
    ada: Member, acme: Business
) -> None:
    answer = log_in({"email": "ada@acme.example", "password": PASSWORD})

    assert answer.status_code == 200
    said = answer.json()
    assert said["groups"][0]["businesses"][0]["slug"] == "acme"
    for scheme in ("Bearer", "Token", "bearer"):
        status, found = Caller(said["token"], scheme).get("/b/acme/api/v1/entries/")
        assert (status, found["entries"]) == (200, [])


@pytest.mark.parametrize(
    ("data", "status", "says"),
    [
        ({"email": "ada@acme.example", "password": "wrong"}, 401, "is not right"),
        ({"email": "nobody@acme.example", "password": "wrong"}, 401, "is not right"),
        ({"email": "ada@acme.example"}, 400, "Send your e-mail and password."),
        ({"email": 7, "password": "x"}, 400, "email is a text."),
        ({"email": "a@b.c", "password": "x", "admin": True}, 400, "not known here"),
        ("[]", 400, "The body is not an object."),
        ("{", 400, "It is not JSON."),
        ('{"email": "a", "email": "b"}', 400, "A name is there twice."),
        ('{"email": NaN}', 400, "NaN is not a number."),
        ("[" * 5000 + "]" * 5000, 400, "cannot be read"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(
    ada: Member, data: Any, status: int, says: str
) -> None:
    answer = log_in(data)

    assert answer.status_code == status
    assert says in answer.json()["detail"]
    assert ApiToken.objects.count() == 0


def test_the_eleventh_wrong_password_has_to_wait(ada: Member) -> None:
    wrong = {"email": "ada@acme.example", "password": "wrong"}

    statuses = [log_in(wrong).status_code for _ in range(11)]

    assert statuses == [401] * 10 + [429]
    assert log_in({**wrong, "password": PASSWORD}).status_code == 429


def test_the_token_itself_is_kept_nowhere(ada: Member) -> None:
    token = log_in({"email": "ada@acme.example", "password": PASSWORD}).json()["token"]

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM public.api_apitoken t")
        stored = "".join(row[0] for row in cursor.fetchall())
        cursor.execute("SELECT row_to_json(t)::text FROM public.audit_auditrow t")
        stored += "".join(row[0] for row in cursor.fetchall())

    assert stored
    assert token not in stored
    assert token[8:] not in stored


def test_a_token_ends_when_it_expires_is_revoked_or_its_user_is_shut_out(
    ada: Member,
) -> None:
    def still_works(given: str) -> bool:
        return Caller(given).get("/api/tokens/")[0] == 200

    expired, row = give_token(user=ada.user)
    ApiToken.objects.filter(pk=row.pk).update(
        expires_at=database_now() - timedelta(seconds=1)
    )
    revoked, _ = give_token(user=ada.user)
    assert still_works(revoked)
    assert Caller(revoked).delete("/api/tokens/this/") == (200, {"revoked": 1})
    of_the_old_password, _ = give_token(user=ada.user)
    ada.user.set_password("another password")
    ada.user.save(update_fields=["password"])
    of_who_has_left, _ = give_token(user=ada.user)
    assert still_works(of_who_has_left)
    User.objects.filter(pk=ada.user.pk).update(is_active=False)

    for token in (expired, revoked, of_the_old_password, of_who_has_left, "cs_", ""):
        status, said = Caller(token).get("/b/acme/api/v1/entries/")
        assert status == 401
        assert said["detail"] == "This token is not valid."


def test_nobody_revokes_the_token_of_somebody_else(
    ada: Member, charlie: Member
) -> None:
    _, row = give_token(user=ada.user)

    assert caller(charlie).delete(f"/api/tokens/{row.pk}/")[0] == 404
    assert caller(charlie).delete("/api/tokens/all/")[0] == 200

    row.refresh_from_db()
    assert row.revoked_at is None


def test_without_a_token_a_program_is_told_where_to_get_one(acme: Business) -> None:
    for url in ("/b/acme/api/v1/entries/", "/b/none/api/v1/entries/", "/api/tokens/"):
        answer = Client().get(url)

        assert answer.status_code == 401
        assert "/api/authenticate" in answer.json()["hint"]
        assert answer["WWW-Authenticate"] == "Bearer"


def test_a_stranger_finds_the_same_nothing_as_where_nothing_is(
    acme: Business, globex: Business, charlie: Member
) -> None:
    program = caller(charlie)

    found = [
        program.get(url)
        for url in (
            "/b/acme/api/v1/entries/",
            "/b/acme/api/v1/no-such/",
            "/b/no-such/api/v1/entries/",
            "/b/globex/api/v1/entries/999/",
            "/g/northwind/api/v1/connections/",
            "/g/no-such/api/v1/connections/",
            "/b/acme/api/v1/jobs/00000000-0000-0000-0000-000000000000/",
        )
    ]

    assert found == [
        (404, {"status": 404, "detail": "There is nothing here.", "hint": ""})
    ] * len(found)


def test_a_token_does_not_open_pages(ada: Member, acme: Business) -> None:
    token, _ = give_token(user=ada.user)

    answer = Client().get(
        "/b/acme/connections/", headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.status_code == 302


def test_a_session_writes_only_with_the_proof_against_forgery(
    ada: Member, acme: Business
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada.user)

    assert client.get("/api/tokens/").status_code == 200
    answer = client.delete("/api/tokens/all/")

    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]


def test_more_than_ten_megabytes_are_not_read(ada: Member) -> None:
    answer = log_in('{"email": "' + "a" * 10_500_000 + '"}')

    assert answer.status_code == 413


def test_who_has_a_second_factor_sends_its_code_too(ada: Member) -> None:
    from allauth.mfa.totp.internal import auth

    secret = auth.generate_totp_secret()
    auth.TOTP.activate(ada.user, secret)
    data = {"email": "ada@acme.example", "password": PASSWORD}
    _, counter, _ = auth.yield_hotp_counters_from_time()
    code = auth.format_hotp_value(auth.hotp_value(secret, counter))

    assert log_in(data).status_code == 401
    assert log_in({**data, "code": "000000"}).status_code == 401
    assert log_in({**data, "code": code}).status_code == 200


def test_a_code_of_a_clock_that_is_half_a_minute_off_counts(ada: Member) -> None:
    from allauth.mfa.totp.internal import auth

    secret = auth.generate_totp_secret()
    auth.TOTP.activate(ada.user, secret)
    data = {"email": "ada@acme.example", "password": PASSWORD}
    _, counter, after = auth.yield_hotp_counters_from_time()
    older = auth.format_hotp_value(auth.hotp_value(secret, counter - 3))
    ahead = auth.format_hotp_value(auth.hotp_value(secret, after))

    assert log_in({**data, "code": older}).status_code == 401
    assert log_in({**data, "code": ahead}).status_code == 200


def test_wrong_codes_have_to_wait_and_then_a_right_one_does_too(ada: Member) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal import auth

    secret = auth.generate_totp_secret()
    auth.TOTP.activate(ada.user, secret)
    spare = RecoveryCodes.activate(ada.user).get_unused_codes()[0]
    data = {"email": "ada@acme.example", "password": PASSWORD}
    _, counter, _ = auth.yield_hotp_counters_from_time()
    right = auth.format_hotp_value(auth.hotp_value(secret, counter))

    said = [log_in({**data, "code": f"{n:06}"}) for n in range(11)]

    assert [one.status_code for one in said] == [401] * 10 + [429]
    assert said[-1].json()["detail"] == "Too many wrong codes."
    assert [log_in({**data, "code": c}).status_code for c in (right, spare)] == [
        *(429, 429)
    ]
    assert ApiToken.objects.count() == 0
