"""A new business's schema: a clone of the template's, made one at a time."""

from django.core.management import call_command
from django.db import connection, transaction
from django_tenants.clone import CloneSchema
from django_tenants.utils import schema_exists
from psycopg import sql

from tenants.accounts import errors, versions
from tenants.accounts.models import Business
from tenants.schema import in_public

TEMPLATE = "template"
# No slug that a person can ask for begins with a hyphen, and the state is not routed.
TEMPLATE_SLUG = "-template"
MISNAMED = """
SELECT made.relname, copied.conname, own.conname
FROM pg_constraint own
JOIN pg_class model ON model.oid = own.conrelid
JOIN pg_class made ON made.relname = model.relname
    AND made.relnamespace = %(clone)s::regnamespace
JOIN pg_constraint copied ON copied.conrelid = made.oid
    AND copied.contype = own.contype
    AND pg_get_constraintdef(copied.oid) = pg_get_constraintdef(own.oid)
WHERE own.connamespace = %(template)s::regnamespace
    AND own.contype IN ('p', 'u', 'x') AND copied.conname <> own.conname
"""


def make_template(*, verbosity: int = 0) -> Business:
    """Make the schema that new businesses are cloned from, or bring it up to date."""
    with in_public():
        template: Business
        template, _ = Business.objects.get_or_create(
            schema_name=TEMPLATE,
            defaults={
                "slug": TEMPLATE_SLUG,
                "name": "Template of new businesses",
                "state": Business.State.TEMPLATE,
            },
        )
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {TEMPLATE}")
        if versions.is_current(TEMPLATE):
            return template
        call_command(
            "migrate_schemas",
            schema_name=TEMPLATE,
            interactive=False,
            verbosity=verbosity,
        )
    return template


def clone_now(business: Business) -> None:
    """Clone the template for a business and make it routable, all or nothing.

    The clone and the row's new state commit together, so a process that is killed
    half-way leaves a business that is not routed, and the job runs again.
    """
    with in_public(), transaction.atomic():
        _wait_for_other_clones()
        row = Business.objects.select_for_update().get(pk=business.pk)
        if row.state == Business.State.MAKING:
            versions.forget()
            if not schema_exists(TEMPLATE) or not versions.is_current(TEMPLATE):
                raise errors.TemplateBehind
            _drop_left_over(row.schema_name)
            CloneSchema().clone_schema(TEMPLATE, row.schema_name, "DATA")
            _give_constraints_their_names(row.schema_name)
            waiting = Business.objects.filter(pk=row.pk, state=Business.State.MAKING)
            waiting.update(state=Business.State.READY)
    business.refresh_from_db(fields=["state"])


def _give_constraints_their_names(schema: str) -> None:
    """Rename unique constraints as the template has them.

    PostgreSQL invents names where a table is copied; a later migration looks for ours.
    """
    with connection.cursor() as cursor:
        cursor.execute(MISNAMED, {"template": TEMPLATE, "clone": schema})
        for table, invented, ours in cursor.fetchall():
            names = [sql.Identifier(name) for name in (schema, table, invented, ours)]
            cursor.execute(
                sql.SQL("ALTER TABLE {}.{} RENAME CONSTRAINT {} TO {}").format(*names)
            )


def _wait_for_other_clones() -> None:
    # Replacing the library's function twice at once fails with "tuple concurrently
    # updated", and two clones at once are no faster than one after the other.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('clone a business'), 0)")


def _drop_left_over(schema: str) -> None:
    """Remove a schema whose business was never ready: a restore can leave one."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema))
        )
