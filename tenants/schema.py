"""Which business's schema is in force, and the guards that keep rows at home."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from django.db import connection as _connection
from django.db import models, transaction
from django_tenants.utils import (
    get_public_schema_name,
    schema_context,
    tenant_context,
)

from commissions_saas.lib.errors import ProductError

if TYPE_CHECKING:
    from tenants.accounts.models import Business


# The library's connection knows its schema and business; Django's type does not.
connection: Any = _connection


class NoBusiness(ProductError):
    """Something that needs a business ran without one."""


class WrongBusiness(ProductError):
    """A row of one business was about to be used in another."""


def current_schema() -> str:
    """Return the schema name in force: `public`, or that of a business."""
    return str(connection.schema_name)


def require_business() -> str:
    """Return the business schema in force; refuse `public`."""
    schema = current_schema()
    if schema == get_public_schema_name():
        raise NoBusiness("This works inside a business, and none was entered.")
    return schema


@contextmanager
def in_business(business: "Business") -> Iterator[None]:
    """Enter a business's schema; leave it for the one before in every case.

    The library's own `with tenant:` keeps its stack on the class, where two threads
    swap it; this one is safe under threads.
    """
    with tenant_context(business):
        yield


def current_business() -> "Business":
    """Return the business that was entered; refuse where none was."""
    require_business()
    business: Business = connection.tenant
    if not hasattr(business, "group_id"):
        raise NoBusiness("A schema was entered without naming its business.")
    return business


@contextmanager
def in_public() -> Iterator[None]:
    """Enter the public schema; leave it for the one before in every case."""
    with schema_context(get_public_schema_name()):
        yield


def on_commit(do: Callable[[], object]) -> None:
    """Run `do` after commit, in the schema that registers it now.

    Django's own hook runs in whatever schema is in force at commit time.
    """
    tenant = connection.tenant

    def run() -> None:
        with tenant_context(tenant):
            do()

    transaction.on_commit(run)


class BusinessModel(models.Model):
    """A row of one business's schema, which no other business can save."""

    _schema: str | None = None

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._stay_home()
        super().save(*args, **kwargs)
        self._schema = current_schema()

    @classmethod
    def from_db(cls, db: Any, field_names: Any, values: Any, **more: Any) -> Self:
        row = super().from_db(db, field_names, values, **more)
        row._schema = current_schema()
        return row

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self._stay_home()
        return super().delete(*args, **kwargs)

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        self._stay_home()
        super().refresh_from_db(*args, **kwargs)

    def _stay_home(self) -> None:
        schema = require_business()
        if self._schema is not None and self._schema != schema:
            raise WrongBusiness(
                f"A {self._meta.verbose_name} of {self._schema} cannot be used "
                f"in {schema}."
            )


class Dated(BusinessModel):
    """A fact that is dated twice: by business date and by change number.

    `starts_on` to `ends_on` (included; empty = open end) is when it holds in the
    business. `opened` and `closed` are the change numbers between which we knew it:
    as of change n, a fact holds where opened <= n and (closed is empty or n < closed).
    A row is never edited: it is closed once and another is opened.
    """

    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    opened = models.BigIntegerField()
    closed = models.BigIntegerField(null=True, blank=True)

    class Meta:
        abstract = True
