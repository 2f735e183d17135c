"""The product's way to keep passwords, with the least work that it can be told to do."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import override_settings


class Quick(Argon2PasswordHasher):
    """Of Argon2 as a server has it, a third of a second and 100 MB go to each look."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Keep passwords in the product's order of ways, its first one quick."""
    first, *others = settings.PASSWORD_HASHERS
    assert first == "django.contrib.auth.hashers.Argon2PasswordHasher"
    with override_settings(PASSWORD_HASHERS=["tests.passwords.Quick", *others]):
        yield
