"""A session ends after seven days however busy, and is kept alive while it is used."""

import time

import pytest
from django.test import Client

from tenants.accounts.models import User

DAY = 24 * 3600


@pytest.fixture
def busy(client: Client, db: None) -> Client:
    """A browser that is logged in and has been used."""
    client.force_login(User.objects.create_user(email="nina@acme.example"))
    client.get("/healthz")
    return client


def change(client: Client, **values: int) -> None:
    session = client.session
    session.update(values)
    session.save()


def is_logged_in(client: Client) -> bool:
    client.get("/healthz")
    return "_auth_user_id" in client.session


def test_a_busy_session_lives_for_six_days(busy: Client) -> None:
    change(busy, begun=int(time.time()) - 6 * DAY)

    assert is_logged_in(busy)


def test_a_busy_session_ends_after_seven_days(busy: Client) -> None:
    change(busy, begun=int(time.time()) - 7 * DAY - 1)

    assert not is_logged_in(busy)


def test_use_puts_off_the_end_but_not_with_every_request(busy: Client) -> None:
    now = int(time.time())
    change(busy, seen=now - 5)
    busy.get("/healthz")
    assert busy.session["seen"] == now - 5

    change(busy, seen=now - 3600)
    response = busy.get("/healthz")

    assert busy.session["seen"] >= now
    assert response.cookies["sessionid"]["max-age"] == 12 * 3600
