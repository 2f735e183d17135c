"""Names in the roll-up, brought up to date where a change moved no line.

A deal whose product is called otherwise pays the same, so nothing of its statement is
written again; what owners read by product, territory or payee would keep the old name.
"""

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Sum

from commissions.statements import writing
from commissions.statements.differences import money
from commissions.statements.facts import Detail, replace_details
from commissions.statements.models import Line, PayPeriod
from commissions.statements.recalculation import Transaction
from commissions_saas.lib.periods import parse_period
from crm_sync.ledger.as_of import places_known
from tenants.schema import current_business

AT_A_TIME = 100
# Revisions that say otherwise what was sold, where, or by whom: an owner's place is the
# deal's where the source names none. Credits of the owner while they were placed.
_SOLD_OTHERWISE = """
SELECT revision.entry_id
FROM ledger_change AS change
JOIN ledger_revision AS revision
    ON revision.entry_id = change.entry_id AND revision.opened = change.number
JOIN ledger_revision AS former
    ON former.entry_id = revision.entry_id AND former.closed = revision.opened
WHERE change.number > %(since)s AND change.number <= %(fence)s
    AND (revision.values ->> 'product', revision.values ->> 'territory',
        revision.credits)
    IS DISTINCT FROM
        (former.values ->> 'product', former.values ->> 'territory', former.credits)
UNION
SELECT credit.entry_id
FROM ledger_manager AS placed
JOIN ledger_credit AS credit
    ON credit.payee_id = placed.payee_id AND credit.role = 'owner'
    AND credit.closed IS NULL AND credit.occurred_on >= placed.starts_on
    AND (placed.ends_on IS NULL OR credit.occurred_on <= placed.ends_on)
WHERE placed.territory_id IS NOT NULL
    AND (placed.opened > %(since)s AND placed.opened <= %(fence)s
        OR placed.closed > %(since)s AND placed.closed <= %(fence)s)
"""
_PAYEES = """
UPDATE public.rollup_payeefact AS fact SET payee_name = payee.name
FROM ledger_change AS change JOIN ledger_payee AS payee ON payee.id = change.payee_id
WHERE change.number > %(since)s AND change.number <= %(fence)s
    AND change.kind = 'payee' AND fact.business_id = %(business)s
    AND fact.payee_id = payee.id AND fact.payee_name <> payee.name
"""


def keep_names(since: int, fence: int, within: Transaction) -> None:
    """Let the roll-up call everything what it is called since these changes."""
    given = {"since": since, "fence": fence, "business": current_business().pk}
    with within(), connection.cursor() as cursor:
        cursor.execute(_PAYEES, given)
        cursor.execute(_SOLD_OTHERWISE, given)
        entry_ids = {entry_id for (entry_id,) in cursor.fetchall()}
    if entry_ids:
        pairs = _standing_on(entry_ids)
        for start in range(0, len(pairs), AT_A_TIME):
            with within():
                _write(pairs[start : start + AT_A_TIME], fence)


def _standing_on(entry_ids: Collection[int]) -> list[writing.Pair]:
    lines = Line.objects.filter(entry_id__in=entry_ids, closed_run__isnull=True)
    return sorted(set(lines.values_list("payee_id", "period_id")))


def _write(pairs: Collection[writing.Pair], fence: int) -> None:
    # Whoever has read further has written, or is about to write, later names.
    held = writing.lock_statements_of(pairs)
    rows = {pair: row for pair, row in held.items() if row.change <= fence}
    periods = PayPeriod.objects.in_bulk({period_id for _, period_id in rows})
    for payee_id, period_id in rows:
        period = parse_period(periods[period_id].slug)
        replace_details(payee_id, period, _details(payee_id, period_id, fence))


def _details(
    payee_id: int, period_id: int, fence: int
) -> dict[Detail, tuple[Decimal, int]]:
    """Add up the lines as they stand by what they were sold as, and where."""
    live = Line.objects.filter(
        payee_id=payee_id, period_id=period_id, closed_run__isnull=True
    ).order_by()
    sums = list(
        live.values_list("entry_id", "component_name", "currency").annotate(
            earned=Sum("amount"), lines=Count("pk")
        )
    )
    places = places_known({entry_id for entry_id, *_ in sums if entry_id}, fence)
    found: dict[Detail, tuple[Decimal, int]] = defaultdict(lambda: (Decimal(0), 0))
    for entry_id, component, currency, amount, count in sums:
        product, territory = places.get(entry_id, ("", ""))
        key = product, territory, component, currency
        earned, lines = found[key]
        found[key] = earned + money(amount), lines + count
    return found
