#!/usr/bin/env python
"""Django's entry point."""

import base64
import os
import secrets
import sys

# These ask no database, so they run where nothing is set up yet.
STANDALONE = frozenset(["plan_check", "formula_check"])


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commissions_saas.settings")
    if sys.argv[1:2] and sys.argv[1] in STANDALONE:
        settle_nowhere()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def settle_nowhere() -> None:
    """Fill in the settings that nobody made, with keys that nothing keeps."""
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(64))
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    os.environ.setdefault("ENCRYPTION_KEYS", key)
    os.environ.setdefault("DATABASE_URL", "postgresql://nobody@localhost/none")
    os.environ.setdefault("REDIS_URL", "redis://localhost/0")


if __name__ == "__main__":
    main()
