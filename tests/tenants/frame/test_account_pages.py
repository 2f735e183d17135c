"""Signing in and keeping an account safe look like the rest, and obey the same rules."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from tenants.accounts.models import User
from tests.tenants.frame.test_rules import FORBIDDEN

PASSWORD = "a long sentence of hers"
FOR_VISITORS = ["account_login", "account_signup", "account_reset_password"]
FOR_USERS = [
    "account_email",
    "account_change_password",
    "account_logout",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_list_webauthn",
]


@pytest.fixture
def dana(db: None) -> User:
    return User.objects.create_user(
        email="dana@x.example", password=PASSWORD, name="Dana"
    )


def problems(html: str) -> list[str]:
    return [name for name, text in FORBIDDEN.items() if re.search(text, html)]


@pytest.mark.parametrize("name", FOR_VISITORS)
def test_a_visitors_page_is_in_our_frame(client: Client, db: None, name: str) -> None:
    answer = client.get(reverse(name))

    html = answer.content.decode()
    assert answer.status_code == 200
    assert '<main id="main"' in html
    assert html.count("<h1") == 1
    assert problems(html) == []


@pytest.mark.parametrize("name", FOR_USERS)
def test_a_users_page_is_in_our_frame(client: Client, dana: User, name: str) -> None:
    client.post(reverse("account_login"), {"login": dana.email, "password": PASSWORD})
    again = client.get(reverse("account_reauthenticate"))
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    answer = client.get(reverse(name))

    assert again.status_code == 200
    assert problems(again.content.decode()) == []
    html = answer.content.decode()
    assert answer.status_code == 200
    assert html.count("<h1") == 1
    assert "Sign out" in html
    assert problems(html) == []


def test_a_wrong_password_is_said_at_the_top_and_leads_to_nobody(
    client: Client, dana: User
) -> None:
    answer = client.post(
        reverse("account_login"), {"login": dana.email, "password": "wrong"}
    )

    html = answer.content.decode()
    assert "There is a problem" in html
    assert "<title>Error: " in html


def test_a_page_that_does_not_exist_says_so_in_our_frame(
    client: Client, db: None
) -> None:
    answer = client.get("/no/such/page/")

    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()


def test_nobody_is_offered_the_demo_where_there_is_none(
    client: Client, db: None
) -> None:
    html = client.get(reverse("account_login")).content.decode()

    assert "Look around the demo" not in html
