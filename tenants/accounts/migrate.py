"""Which schemas `migrate_schemas` visits: those that exist."""

from typing import Any

from django_tenants.migration_executors import get_executor
from django_tenants.utils import schema_exists


def executor(codename: str | None = None) -> Any:
    """Return the library's executor, made to pass over businesses without a schema.

    A business whose clone has not been made yet has a row and no schema; migrating it
    would stop the others.
    """

    class OfSchemasThatExist(get_executor(codename)):  # type: ignore[misc]
        def run_migrations(self, tenants: Any = None) -> None:
            found = [
                schema
                for schema in tenants or []
                if schema == self.PUBLIC_SCHEMA_NAME or schema_exists(schema)
            ]
            super().run_migrations(tenants=found)

    return OfSchemasThatExist
