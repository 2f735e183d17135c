"""Passwords of the demo's people: made at the first start, kept beside the data."""

import json
import os
import secrets
from pathlib import Path

from django.conf import settings

from commissions_saas.demo.story.people import LOGINS, NEWCOMER


def passwords_file() -> Path:
    """Return where the passwords are, readable by nobody else."""
    return Path(settings.DEMO_FOLDER) / "passwords.json"


def made_passwords() -> dict[str, str]:
    """Return a password for each person whom the log-in page offers."""
    file = passwords_file()
    if not file.exists():
        offered = [login for login in (*LOGINS, NEWCOMER) if login.sentence]
        made = {login.key: secrets.token_urlsafe(9) for login in offered}
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as writing:
            json.dump(made, writing, indent=1)
    found: dict[str, str] = json.loads(file.read_text())
    return found
