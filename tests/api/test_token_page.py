"""People see, make, name and revoke their own tokens on a page; each is shown once."""

import re

import pytest
from django.test import Client

from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.api.models import ApiToken
from tenants.api.tokens import MOST_TOKENS, give_token
from tenants.audit.models import AuditRow
from tests.api.caller import Caller
from tests.people import a_member

PASSWORD = "seven green bottles"


@pytest.fixture
def ada(acme: Business) -> Member:
    member = a_member(acme, "Ada", Role.ADMIN)
    member.user.set_password(PASSWORD)
    member.user.save(update_fields=["password"])
    return member


@pytest.fixture
def browser_of_ada(ada: Member) -> Client:
    client = Client()
    client.force_login(ada.user)
    return client


def made(client: Client, **given: str) -> str:
    data = {"name": "Nightly export", "password": PASSWORD, **given}
    answer = client.post("/tokens/", data)
    assert answer.status_code == 200, answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    found = re.search(r"<code>(cs_[\w-]{20,})</code>", answer.content.decode())
    assert found is not None
    return found[1]


def test_a_token_is_shown_once_and_opens_what_its_maker_may_open(
    browser_of_ada: Client,
) -> None:
    token = made(browser_of_ada)

    page = browser_of_ada.get("/tokens/").content.decode()
    status, _ = Caller(token).get("/b/acme/api/v1/entries/")

    assert status == 200
    assert token not in page
    assert "Nightly export" in page and f"{token[:8]}…" in page


def test_a_token_that_may_only_read_changes_nothing(browser_of_ada: Client) -> None:
    token = made(browser_of_ada, reads_only="on")

    assert Caller(token).get("/api/tokens/")[0] == 200
    status, said = Caller(token).delete("/api/tokens/all/")

    assert (status, said["detail"]) == (403, "This token may only read.")
    assert ApiToken.objects.get().revoked_at is None


def test_a_wrong_password_makes_none(browser_of_ada: Client) -> None:
    answer = browser_of_ada.post("/tokens/", {"name": "Mine", "password": "wrong"})

    assert answer.status_code == 422
    assert "This is not your password." in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_a_token_needs_a_name(browser_of_ada: Client) -> None:
    answer = browser_of_ada.post("/tokens/", {"name": " ", "password": PASSWORD})

    assert answer.status_code == 422
    assert "Say what it is for." in answer.content.decode()


def test_a_revoked_token_opens_nothing_and_is_not_listed(
    browser_of_ada: Client,
) -> None:
    token = made(browser_of_ada)

    browser_of_ada.post(f"/tokens/{ApiToken.objects.get().pk}/revoke/")

    assert Caller(token).get("/b/acme/api/v1/entries/")[0] == 401
    assert "You have no token." in browser_of_ada.get("/tokens/").content.decode()


def test_another_persons_token_does_not_exist(
    browser_of_ada: Client, charlie: Member
) -> None:
    token, row = give_token(user=charlie.user, name="Charlie's")

    answer = browser_of_ada.post(f"/tokens/{row.pk}/revoke/")

    assert answer.status_code == 404
    assert "Charlie's" not in browser_of_ada.get("/tokens/").content.decode()
    assert Caller(token).get("/api/tokens/")[0] == 200


def test_nobody_has_tokens_without_end(ada: Member, browser_of_ada: Client) -> None:
    for _ in range(MOST_TOKENS):
        give_token(user=ada.user)

    answer = browser_of_ada.post("/tokens/", {"name": "More", "password": PASSWORD})

    assert answer.status_code == 422
    assert ApiToken.objects.count() == MOST_TOKENS


def test_making_and_revoking_are_in_the_trail_with_the_name(
    browser_of_ada: Client,
) -> None:
    made(browser_of_ada)
    browser_of_ada.post(f"/tokens/{ApiToken.objects.get().pk}/revoke/")

    rows = AuditRow.objects.filter(action__startswith="api.token.").order_by("pk")
    assert [row.action for row in rows] == ["api.token.given", "api.token.revoked"]
    assert all(row.object_name.startswith("Nightly export (cs_") for row in rows)


def test_who_has_no_password_is_not_asked_for_one(acme: Business) -> None:
    client = Client()
    client.force_login(a_member(acme, "Petra Passkey", Role.REP).user)

    answer = client.post("/tokens/", {"name": "Mine"})

    assert answer.status_code == 200
    assert ApiToken.objects.count() == 1


def test_a_stranger_is_asked_to_log_in(acme: Business) -> None:
    for answer in (Client().get("/tokens/"), Client().post("/tokens/1/revoke/")):
        assert answer.status_code == 302
        assert "/login/" in answer["Location"]
