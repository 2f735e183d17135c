"""Settings come from the environment, are all written down, and refuse nonsense."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from commissions_saas import checks, env

PROJECT = Path(__file__).resolve().parents[2]
ONLY_OF_COMPOSE = {"POSTGRES_PASSWORD"}
PRODUCTION = {
    "PATH": os.environ["PATH"],
    "SITE_URL": "https://commissions.example.com",
    "SECRET_KEY": "only-for-tests-Aa0-" * 4,
    "ENCRYPTION_KEYS": "b25seSBmb3IgdGVzdHMsIHRoaXJ0eS10d28gYnl0ZXM=",
    "DATABASE_URL": "postgresql://nobody@localhost/none",
    "REDIS_URL": "redis://localhost/0",
    "MAIL_URL": "smtp://user:password@mail.example.com",
}


def run(*command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run Python with a server's settings and the changes."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT,
        env={**PRODUCTION, **changes},
        capture_output=True,
        text=True,
    )


def test_the_example_names_every_setting_and_no_other() -> None:
    source = "".join(
        (PROJECT / "commissions_saas" / name).read_text()
        for name in ("settings.py", "gunicorn.py")
    )
    read = set(re.findall(r'\benv\.[a-z_]+\(\s*"([A-Z_]+)"', source))
    example = (PROJECT / ".env.example").read_text()
    written = set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))

    assert written - ONLY_OF_COMPOSE == read


def test_a_server_with_all_settings_is_checked_without_a_warning() -> None:
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"SECRET_KEY": "short"}, "at least 50 characters"),
        ({"SECRET_KEY": "change-me" * 9}, "still the one of .env.example"),
        ({"DEBUG": "yes"}, "it is refused on commissions.example.com"),
        ({"DEBUG": "maybe"}, "DEBUG is 'maybe'; write yes or no."),
        ({"SITE_URL": "http://commissions.example.com"}, "must be https://"),
        ({"SITE_URL": "commissions.example.com"}, "write https:// and a host"),
        ({"CLOCK_ANCHOR": "2026-11-24T16:42:00+00:00@1"}, "business time is real"),
        ({"DATABASE_URL": "mysql://localhost/x"}, "must look like postgresql://"),
        ({"REDIS_URL": "localhost"}, "must look like redis://"),
        ({"DATABASE_POOL": "-1"}, "a whole number from 0 to 100"),
        ({"ENCRYPTION_KEYS": "c2hvcnQ="}, "must be keys of 32 bytes in base64"),
    ],
)
def test_a_server_refuses_to_start_with(changes: dict[str, str], says: str) -> None:
    done = run("-c", "import commissions_saas.settings", **changes)

    assert done.returncode != 0
    assert says in done.stderr


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"IS_HTTPS": False}, "commissions.E001"),
        ({"DEMO": True}, "commissions.E002"),
        ({"ENCRYPTION_KEYS": []}, "commissions.E003"),
        ({"ALLOWED_HOSTS": ["*"]}, "commissions.E004"),
        ({"EMAIL_BACKEND": "django.core.mail.backends.console.X"}, "commissions.E005"),
    ],
)
def test_the_deployment_check_finds(changes: dict[str, Any], number: str) -> None:
    fine = {
        "IS_HTTPS": True,
        "DEMO": False,
        "ENCRYPTION_KEYS": [b"key"],
        "ALLOWED_HOSTS": ["commissions.example.com"],
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    }

    with override_settings(**fine):
        assert checks.check_deployment(None) == []
    with override_settings(**{**fine, **changes}):
        assert [found.id for found in checks.check_deployment(None)] == [number]


def test_a_database_may_be_reached_by_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", "postgresql://ann@/books?host=/run/pg")

    assert env.database("X") == {
        "NAME": "books",
        "USER": "ann",
        "PASSWORD": "",
        "HOST": "/run/pg",
        "PORT": "",
        "OPTIONS": {},
    }


def test_an_option_of_the_database_that_is_not_known_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("X", "postgresql://ann@db/books?sslmod=require")

    with pytest.raises(ImproperlyConfigured, match="sslmod"):
        env.database("X")


@pytest.mark.parametrize(
    ("address", "backend", "port"),
    [
        ("smtp://a:b@mail.example.com", "smtp", 587),
        ("smtps://a:b@mail.example.com", "smtp", 465),
        ("file:///tmp/mail", "filebased", None),
        ("console:", "console", None),
    ],
)
def test_mail_addresses_are_understood(
    monkeypatch: pytest.MonkeyPatch, address: str, backend: str, port: int | None
) -> None:
    monkeypatch.setenv("X", address)

    found = env.mail("X", "console:")

    assert found["EMAIL_BACKEND"].endswith(f"{backend}.EmailBackend")
    assert found.get("EMAIL_PORT") == port


@pytest.mark.parametrize("command", ["plan_check", "formula_check"])
def test_what_asks_no_database_runs_where_nothing_is_set_up(command: str) -> None:
    plan = PROJECT / "tests" / "plans" / "flat_percent.yaml"
    arguments = [str(plan)] if command == "plan_check" else []

    done = subprocess.run(
        [sys.executable, "manage.py", command, *arguments],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"]},
        input='[{"id": 1, "text": "1 + 1"}]',
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
