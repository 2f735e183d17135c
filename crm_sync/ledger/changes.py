"""Change numbers: dense, ordered by commit, one row of `Change` for each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from commissions_saas.lib import clock
from crm_sync.ledger.copying import copy_in, moment, text, whole
from crm_sync.ledger.models import Change
from tenants.jobs.services import enqueue
from tenants.schema import current_business, require_business


@dataclass(frozen=True, slots=True)
class ChangeDraft:
    """A change that is about to get its number."""

    kind: str
    words: str
    source: str = ""
    source_at: datetime | None = None
    entry_id: int | None = None
    payee_id: int | None = None
    by_id: int | None = None


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
    draft = ChangeDraft(kind, words, source, source_at, entry_id, payee_id, by_id)
    return next_changes([draft])[0]


def next_changes(drafts: Sequence[ChangeDraft]) -> list[int]:
    """Number several changes in their order, and ask once for what must catch up."""
    lock_changes()
    first = latest_change() + 1
    copy_in("ledger_change", _COLUMNS, _lines(drafts, first, clock.now().isoformat()))
    if drafts:
        # A lower room never knows a higher one: whoever calculates handles this job,
        # and asks which changes came since it last looked.
        enqueue(
            kind="catch_up",
            title="Bring statements up to date",
            business=current_business(),
            only_one="catch_up",
        )
    return list(range(first, first + len(drafts)))


_COLUMNS = "number at kind words source source_at entry_id payee_id by_id"


def _lines(drafts: Sequence[ChangeDraft], first: int, now: str) -> Iterator[str]:
    for number, draft in enumerate(drafts, first):
        yield (
            f"{number}\t{now}\t{text(draft.kind)}\t{text(draft.words)}"
            f"\t{text(draft.source)}\t{moment(draft.source_at)}"
            f"\t{whole(draft.entry_id)}\t{whole(draft.payee_id)}"
            f"\t{whole(draft.by_id)}\n"
        )
