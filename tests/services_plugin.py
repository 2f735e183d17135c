"""Gives pytest its services and settings before Django reads them.

Loaded with `-p`, so that a plain `pytest tests/…` works too. Runs share one PostgreSQL and
one Valkey without fsync; whoever is last to leave stops them.
"""

import base64
import fcntl
import gc
import os
from pathlib import Path
from typing import IO

import pytest

from commissions_saas.demo.services import Services

PROJECT = Path(__file__).resolve().parent.parent
REDIS_DATABASES = 64
USERS = PROJECT / ".data" / "test-users.lock"

services: Services | None = None
in_use: IO[str] | None = None
redis_taken: IO[str] | None = None

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
        take_redis_database()
        return
    services = Services(PROJECT, "test", PROJECT / ".venv", durable=False)
    in_use = USERS.open("w")
    fcntl.flock(in_use, fcntl.LOCK_SH)
    services.up()
    os.environ.update(services.environ())
    take_redis_database()


def take_redis_database() -> None:
    """Take a number that no other test process has, so that caches do not mix."""
    global redis_taken
    folder = PROJECT / ".data" / "test-redis"
    folder.mkdir(exist_ok=True)
    for number in range(1, REDIS_DATABASES):
        redis_taken = (folder / str(number)).open("w")
        try:
            fcntl.flock(redis_taken, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            redis_taken.close()
            continue
        address = os.environ["REDIS_URL"].partition("?")[0]
        if address.startswith("unix:"):
            os.environ["REDIS_URL"] = f"{address}?db={number}"
        else:
            host = "/".join(address.split("/")[:3])
            os.environ["REDIS_URL"] = f"{host}/{number}"
        return
    raise RuntimeError("Too many test processes run at once.")


def pytest_collection_finish() -> None:
    """Look for garbage again, but never more among the tests and the product's code.

    What is loaded now stays to the end: looking through it again and again took a third
    of the time in which the tests were found, and a part of each test's.
    """
    gc.freeze()
    gc.enable()


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


gc.disable()
start()
