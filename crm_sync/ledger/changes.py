"""Change numbers: dense, ordered by commit, one row of `Change` for each."""

from datetime import datetime

from django.db import connection

from commissions_saas.lib import clock
from crm_sync.ledger.models import Change
from tenants.schema import require_business


def lock_changes() -> None:
    """Wait for the business's change lock and hold it to the end of the transaction."""
    schema = require_business()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s), 1)", [schema])


def latest_change() -> int:
    """Return the highest change number that is committed, or 0."""
    last = Change.objects.order_by("-number").values_list("number", flat=True).first()
    return last or 0


def next_change(
    *,
    kind: str,
    words: str,
    source: str = "",
    source_at: datetime | None = None,
    entry_id: int | None = None,
    payee_id: int | None = None,
    by_id: int | None = None,
) -> int:
    """Give the next number to a change, under the business's lock, and record it."""
    lock_changes()
    change = Change.objects.create(
        number=latest_change() + 1,
        at=clock.now(),
        kind=kind,
        words=words,
        source=source,
        source_at=source_at,
        entry_id=entry_id,
        payee_id=payee_id,
        by_id=by_id,
    )
    return change.number
