"""Something done on trial: statements are brought up to date, and all is taken back."""

from collections.abc import Callable
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, Max, Sum

from commissions.statements.models import Line, Proposal, Run
from commissions.statements.recalculate import recalculate
from crm_sync.ledger.money_moved import Moved


class _Undo(Exception):
    """Ends a trial: nothing that it wrote stays."""


def measure_moved(do: Callable[[], None]) -> Moved:
    """Return which lines, statements and sums a change of the ledger would move.

    What waits to be caught up with is not of this change, so it is done first.
    """
    found: list[Moved] = []
    try:
        with transaction.atomic():
            recalculate()
            last = Run.objects.aggregate(last=Max("pk"))["last"] or 0
            proposed = Proposal.objects.aggregate(last=Max("pk"))["last"] or 0
            do()
            recalculate()
            found.append(_moved(last, proposed))
            raise _Undo
    except _Undo:
        return found[0]


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
