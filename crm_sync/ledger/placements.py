"""Whom a payee reports to and where they sell, over time."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from crm_sync.ledger import errors
from crm_sync.ledger.changes import lock_changes, next_change
from crm_sync.ledger.models import Manager, Payee, Territory
from crm_sync.ledger.own import require_not_own
from tenants.access import Member
from tenants.audit.services import record

DAY = timedelta(days=1)


def place_payee(
    *,
    payee: Payee,
    manager: Payee | None,
    territory: Territory | None,
    starts_on: date,
    ends_on: date | None = None,
    by: Member | None = None,
) -> Manager:
    """Place a payee under a manager and in a territory, from a day to a day.

    What was known for those days is closed, never edited; what lies before and after
    stays. Manager credits follow by themselves: they are read from placements.
    """
    if ends_on is not None and ends_on < starts_on:
        raise errors.BadPlacement("The last day is before the first.")
    for own in (payee, manager):
        require_not_own(own, by)
    with transaction.atomic():
        lock_changes()
        # Behind the lock: two placements at once would close a circle unseen.
        _require_no_circle(payee, manager, starts_on)
        number = next_change(
            kind="payee",
            words=_words(payee, manager, territory, starts_on),
            source=f"placed by {by.name}" if by else "placed",
            payee_id=payee.pk,
            by_id=by.user_id if by else None,
        )
        _clear(payee, starts_on, ends_on, number)
        placed = _insert(
            payee.pk,
            manager.pk if manager else None,
            territory.pk if territory else None,
            starts_on,
            ends_on,
            number,
        )
        _keep_trail(placed, payee, manager, territory, by)
    return placed


def _require_no_circle(payee: Payee, manager: Payee | None, day: date) -> None:
    if manager is not None and _leads_to(manager, payee, day):
        raise errors.BadPlacement(
            f"{manager.name} reports to {payee.name}, so cannot be their manager.",
            hint="Place the other one first.",
        )


def _keep_trail(
    placed: Manager,
    payee: Payee,
    manager: Payee | None,
    territory: Territory | None,
    by: Member | None,
) -> None:
    record(
        action="ledger.payee.placed",
        object_kind="payee",
        object_id=str(payee.pk),
        object_name=payee.name,
        after={
            "manager": manager.name if manager else "",
            "territory": territory.name if territory else "",
            "from": placed.starts_on.isoformat(),
            "to": placed.ends_on.isoformat() if placed.ends_on else "",
        },
        by=by or "system",
    )


def _clear(payee: Payee, first: date, last: date | None, number: int) -> None:
    """Close what is known for these days, and keep what it said before and after."""
    overlapping = _current(payee).exclude(ends_on__lt=first)
    if last is not None:
        overlapping = overlapping.filter(starts_on__lte=last)
    kept = [part for row in overlapping for part in _outside(row, first, last)]
    overlapping.update(closed=number)
    for row, begins, ends in kept:
        _insert(row.payee_id, row.manager_id, row.territory_id, begins, ends, number)


def _current(payee: Payee) -> QuerySet[Manager]:
    return Manager.objects.filter(payee=payee, closed__isnull=True)


def _outside(
    row: Manager, first: date, last: date | None
) -> Iterable[tuple[Manager, date, date | None]]:
    if row.starts_on < first:
        yield row, row.starts_on, first - DAY
    if last is not None and (row.ends_on is None or row.ends_on > last):
        yield row, last + DAY, row.ends_on


def _insert(
    payee_id: int,
    manager_id: int | None,
    territory_id: int | None,
    first: date,
    last: date | None,
    number: int,
) -> Manager:
    return Manager.objects.create(
        payee_id=payee_id,
        manager_id=manager_id,
        territory_id=territory_id,
        starts_on=first,
        ends_on=last,
        opened=number,
    )


def _leads_to(manager: Payee, payee: Payee, day: date) -> bool:
    """Say whether the manager reports to the payee on that day, at any height."""
    seen = {payee.pk}
    at: int | None = manager.pk
    while at is not None:
        if at in seen:
            return True
        seen.add(at)
        above = (
            Manager.objects.filter(payee_id=at, closed__isnull=True, starts_on__lte=day)
            .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day))
            .first()
        )
        at = above.manager_id if above else None
    return False


def _words(
    payee: Payee, manager: Payee | None, territory: Territory | None, day: date
) -> str:
    parts = []
    if manager is not None:
        parts.append(f"reports to {manager.name}")
    if territory is not None:
        parts.append(f"sells in {territory.name}")
    what = " and ".join(parts) or "has no manager and no territory"
    return f"{payee.name} {what} from {day.day} {day:%b %Y}"
