"""Databases for tests: one template with two businesses, and a copy for whoever asks.

The template's name carries a fingerprint of every migration, so that it is built once for
each state of the code, however many processes test at the same time.
"""

import contextlib
import hashlib
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg import sql

if TYPE_CHECKING:
    from tenants.accounts.models import Business

PROJECT = Path(__file__).resolve().parent.parent
BUILDING = 20261124  # the advisory lock of whoever builds a template
KEPT_TEMPLATES = 4
BUSINESSES = {"acme": ("northwind", "Northwind"), "globex": ("contoso", "Contoso")}
SPARE = "b9001"  # a schema that no business has: making one takes a second

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Copy:
    """A private database: its name, and its address for other processes."""

    name: str
    url: str


@contextlib.contextmanager
def copied(template: str) -> Iterator[Copy]:
    """Make a copy of the template, point Django at it, and drop it in the end."""
    name = f"t_{os.getpid()}_{next(_numbers)}"
    before = connection.settings_dict["NAME"]
    with administration() as admin:
        execute(
            admin, "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template
        )
    point_at(name)
    try:
        yield Copy(name, url_of(name))
    finally:
        point_at(before)
        with administration() as admin:
            execute(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def template() -> str:
    """Return the name of the template with Acme and Globex."""
    return template_of("two", fingerprint(), fill)


@cache
def template_of(kind: str, fingerprint: str, fill: Callable[[], None]) -> str:
    """Return a template's name, having built it where nobody has."""
    name = f"tpl_{kind}_{fingerprint}"
    with administration() as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [BUILDING])
        if not exists(admin, name):
            drop_leftovers(admin, kind)
            build(admin, name, fill)
    return name


def build(admin: psycopg.Connection, name: str, fill: Callable[[], None]) -> None:
    """Fill under another name and rename: a half-built template is never used."""
    unfinished = f"{name}_new"
    execute(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", unfinished)
    execute(admin, "CREATE DATABASE {} TEMPLATE template0", unfinished)
    before = connection.settings_dict["NAME"]
    point_at(unfinished)
    try:
        fill()
    finally:
        point_at(before)
    execute(admin, "ALTER DATABASE {} RENAME TO {}", unfinished, name)


def fill() -> None:
    """Make the tables, two businesses of two groups, and a schema to spare."""
    from tenants.accounts.cloning import clone_now, make_template
    from tenants.accounts.models import Business, Group

    call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
    make_template()
    for number, (slug, (group_slug, group_name)) in enumerate(BUSINESSES.items(), 1):
        business = Business.objects.create(
            group=Group.objects.create(slug=group_slug, name=group_name),
            schema_name=f"b{number}",
            slug=slug,
            name=slug.title(),
        )
        clone_now(business)
    spare = Business.objects.create(
        group=business.group, schema_name=SPARE, slug="spare", name="Spare"
    )
    clone_now(spare)
    Business.objects.filter(pk=spare.pk).delete()


def another_business(beside: "Business", **values: str) -> "Business":
    """Give a group one more business, in the schema to spare."""
    from tenants.accounts.models import Business
    from tenants.schema import in_public

    with in_public():
        made: Business = Business.objects.create(
            group=beside.group,
            schema_name=SPARE,
            state=Business.State.READY,
            **values,
        )
    return made


@contextlib.contextmanager
def disk_full(business: "Business", table: str, when: str = "true") -> Iterator[None]:
    """Let the database fail at new rows of a table, where `when` holds for them."""
    name = f"{business.schema_name}.dies"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN RAISE EXCEPTION 'disk full'; END$$;"
            f"CREATE TRIGGER dies BEFORE INSERT ON {business.schema_name}.{table}"
            f" FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DROP FUNCTION {name}() CASCADE")


def fingerprint() -> str:
    """Change whenever a migration, a cloning rule or this file does."""
    digest = hashlib.sha256()
    files = [*PROJECT.glob("*/*/migrations/*"), Path(__file__)]
    files += [*PROJECT.glob("tenants/accounts/cloning.py")]
    for file in sorted(file for file in files if file.is_file()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def drop_leftovers(admin: psycopg.Connection, kind: str) -> None:
    """Drop old templates, and copies of test runs that were killed."""
    rows = admin.execute("SELECT datname FROM pg_database ORDER BY oid").fetchall()
    names = [name for (name,) in rows]
    old = [name for name in names if name.startswith(f"tpl_{kind}_")][:-KEPT_TEMPLATES]
    dead = [
        name
        for name in names
        if name.startswith("t_") and not Path(f"/proc/{name.split('_')[1]}").exists()
    ]
    for name in old + (dead if Path("/proc/self").exists() else []):
        with contextlib.suppress(psycopg.Error):
            execute(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@contextlib.contextmanager
def administration() -> Iterator[psycopg.Connection]:
    """Connect where no test does, since a database in use cannot be copied."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        yield admin


def execute(admin: psycopg.Connection, statement: str, *names: str) -> None:
    filled = sql.SQL(statement).format(*map(sql.Identifier, names))
    admin.execute(filled)


def exists(admin: psycopg.Connection, name: str) -> bool:
    found = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    return found.fetchone() is not None


def point_at(name: str) -> None:
    """Let this process's connections, also those of later threads, go to `name`."""
    connection.close()
    connection.settings_dict["NAME"] = name
    connection.set_schema_to_public()  # type: ignore[attr-defined]
    from tenants.accounts import versions

    versions.forget()


def url_of(name: str) -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
