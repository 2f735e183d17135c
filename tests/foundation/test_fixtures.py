"""The databases of the tests keep tests, businesses and processes apart."""

import threading

import pytest
from django.db import connection

from tenants.access import Member as Anyone
from tenants.accounts.models import Business, Member, Role, User
from tenants.schema import current_schema
from tests.databases import Copy
from tests.kept import begins_with
from tests.people import a_member


def test_acme_is_entered_and_globex_is_not(acme: Business, globex: Business) -> None:
    assert current_schema() == acme.schema_name
    assert globex.schema_name != acme.schema_name


def test_globex_alone_is_entered(globex: Business) -> None:
    assert current_schema() == globex.schema_name


@pytest.mark.parametrize("time", [1, 2])
def test_what_a_test_writes_is_gone_after_it(
    acme: Business, alice: Member, time: int
) -> None:
    assert User.objects.get().email == "alice@acme.example"


kept_nina = begins_with("kept_nina", lambda acme: a_member(acme, "Nina", Role.REP))


@pytest.mark.parametrize("time", [1, 2])
def test_what_is_kept_comes_as_it_was_made(
    acme: Business, kept_nina: Anyone, time: int
) -> None:
    stored = User.objects.get(pk=kept_nina.user_id)
    assert kept_nina.user.name == stored.name == "Nina"

    kept_nina.user.name = "Another"
    User.objects.update(name="Another")


def test_what_is_kept_is_not_there_for_who_does_not_begin_so(acme: Business) -> None:
    assert not User.objects.exists()


def test_what_is_kept_is_made_again_in_a_fresh_database(
    fresh_db: Copy, kept_nina: Anyone
) -> None:
    assert User.objects.get() == kept_nina.user


def test_a_thread_sees_what_a_fresh_database_committed(fresh_db: Copy) -> None:
    User.objects.create_user(email="nina@acme.example")
    seen: list[int] = []

    def look() -> None:
        seen.append(User.objects.count())
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert seen == [1]


def test_a_fresh_database_leaves_nothing_behind(fresh_db: Copy) -> None:
    assert not User.objects.exists()
