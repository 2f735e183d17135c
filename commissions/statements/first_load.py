"""A first load: lines into an empty table, its indexes built afterwards.

Building an index over all rows at once costs half of keeping it up row by row. It is one
transaction under an exclusive lock, so nobody ever sees the table without its indexes:
whoever dies on the way has changed nothing. Readers of this business's lines wait; there
is none that they could see.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg import sql

_IS_OURS = """
SELECT pg_has_role(relowner, 'USAGE') FROM pg_class
WHERE oid = 'statements_line'::regclass
"""
_INDEXES = """
SELECT made.relname, pg_get_indexdef(made.oid)
FROM pg_index JOIN pg_class AS made ON made.oid = pg_index.indexrelid
WHERE pg_index.indrelid = 'statements_line'::regclass
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = made.oid)
ORDER BY made.relname
"""


def is_possible() -> bool:
    """Say whether there is no line yet, and whether we may take the indexes away."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT FROM statements_line)")
        (is_empty,) = cursor.fetchone()
        cursor.execute(_IS_OURS)
        (is_ours,) = cursor.fetchone()
        return bool(is_empty and is_ours)


@contextmanager
def indexes_built_afterwards() -> Iterator[bool]:
    """Take the indexes of the lines away and build them again at the end.

    Call it inside the transaction of the whole load. It gives no, and takes nothing
    away, where somebody reads the table now or has written a line meanwhile.
    """
    definitions = _taken_away()
    yield bool(definitions)
    with connection.cursor() as cursor:
        if definitions:
            cursor.execute("SET LOCAL maintenance_work_mem = '128MB'")
        for definition in definitions:
            cursor.execute(definition)


def _taken_away() -> list[str]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE statements_line IN ACCESS EXCLUSIVE MODE NOWAIT")
            if not is_possible():
                return []
            cursor.execute(_INDEXES)
            found = dict(cursor.fetchall())
            for name in found:
                cursor.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    except OperationalError:
        return []  # a page is reading: do it with the indexes in place
    return list(found.values())
