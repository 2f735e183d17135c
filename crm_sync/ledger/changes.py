"""Change numbers: dense, ordered by commit, one row of `Change` for each."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from commissions_saas.lib import clock
from crm_sync.ledger.copying import copy_in, moment, text, whole
from crm_sync.ledger.models import Change
from tenants.jobs.services import enqueue
from tenants.schema import current_business, require_business


@dataclass(slots=True)
class ChangeDraft:
    """A change that is about to get its number."""

    kind: str
    words: str
    source: str = ""
    source_at: datetime | None = None
    entry_id: int | None = None
    payee_id: int | None = None
    by_id: int | None = None


@dataclass(slots=True)
class _Together:
    """Changes that have their numbers, and are written down when all have."""

    schema: str
    first: int
    drafts: list[ChangeDraft] = field(default_factory=list)


_together: ContextVar[_Together | None] = ContextVar("changes_together", default=None)


@contextmanager
def changes_together() -> Iterator[None]:
    """Number what is changed meanwhile at once, and write it down together at the end.

    One transaction, which holds the business's lock from its first moment to commit.
    """
    if _made_in(require_business()):
        yield
        return
    with transaction.atomic():
        lock_changes()
        made = _Together(require_business(), latest_change() + 1)
        token = _together.set(made)
        try:
            yield
        finally:
            _together.reset(token)
        _write(made.drafts, made.first)


@contextmanager
def change_apart() -> Iterator[None]:
    """Take back what fails alone, with the numbers that it was given."""
    made = _together.get()
    before = len(made.drafts) if made else 0
    try:
        with transaction.atomic():
            yield
    except BaseException:
        if made:
            del made.drafts[before:]
        raise


def lock_changes() -> None:
    """Wait for the business's change lock and hold it to the end of the transaction."""
    schema = require_business()
    if _made_in(schema):
        return  # it is held
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


def next_changes(drafts: Iterable[ChangeDraft]) -> list[int]:
    """Number several changes in their order, and ask once for what must catch up.

    Drafts that are made as they are asked for are made while the database writes; they
    must not ask it for anything.
    """
    made = _made_in(require_business())
    if made:
        first = made.first + len(made.drafts)
        made.drafts += drafts
        return list(range(first, made.first + len(made.drafts)))
    lock_changes()
    first = latest_change() + 1
    return list(range(first, first + _write(drafts, first)))


def _made_in(schema: str) -> _Together | None:
    made = _together.get()
    return made if made and made.schema == schema else None


def _write(drafts: Iterable[ChangeDraft], first: int) -> int:
    """Write the drafts down and return how many they were."""
    lines = _lines(drafts, first, clock.now().isoformat())
    count = copy_in("ledger_change", _COLUMNS, lines)
    if count:
        # A lower room never knows a higher one: whoever calculates handles this job,
        # and asks which changes came since it last looked.
        enqueue(
            kind="catch_up",
            title="Bring statements up to date",
            business=current_business(),
            only_one="catch_up",
        )
    return count


_COLUMNS = "number at kind words source source_at entry_id payee_id by_id"


def _lines(drafts: Iterable[ChangeDraft], first: int, now: str) -> Iterator[str]:
    for number, draft in enumerate(drafts, first):
        yield (
            f"{number}\t{now}\t{text(draft.kind)}\t{text(draft.words)}"
            f"\t{text(draft.source)}\t{moment(draft.source_at)}"
            f"\t{whole(draft.entry_id)}\t{whole(draft.payee_id)}"
            f"\t{whole(draft.by_id)}\n"
        )
