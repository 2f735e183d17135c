"""The embedded services start from nothing, survive a kill, and let nobody else in."""

import os
import shutil
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from commissions_saas.demo import processes
from commissions_saas.demo.services import Services

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One for all tests here, since making a cluster takes a second."""
    folder = tmp_path_factory.mktemp("a folder with spaces")
    yield folder
    # Where root's account cannot come to the folder, the data lies elsewhere.
    services = Services(folder, "try", PROJECT / ".venv")
    for left in (services.home.parent, services.run_folder):
        if not left.is_relative_to(folder):
            shutil.rmtree(left, ignore_errors=True)


@pytest.fixture
def services(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Services of their own, stopped after each test."""
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")
    services = Services(folder, "try", PROJECT / ".venv")
    yield services
    services.down()


def ask(services: Services) -> str:
    with psycopg.connect(services.environ()["DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT current_setting('listen_addresses')"
        ).fetchone()
    assert row is not None
    assert redis.Redis.from_url(services.environ()["REDIS_URL"]).ping()
    return str(row[0])


def test_they_start_from_nothing_and_listen_on_no_network(services: Services) -> None:
    services.up()

    assert ask(services) == ""
    assert stat.S_IMODE(services.run_folder.stat().st_mode) == 0o700


def test_starting_twice_changes_nothing(services: Services) -> None:
    services.up()
    pid = processes.read_pid(services.postgres_data / "postmaster.pid")

    services.up()

    assert processes.read_pid(services.postgres_data / "postmaster.pid") == pid


def test_they_start_after_both_were_killed_and_keep_the_data(
    services: Services,
) -> None:
    services.up()
    with psycopg.connect(services.environ()["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept (word text)")
    for file in (
        services.postgres_data / "postmaster.pid",
        services.run_folder / "valkey.pid",
    ):
        processes.stop_process(processes.read_pid(file), signal.SIGKILL)

    services.up()

    assert ask(services) == ""
    with psycopg.connect(services.environ()["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_the_pid_file_of_another_program_is_no_server(services: Services) -> None:
    services.up()
    services.down()
    (services.postgres_data / "postmaster.pid").write_text(f"{os.getpid()}\n")

    services.up()

    assert ask(services) == ""


def test_stopping_twice_is_quiet(services: Services) -> None:
    services.up()

    services.down()
    services.down()

    assert not services.are_up()


def test_what_the_caller_brings_is_not_started(services: Services) -> None:
    services.up({"DATABASE_URL": "postgresql://x/y", "REDIS_URL": "redis://x"})

    assert not services.are_up()
    assert not services.valkey_socket.exists()


def test_text_is_ordered_by_code_point(services: Services) -> None:
    services.up()

    with psycopg.connect(services.environ()["DATABASE_URL"]) as connection:
        words = "SELECT array_agg(w ORDER BY w) FROM unnest(ARRAY['b','a','Z','ä']) w"
        assert connection.execute(words).fetchone() == (["Z", "a", "b", "ä"],)
