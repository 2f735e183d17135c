"""Something done on trial: statements are brought up to date, and all is taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet, Sum

from commissions.statements.models import Adjustment, Line, Proposal, Run
from commissions.statements.recalculate import recalculate
from crm_sync.ledger.money_moved import Moved
from tenants.accounts.models import Business
from tenants.schema import in_business


class _Undo(Exception):
    """Ends a trial: nothing that it wrote stays."""


@dataclass(frozen=True, slots=True)
class Since:
    """What was the last of each before a trial."""

    run: int
    proposal: int
    adjustment: int

    @classmethod
    def now(cls) -> Since:
        """Look at what there is in the business at hand."""
        models = (Run, Proposal, Adjustment)
        return cls(*(_last(model.objects.all()) for model in models))


def _last(rows: QuerySet[Any]) -> int:
    return rows.aggregate(last=Max("pk"))["last"] or 0


def measure_moved(
    do: Callable[[], None], businesses: Sequence[Business]
) -> dict[int, Moved]:
    """Return which lines, statements and sums a change would move in each business.

    What waits to be caught up with is not of this change, so it is done first.
    """
    found: dict[int, Moved] = {}
    since: dict[int, Since] = {}
    try:
        with transaction.atomic():
            for business in businesses:
                with in_business(business):
                    recalculate()
                    since[business.pk] = Since.now()
            do()
            for business in businesses:
                with in_business(business):
                    recalculate()
                    found[business.pk] = _moved(since[business.pk])
            raise _Undo
    except _Undo:
        return found


def _moved(since: Since) -> Moved:
    opened = Line.objects.filter(opened_run__gt=since.run, closed_run__isnull=True)
    closed = Line.objects.filter(opened_run__lte=since.run, closed_run__gt=since.run)
    posted = Adjustment.objects.filter(pk__gt=since.adjustment)
    net: dict[str, Decimal] = {}
    statements: set[tuple[int, int]] = set()
    signed: tuple[tuple[QuerySet[Any], int], ...] = (
        (opened, 1),
        (closed, -1),
        (posted, 1),
    )
    for rows, sign in signed:
        statements |= set(rows.values_list("payee_id", "period_id"))
        for row in rows.values("currency").annotate(sum=Sum("amount")).order_by():
            net[row["currency"]] = net.get(row["currency"], Decimal(0)) + (
                sign * row["sum"]
            )
    waiting = Proposal.objects.filter(
        pk__gt=since.proposal, state=Proposal.State.WAITING
    )
    return Moved(
        lines=max(opened.count(), closed.count()),
        statements=len(statements),
        net={currency: amount for currency, amount in net.items() if amount},
        proposals=waiting.count(),
        posted=posted.count(),
    )
