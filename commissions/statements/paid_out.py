"""Tells accounting which commission was paid for deals that are not paid themselves."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from decimal import Decimal

from commissions.statements.models import Line
from commissions.statements.states import line_states
from crm_sync.accounting.paid_out import PaidOut


def commission_paid(deal_ids: Collection[int]) -> Mapping[int, list[PaidOut]]:
    """Return what was paid to people for each deal, by currency."""
    lines = list(Line.objects.filter(entry_id__in=deal_ids, closed_run__isnull=True))
    states = line_states(lines)
    sums: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        if states[line.pk] == "paid":
            sums[line.entry_id, line.currency] += line.amount
    found: dict[int, list[PaidOut]] = defaultdict(list)
    for (deal_id, currency), amount in sorted(sums.items()):
        if amount:
            found[deal_id].append(PaidOut(amount, currency))
    return found
