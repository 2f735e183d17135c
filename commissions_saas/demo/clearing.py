"""A load that was cut off is thrown away, so that the next one begins with nothing."""

from django.conf import settings
from django.db import connection, transaction
from psycopg import sql

from commissions_saas.demo.story.people import GROUPS
from commissions_saas.lib.errors import ProductError
from tenants.accounts.models import Business, DemoPerson, Group
from tenants.schema import in_public

# What every database of ours has before anybody uses it.
KEPT = ("django_migrations", "django_content_type", "accounts_business")


def is_loaded() -> bool:
    """Say whether a load has come to its end: people are let in last."""
    return DemoPerson.objects.exists()


def clear_what_was_cut_off() -> bool:
    """Drop what a killed load has left behind; refuse to touch anybody else's data."""
    if is_loaded() or not Group.objects.exists():
        return False
    others = Group.objects.exclude(slug__in=GROUPS).values_list("slug", flat=True)
    if not settings.DEMO or others:
        raise ProductError(
            "This database holds more than a half-loaded demo.",
            hint="The demo needs a database of its own: python3 run.py reset",
        )
    with in_public(), transaction.atomic(), connection.cursor() as cursor:
        ours = Business.objects.exclude(state=Business.State.TEMPLATE)
        for name in ours.values_list("schema_name", flat=True):
            schema = sql.Identifier(name)
            cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(schema))
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename <> ALL(%s)",
            [list(KEPT)],
        )
        tables = [sql.Identifier("public", row[0]) for row in cursor.fetchall()]
        # The businesses' table names its groups, so it cannot stay while they go.
        cursor.execute(
            "CREATE TEMPORARY TABLE kept ON COMMIT DROP AS"
            " SELECT * FROM accounts_business WHERE state = 'template'"
        )
        # The trail is kept from everybody else; what a cut-off load wrote is no trail.
        cursor.execute("ALTER TABLE audit_auditrow DISABLE TRIGGER USER")
        cursor.execute(
            sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(
                sql.SQL(", ").join(
                    [*tables, sql.Identifier("public", "accounts_business")]
                )
            )
        )
        cursor.execute("ALTER TABLE audit_auditrow ENABLE TRIGGER USER")
        cursor.execute("INSERT INTO accounts_business TABLE kept")
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('accounts_business', 'id'), max(id))"
            " FROM accounts_business"
        )
    return True
