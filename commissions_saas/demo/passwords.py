"""The password of the demo's people: made at the first start, kept beside the data."""

import os
import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password

from tenants.accounts.models import User


def password_file() -> Path:
    """Return where the password is; nobody else can read it."""
    return Path(settings.DEMO_FOLDER) / "password"


def give_password(*users: User) -> None:
    """Let these people log in the ordinary way too, with one password for all.

    It is hashed once: a good hash is slow on purpose.
    """
    hashed = make_password(_made_once())
    User.objects.filter(pk__in=[user.pk for user in users]).update(password=hashed)


def _made_once() -> str:
    file = password_file()
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as writing:
            writing.write(secrets.token_urlsafe(9) + "\n")
    return file.read_text().strip()
