"""Rows that hold from day to day: what is set closes what it covers, and edits nothing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

from django.db.models import Q, QuerySet

from crm_sync.ledger import errors
from tenants.schema import Dated

DAY = timedelta(days=1)
ALWAYS = date(1900, 1, 1)  # the first day of what holds without a first day
Row = TypeVar("Row", bound=Dated)


def require_order(starts_on: date, ends_on: date | None) -> None:
    """Refuse days that end before they begin."""
    if ends_on is not None and ends_on < starts_on:
        raise errors.BadDays("The last day is before the first.")


def last_day(live: QuerySet[Row], starts_on: date, ends_on: date | None) -> date | None:
    """Return until when a new row holds: to its last day, or until the next begins."""
    if ends_on is not None:
        return ends_on
    following = live.filter(starts_on__gt=starts_on).order_by("starts_on").first()
    return following.starts_on - DAY if following else None


def holds_already(
    rows: Iterable[Row], starts_on: date, ends_on: date | None, given: Mapping[str, Any]
) -> bool:
    """Say whether one row says all this of all these days, so nothing is to be set."""
    return any(
        row.starts_on <= starts_on
        and (row.ends_on is None or (ends_on is not None and ends_on <= row.ends_on))
        and all(getattr(row, name) == value for name, value in given.items())
        for row in rows
    )


def overlapping(
    live: QuerySet[Row], starts_on: date, ends_on: date | None
) -> QuerySet[Row]:
    """Return the rows that hold on one of these days."""
    rows = live.exclude(ends_on__lt=starts_on)
    return rows if ends_on is None else rows.filter(starts_on__lte=ends_on)


def close_days(
    rows: Sequence[Row], starts_on: date, ends_on: date | None, number: int
) -> None:
    """Close rows that hold on these days; what lies before and after is opened again."""
    if not rows:
        return
    model = type(rows[0])
    model._default_manager.filter(pk__in=[row.pk for row in rows]).update(closed=number)
    model._default_manager.bulk_create(
        _copy(row, first, last, number)
        for row in rows
        for first, last in _outside(row, starts_on, ends_on)
    )


def live(model: type[Row], **of: Any) -> QuerySet[Row]:
    """Return the rows of something that are known now."""
    rows: QuerySet[Row] = model._default_manager.filter(closed__isnull=True, **of)
    return rows


def known(model: type[Row], change: int, **of: Any) -> QuerySet[Row]:
    """Return the rows of something that were known at a change number."""
    rows: QuerySet[Row] = model._default_manager.filter(opened__lte=change, **of)
    return rows.filter(Q(closed__isnull=True) | Q(closed__gt=change))


def words_of(starts_on: date, ends_on: date | None) -> str:
    """Say days as change words have them: `from 1 Jan 2026 to 31 Mar 2026`."""
    first = "" if starts_on == ALWAYS else f" from {starts_on.day} {starts_on:%b %Y}"
    if ends_on is None:
        return first
    if ends_on == starts_on:
        return f" on {ends_on.day} {ends_on:%b %Y}"
    return f"{first} to {ends_on.day} {ends_on:%b %Y}"


def _outside(
    row: Dated, first: date, last: date | None
) -> Iterable[tuple[date, date | None]]:
    if row.starts_on < first:
        yield row.starts_on, first - DAY
    if last is not None and (row.ends_on is None or row.ends_on > last):
        yield last + DAY, row.ends_on


def _copy(row: Row, first: date, last: date | None, number: int) -> Row:
    kept = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }
    kept |= {"starts_on": first, "ends_on": last, "opened": number, "closed": None}
    return type(row)(**kept)
