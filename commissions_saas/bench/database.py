"""The benchmark's own database: made on the embedded server, dropped in the end."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql


@contextmanager
def own_database() -> Iterator[str]:
    """Make an empty database, point the settings at it, and drop it afterwards."""
    server = os.environ["DATABASE_URL"]
    name = f"bench_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as admin:
        _execute(admin, "CREATE DATABASE {} TEMPLATE template0", name)
    os.environ["DATABASE_URL"] = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    try:
        yield name
    finally:
        from django.db import connections

        connections.close_all()
        os.environ["DATABASE_URL"] = server
        with psycopg.connect(server, autocommit=True) as admin:
            _execute(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def make_tables() -> None:
    """Migrate, and make the template that businesses are cloned from."""
    from django.core.management import call_command

    from tenants.accounts.cloning import make_template

    call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
    make_template()


def _execute(admin: psycopg.Connection, statement: str, name: str) -> None:
    admin.execute(sql.SQL(statement).format(sql.Identifier(name)))
