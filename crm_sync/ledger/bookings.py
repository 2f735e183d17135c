"""The owners' bookings: deals won in a month, kept in step with the entries."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from crm_sync.ledger.copying import json_text
from crm_sync.ledger.standard import DEAL
from tenants.rollup.models import BookingFact
from tenants.schema import current_business


# Made by the million, and made in half the time without being frozen.
@dataclass(slots=True)
class Booking:
    """What one deal adds to a month, if it counts; nobody writes to it."""

    month: date
    product: str
    territory: str
    currency: str
    amount: Decimal

    @property
    def key(self) -> tuple[date, str, str, str]:
        """Return what the owners' fact is kept by."""
        return self.month, self.product, self.territory, self.currency


def booking_of(
    *,
    object_: str,
    counts: bool,
    occurred_on: date | None,
    product: str,
    territory: str,
    currency: str,
    amount: Decimal | None,
) -> Booking | None:
    """Return what an entry adds: only deals that count, once each, not by credits."""
    if object_ != DEAL or not counts or occurred_on is None:
        return None
    month = occurred_on.replace(day=1)
    return Booking(month, product, territory, currency, amount or Decimal(0))


def move_bookings(
    before: Iterable[Booking | None], after: Iterable[Booking | None]
) -> None:
    """Take away what deals added before and add what they add now."""
    amounts: dict[tuple[date, str, str, str], Decimal] = defaultdict(Decimal)
    deals: dict[tuple[date, str, str, str], int] = defaultdict(int)
    for sign, bookings in ((-1, before), (1, after)):
        for booking in bookings:
            if booking is not None:
                key = booking.key
                amounts[key] += sign * booking.amount
                deals[key] += sign
    keys = sorted(key for key in deals if amounts[key] or deals[key])
    if not keys:
        return
    business = current_business()
    moved = json_text(
        [
            {
                "month": key[0].isoformat(),
                "product": key[1],
                "territory": key[2],
                "currency": key[3],
                "booked": str(amounts[key]),
                "deals": deals[key],
            }
            for key in keys
        ]
    )
    # Two statements and no upsert: a difference below zero is no row by itself. The
    # business's change lock keeps others from writing in between.
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [moved, business.pk])
        cursor.execute(_INSERT, [business.group_id, business.pk, moved, business.pk])


_TABLE = BookingFact._meta.db_table
_MOVED = (
    "jsonb_to_recordset(%s::jsonb) AS moved (month date, product text, territory text,"
    " currency text, booked numeric, deals int)"
)
_SAME = (
    " held.business_id = %s AND held.month = moved.month"
    " AND held.product = moved.product AND held.territory = moved.territory"
    " AND held.currency = moved.currency"
)
_ADD = (
    f"UPDATE {_TABLE} AS held SET booked = held.booked + moved.booked,"  # noqa: S608
    f" deals = held.deals + moved.deals FROM {_MOVED} WHERE{_SAME}"
)
_INSERT = (
    f"INSERT INTO {_TABLE} (group_id, business_id, month, product, territory,"  # noqa: S608
    f" currency, booked, deals) SELECT %s, %s, moved.* FROM {_MOVED}"
    f" WHERE NOT EXISTS (SELECT FROM {_TABLE} AS held WHERE{_SAME})"
)
