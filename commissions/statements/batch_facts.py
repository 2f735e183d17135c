"""Writes the roll-up facts of many statements at once: all of them, or a few cells."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection
from psycopg import sql

from commissions.statements import facts, writing
from commissions.statements.batch_work import Cell, Worked
from commissions.statements.differences import money
from commissions.statements.inputs import Key
from tenants.schema import current_business

_DETAILS = sql.SQL(
    "COPY public.rollup_detailfact (group_id, business_id, period, month, payee_id,"
    " product, territory, component, currency, earned, lines) FROM STDIN"
)
_CELL = "payee_id, period, product, territory, component, currency"
_CELLS = f"""
unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
    AS cell ({_CELL})
WHERE fact.business_id = %s AND fact.payee_id = cell.payee_id
    AND fact.period = cell.period AND fact.product = cell.product
    AND fact.territory = cell.territory AND fact.component = cell.component
    AND fact.currency = cell.currency
"""
_THESE = f"""
SELECT cell.*, fact.earned, fact.lines
FROM public.rollup_detailfact AS fact, {_CELLS}
"""  # noqa: S608
_NOT_THESE = f"DELETE FROM public.rollup_detailfact AS fact USING {_CELLS}"  # noqa: S608
_OLD_DETAILS = """
DELETE FROM public.rollup_detailfact AS fact
USING unnest(%s::bigint[], %s::text[]) AS stale (payee_id, period)
WHERE fact.business_id = %s AND fact.payee_id = stale.payee_id
    AND fact.period = stale.period
"""


def write_facts(
    worked: Sequence[Worked], stale: Sequence[Key], users: Mapping[int, int | None]
) -> None:
    """Write what stands on these statements; the cells of the stale ones go."""
    business = current_business()
    facts.upsert_payees(
        [
            facts.payee_fact(
                done.row, done.frame, done.draft, users.get(done.row.payee_id)
            )
            for done in worked
        ]
    )
    cells = [cell for done in worked for cell in done.stale or ()]
    with connection.cursor() as cursor:
        if cells:
            cursor.execute(_NOT_THESE, _cells(cells))
        if stale:
            payee_ids = [payee_id for payee_id, _ in stale]
            slugs = [period.slug for _, period in stale]
            cursor.execute(_OLD_DETAILS, [payee_ids, slugs, business.pk])
        with cursor.copy(_DETAILS) as copy:
            for done in worked:
                copy.write("".join(_details(done, business.group_id, business.pk)))


def _details(done: Worked, group_id: int | None, business_id: int) -> Iterator[str]:
    period = done.frame.period
    month = facts.month_of(period.ends_on).isoformat()
    start = f"{group_id}\t{business_id}\t{period.slug}\t{month}\t{done.row.payee_id}"
    for (place, name, currency), (earned, lines) in sorted(done.reckoned.cells.items()):
        sold = writing.escaped(place).replace("\x1f", "\t", 1)
        yield (f"{start}\t{sold}\t{name}\t{currency}\t{money(earned):f}\t{lines}\n")


def cells_now(cells: Sequence[Cell]) -> dict[Cell, tuple[Decimal, int]]:
    """Return what the roll-up holds of these cells."""
    if not cells:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_THESE, _cells(cells))
        return {Cell(*row[:6]): (row[6], row[7]) for row in cursor.fetchall()}


def _cells(cells: Sequence[Cell]) -> list[Any]:
    columns = [list(column) for column in zip(*cells, strict=True)]
    return [*columns, current_business().pk]
