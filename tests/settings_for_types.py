"""Lets the type checker read the settings where no service runs."""

import os

os.environ.setdefault("DATABASE_URL", "postgresql://nobody@localhost/none")
os.environ.setdefault("REDIS_URL", "redis://localhost/0")
os.environ.setdefault("SECRET_KEY", "only-for-types-" * 4)

from commissions_saas.settings import *  # noqa: F403
