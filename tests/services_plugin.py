"""Gives pytest its services and settings before Django reads them.

Loaded with `-p`, so that a plain `pytest tests/…` works too. Runs share one PostgreSQL and
one Valkey without fsync; whoever is last to leave stops them.
"""

import base64
import fcntl
import os
from pathlib import Path
from typing import IO

import pytest

from commissions_saas.demo.services import Services

PROJECT = Path(__file__).resolve().parent.parent
USERS = PROJECT / ".data" / "test-users.lock"

services: Services | None = None
in_use: IO[str] | None = None

SETTINGS = {
    "SECRET_KEY": "only-for-tests-only-for-tests-only-for-tests-only-for-tests",
    "ENCRYPTION_KEYS": base64.b64encode(b"only for tests, thirty-two bytes").decode(),
    "SITE_URL": "http://localhost:8000",
    "ALLOWED_HOSTS": "localhost,testserver",
    "STATIC_FROM_SOURCE": "yes",
    "LOG_FORMAT": "text",
    "LOG_LEVEL": "WARNING",
    "DEMO": "no",
    "DEBUG": "no",
    "DATABASE_POOL": "0",
    "CLOCK_ANCHOR": "",
    "TRUSTED_PROXIES": "0",
}


def start() -> None:
    """Set what the settings need; start the services where we are the first process."""
    global services, in_use
    os.environ.update(SETTINGS)
    # Playwright's event loop runs in the test's thread; our ORM calls do not block it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    services = Services(PROJECT, "test", PROJECT / ".venv", durable=False)
    in_use = USERS.open("w")
    fcntl.flock(in_use, fcntl.LOCK_SH)
    services.up()
    os.environ.update(services.environ())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the services if no other run uses them."""
    if services is None or in_use is None:
        return
    try:
        fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    services.down()
    in_use.close()


start()
