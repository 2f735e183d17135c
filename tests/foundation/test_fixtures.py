"""The databases of the tests keep tests, businesses and processes apart."""

import threading

import pytest
from django.db import connection

from tenants.accounts.models import Business, Member, User
from tenants.schema import current_schema
from tests.databases import Copy


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
