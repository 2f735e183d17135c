"""Why a statement is not what it was: stored causes that add up, and what is left."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from commissions.statements.models import Cause, Statement
from commissions.statements.selectors import lines_of, run_at, total_at
from commissions_saas.lib import clock
from crm_sync.ledger.models import Change, Entry
from tenants.schema import current_business

ZERO = Decimal(0)
CLOSE_OF_BUSINESS = time(18, 0)


@dataclass(frozen=True, slots=True)
class CauseRow:
    """One row of the causes: a change's own effect, or a knock-on of it."""

    at: datetime
    is_repeated: bool  # of the same moment as the row before
    words: str
    source: str
    effect: Decimal
    knock_on: bool
    entry_id: int


@dataclass(frozen=True, slots=True)
class Changed:
    """Two instants of a statement, and all that lies between them."""

    since: datetime
    before: Decimal
    after: Decimal
    causes: tuple[CauseRow, ...]
    unexplained: Decimal
    unchanged_lines: int

    @property
    def difference(self) -> Decimal:
        """Return by how much the statement moved."""
        return self.after - self.before


def since_of(word: str, last_visit: datetime | None) -> datetime:
    """Return the instant that an address means: yesterday, visit, or a day."""
    zone = ZoneInfo(current_business().time_zone)
    today = clock.now().astimezone(zone).date()
    if word == "visit" and last_visit is not None:
        return last_visit
    try:
        day = date.fromisoformat(word)
    except ValueError:
        return datetime.combine(today - timedelta(days=1), CLOSE_OF_BUSINESS, zone)
    return datetime.combine(day, time(0, 0), zone)


def changed_since(row: Statement, since: datetime) -> Changed:
    """Return what changed a statement; the causes and the remainder are the difference.

    A remainder is shown as unexplained, never folded away.
    """
    run_id = run_at(since)
    before, after = total_at(row, run_id), row.total
    causes = list(
        Cause.objects.filter(
            payee_id=row.payee_id, period_id=row.period_id, run_id__gt=run_id
        ).order_by("run_id", "change_number", "knock_on", "pk")
    )
    explained = sum((cause.effect for cause in causes), ZERO)
    unchanged = lines_of(row).filter(opened_run__lte=run_id).count()
    return Changed(
        since=since,
        before=before,
        after=after,
        causes=tuple(_rows(causes)),
        unexplained=after - before - explained,
        unchanged_lines=unchanged,
    )


def _rows(causes: Iterable[Cause]) -> Iterable[CauseRow]:
    causes = list(causes)
    changes = Change.objects.in_bulk(
        {cause.change_number for cause in causes if cause.change_number}
    )
    entries = Entry.objects.in_bulk({cause.entry_id for cause in causes})
    before: int | None = None
    for cause in causes:
        change = changes.get(cause.change_number or 0)
        entry = entries.get(cause.entry_id)
        name = entry.name if entry else cause.component_name
        words = cause.words or (change.words if change else "")
        if cause.knock_on:
            words = cause.words or name
        at = (change.source_at or change.at) if change else cause.at
        yield CauseRow(
            at=at,
            is_repeated=cause.change_number is not None
            and cause.change_number == before,
            words=words or f"{name}: {cause.component_name}",
            source=change.source if change and not cause.knock_on else "",
            effect=cause.effect,
            knock_on=cause.knock_on,
            entry_id=cause.entry_id,
        )
        before = cause.change_number
