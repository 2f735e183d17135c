"""Whether a schema is as new as the code: a business that is behind is not served."""

from functools import cache

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

# A schema only goes forward while a process lives, so a "yes" is kept and a "no" is not.
_current: set[str] = set()


@cache
def migrations_of_the_code() -> frozenset[tuple[str, str]]:
    """Return the migrations that every business's schema must have."""
    labels = {apps.get_app_config(_label(app)).label for app in settings.TENANT_APPS}
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return frozenset(key for key in loader.disk_migrations if key[0] in labels)


def is_current(schema: str) -> bool:
    """Say whether the schema has every migration of the code."""
    if schema in _current:
        return True
    if migrations_of_the_code() <= _migrations_of(schema):
        _current.add(schema)
        return True
    return False


def forget() -> None:
    """Look again at every schema; for tests and after migrating."""
    _current.clear()


def _label(app: str) -> str:
    return next(config.label for config in apps.get_app_configs() if config.name == app)


def _migrations_of(schema: str) -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass(format('%%I.django_migrations', %s::text))", [schema]
        )
        if cursor.fetchone()[0] is None:
            return set()
        cursor.execute(
            sql.SQL("SELECT app, name FROM {}.django_migrations").format(
                sql.Identifier(schema)
            )
        )
        return set(cursor.fetchall())
