"""One sum over the lines, the same for every way that gives the same lines."""

import hashlib

from django.db import connection
from psycopg import sql

_CANONICAL = """
SELECT concat_ws('|', payee.name, to_char(line.earned_on, 'YYYY-MM-DD'),
    entry.external_id, line.component, line.role, line.base, line.amount,
    line.currency, line.waiting_for, line.failed)
FROM {} AS line
JOIN ledger_entry AS entry ON entry.id = line.entry_id
JOIN ledger_payee AS payee ON payee.id = line.payee_id
WHERE line.closed_run IS NULL
ORDER BY line.entry_id, line.component, line.role
"""
_AT_A_TIME = 20_000


def of_lines(table: str) -> tuple[str, int]:
    """Return the SHA-256 over the canonical lines of a table, and how many there are."""
    digest, count = hashlib.sha256(), 0
    statement = sql.SQL(_CANONICAL).format(sql.Identifier(table))
    # A cursor of the server: the lines never come into memory together.
    with connection.cursor() as here:
        here.execute("SELECT 1")  # now the connection is in the business's schema
    with (
        connection.connection.transaction(),
        connection.connection.cursor("lines") as cursor,
    ):
        cursor.execute(statement)
        while rows := cursor.fetchmany(_AT_A_TIME):
            count += len(rows)
            digest.update("".join(f"{row[0]}\n" for row in rows).encode())
    return digest.hexdigest(), count
