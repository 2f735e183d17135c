"""Estimates the commission that a refused record may hold up, by what its like has earned.

It ranks refused records by money and stands in no statement: live lines of the last
three months, divided by the bookings they were earned on.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.core.cache import cache
from django.db import connection
from redis.exceptions import RedisError

from commissions_saas.lib import clock
from commissions_saas.lib.money import round_money
from crm_sync.ledger.facts import Value
from tenants.schema import current_business

MONTHS = 3
KEPT_SECONDS = 60  # a page of a sync may refuse a hundred records of one product
ANY_PRODUCT = ""

Earned = dict[str, tuple[Decimal, Decimal]]  # product → commission, bookings


def estimate_held_up(
    object_: str, amount: Decimal, currency: str, values: Mapping[str, Value]
) -> Decimal | None:
    """Return what the record may earn, in the business's currency; None if unknown.

    Of a product that has not been sold lately, as of a blank one, all products tell.
    """
    business = current_business()
    earned = _earned(object_, currency or business.currency)
    product = str(values.get("product") or ANY_PRODUCT)
    commission, bookings = earned.get(product) or earned[ANY_PRODUCT]
    if bookings <= 0 or commission <= 0 or amount <= 0:
        return None
    return round_money(amount * commission / bookings, business.currency)


def months_before(day: date, months: int) -> date:
    """Return the first day of the month so many months before."""
    month = day.year * 12 + day.month - 1 - months
    return date(month // 12, month % 12 + 1, 1)


def _earned(object_: str, currency: str) -> Earned:
    """Return what each product has earned lately, remembered for a minute."""
    today = clock.today(current_business().time_zone)
    key = f"held-up-{object_}-{currency}-{today}"
    known: Earned | None
    try:
        known = cache.get(key)
    except RedisError:  # records are refused without the cache, too
        return _look(object_, currency, today)
    if known is None:
        known = _look(object_, currency, today)
        cache.set(key, known, KEPT_SECONDS)
    return known


def _look(object_: str, currency: str, today: date) -> Earned:
    since = months_before(today, MONTHS)
    with connection.cursor() as cursor:
        cursor.execute(_BY_PRODUCT, [object_, currency, since, today])
        earned = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
    zero = Decimal(0)
    total = (
        sum((commission for commission, _ in earned.values()), zero),
        sum((bookings for _, bookings in earned.values()), zero),
    )
    return {**earned, ANY_PRODUCT: total}


# Each record is booked once, however many people are paid for it.
_BY_PRODUCT = """
    SELECT entry.product, sum(earned.commission), sum(entry.amount)
      FROM ledger_entry AS entry
      JOIN (SELECT entry_id, sum(amount) AS commission FROM statements_line
             WHERE closed_run IS NULL AND entry_id <> 0 GROUP BY entry_id) AS earned
        ON earned.entry_id = entry.id
     WHERE entry.object = %s AND entry.currency = %s AND entry.counts
       AND entry.amount IS NOT NULL AND entry.occurred_on BETWEEN %s AND %s
     GROUP BY entry.product
"""
