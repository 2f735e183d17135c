"""Something done on trial: statements are brought up to date, and all is taken back."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, Max, Sum

from commissions.statements.models import Line, Proposal, Run
from commissions.statements.recalculate import recalculate
from crm_sync.ledger.money_moved import Moved
from tenants.accounts.models import Business
from tenants.schema import in_business


class _Undo(Exception):
    """Ends a trial: nothing that it wrote stays."""


def measure_moved(
    do: Callable[[], None], businesses: Sequence[Business]
) -> dict[int, Moved]:
    """Return which lines, statements and sums a change would move in each business.

    What waits to be caught up with is not of this change, so it is done first.
    """
    found: dict[int, Moved] = {}
    since: dict[int, tuple[int, int]] = {}
    try:
        with transaction.atomic():
            for business in businesses:
                with in_business(business):
                    recalculate()
                    since[business.pk] = _last_run(), _last_proposal()
            do()
            for business in businesses:
                with in_business(business):
                    recalculate()
                    found[business.pk] = _moved(*since[business.pk])
            raise _Undo
    except _Undo:
        return found


def _last_run() -> int:
    return Run.objects.aggregate(last=Max("pk"))["last"] or 0


def _last_proposal() -> int:
    return Proposal.objects.aggregate(last=Max("pk"))["last"] or 0


def _moved(last_run: int, last_proposal: int) -> Moved:
    opened = Line.objects.filter(opened_run__gt=last_run, closed_run__isnull=True)
    closed = Line.objects.filter(opened_run__lte=last_run, closed_run__gt=last_run)
    net: dict[str, Decimal] = {}
    for rows, sign in ((opened, 1), (closed, -1)):
        for row in rows.values("currency").annotate(sum=Sum("amount")).order_by():
            net[row["currency"]] = net.get(row["currency"], Decimal(0)) + (
                sign * row["sum"]
            )
    statements = set(opened.values_list("payee_id", "period_id")) | set(
        closed.values_list("payee_id", "period_id")
    )
    waiting = Proposal.objects.filter(
        pk__gt=last_proposal, state=Proposal.State.WAITING
    ).aggregate(n=Count("pk"))["n"]
    return Moved(
        lines=max(opened.count(), closed.count()),
        statements=len(statements),
        net={currency: amount for currency, amount in net.items() if amount},
        proposals=waiting,
    )
