"""Records that two sources seem to give, both of which count."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from crm_sync.ledger.standard import DEAL


@dataclass(frozen=True, slots=True)
class Doubles:
    """How many deals two sources seem to give, and what the second of them adds."""

    connection_ids: tuple[int, int]
    records: int
    currency: str
    amount: Decimal


def doubles() -> list[Doubles]:
    """Return pairs of sources whose deals have equal ids, or equal name, day and
    amount, while both count."""
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, {"object": DEAL})
        return [
            Doubles((first, second), records, currency, amount or Decimal(0))
            for first, second, currency, records, amount in cursor.fetchall()
        ]


_BOTH = (
    " FROM ledger_entry AS one JOIN ledger_entry AS two"
    " ON two.object = one.object AND two.connection_id > one.connection_id"
    " AND {} WHERE one.object = %(object)s AND one.counts AND two.counts"
)
_SAME_ID = _BOTH.format("two.external_id = one.external_id")
_SAME_DEAL = _BOTH.format(
    "two.occurred_on = one.occurred_on AND two.amount = one.amount"
    " AND two.currency = one.currency AND lower(two.name) = lower(one.name)"
)
_IDS = "SELECT one.id AS one, two.id AS two"
_PAIRS = (
    "SELECT one.connection_id, two.connection_id, two.currency,"  # noqa: S608
    f" count(DISTINCT two.id), sum(two.amount) FROM ({_IDS}{_SAME_ID}"
    f" UNION {_IDS}{_SAME_DEAL}) AS pair"
    " JOIN ledger_entry AS one ON one.id = pair.one"
    " JOIN ledger_entry AS two ON two.id = pair.two"
    " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)
