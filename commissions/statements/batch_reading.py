"""Reads credits and stored lines as text for the batch path, ahead of who needs them.

A connection of its own reads while the other one writes. Inside a caller's transaction
everything goes over its connection, since nobody else sees what it has done. A single
group goes over it as well: nothing is written while it is read.
"""

import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from queue import Queue
from typing import Any

import psycopg
from django.db import connection, transaction
from psycopg import sql

from commissions.calculation.batch_code import Row
from tenants.schema import current_schema

# What a stored line is, as COPY would write it; but for the runs, and the line's id.
LINE_COLUMNS = (
    "payee_id, period_id, version_id, component, component_name, kind, currency,"
    " adjustment_id, failed, entry_id, role, share, earned_on, base, amount, waiting_for"
)
_TEXT = " || E'\\t' || ".join(
    f"coalesce({name}::text, '\\N')"
    if name in ("version_id", "share", "base")
    else name
    for name in LINE_COLUMNS.split(", ")
)
_STORED = f"""
SELECT payee_id, period_id, string_agg({_TEXT}, E'\\n'), string_agg(id::text, ',')
FROM statements_line
WHERE payee_id = ANY(%s) AND period_id = ANY(%s) AND closed_run IS NULL
GROUP BY payee_id, period_id
"""  # noqa: S608
_LINES_OF = f"""
SELECT {_TEXT}, id FROM statements_line
WHERE payee_id = ANY(%s) AND period_id = ANY(%s) AND entry_id = ANY(%s)
    AND closed_run IS NULL
"""  # noqa: S608
_SEEN = """
SELECT id, xmin::text FROM statements_statement
WHERE payee_id = ANY(%s) AND period_id = ANY(%s)
"""
_SELECTED = """
SELECT credit.payee_id, credit.entry_id || E'\\t' || credit.role || E'\\t'
        || credit.share || E'\\t' || credit.occurred_on || E'\\t',
    credit.occurred_on::text, credit.role,
    CASE jsonb_array_length(revision.credits)
        WHEN 1 THEN revision.credits -> 0 ->> 'share'
        ELSE (SELECT string_agg(one ->> 'share', '+')
              FROM jsonb_array_elements(revision.credits) AS one
              WHERE (one ->> 'payee')::bigint = credit.payee_id
              AND one ->> 'role' = credit.role) END,
    {place},
    CASE WHEN revision.counts THEN NULL
        ELSE revision.reversed_on - revision.occurred_on END,
    revision.currency{fields}
FROM {credits} AS credit
JOIN ledger_revision AS revision ON revision.entry_id = credit.entry_id
    AND revision.opened = credit.opened
JOIN ledger_entry AS entry ON entry.id = credit.entry_id
WHERE credit.payee_id = ANY(%(payees)s)
    AND credit.occurred_on BETWEEN %(first)s AND %(last)s
    AND credit.opened <= %(change)s
    AND {standing}
    AND entry.object = %(object)s
    AND (revision.counts OR revision.reversed_on IS NOT NULL)
ORDER BY credit.payee_id, credit.occurred_on, entry.external_id COLLATE "C",
    entry.id, credit.role, credit.opened
"""
_PLACE = """coalesce(revision.values ->> 'product', '') || E'\\x1f'
        || coalesce(revision.values ->> 'territory', '')"""
_STANDING = "(credit.closed IS NULL OR credit.closed > %(change)s)"
# Whoever was there at `since` or is there now; who came and went meanwhile is not.
_MARKED = """(SELECT *, CASE WHEN opened > %(since)s THEN 'come'
        WHEN closed <= %(change)s THEN 'gone' END AS mark
    FROM ledger_credit)"""
_CHANGED = """(credit.closed IS NULL OR credit.closed > %(change)s
        OR credit.opened <= %(since)s AND credit.closed > %(since)s)"""
_PLACES = f"""
SELECT revision.entry_id, {_PLACE} FROM ledger_revision AS revision
WHERE revision.entry_id = ANY(%s) AND revision.opened <= %s
    AND (revision.closed IS NULL OR revision.closed > %s)
"""  # noqa: S608
# A group is a small part of the tables: never read them whole, nor by more processes.
_BY_INDEX = """
SET {local} enable_seqscan = off; SET {local} enable_hashjoin = off;
SET {local} enable_mergejoin = off; SET {local} max_parallel_workers_per_gather = 0;
SET {local} work_mem = '64MB'; SET {local} jit = off
"""
_COUNTS = """
SELECT payee_id, count(*) FROM ledger_credit
WHERE payee_id = ANY(%s) AND occurred_on BETWEEN %s AND %s GROUP BY payee_id
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to read for a few payees.

    With `since`, credits as they were then as well, each with its mark; and of those
    that did not change only the fields that are `running`, or nothing at all.
    """

    payee_ids: tuple[int, ...]
    period_ids: tuple[int, ...]
    object: str
    keys: tuple[str, ...]
    zeros: tuple[str, ...]
    first: date
    last: date
    change: int
    placed: bool = True  # whether it is told where each was sold
    since: int | None = None
    running: frozenset[str] = frozenset()
    reads_all: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """What was read: rows by payee, lines and their ids by statement, its mark."""

    rows: dict[int, list[Row]]
    stored: dict[tuple[int, int], tuple[str, str]]
    seen: dict[int, str]


def credits_of(payee_ids: Collection[int], first: date, last: date) -> dict[int, int]:
    """Return about how many credits each payee has in these days."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [list(payee_ids), first, last])
        return dict(cursor.fetchall())


def lines_of(
    payee_ids: Collection[int], period_ids: Collection[int], entry_ids: Collection[int]
) -> list[tuple[str, int]]:
    """Return what stands of these entries on these statements, with the lines' ids."""
    if not entry_ids:
        return []
    with connection.cursor() as cursor:
        ids = [list(payee_ids), list(period_ids), list(entry_ids)]
        cursor.execute(_LINES_OF, ids)
        return list(cursor.fetchall())


def places_of(entry_ids: Collection[int], change: int) -> dict[int, str]:
    """Return where these entries were sold, as it was known at a change number."""
    if not entry_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, [list(entry_ids), change, change])
        return dict(cursor.fetchall())


@contextmanager
def ahead(
    wanted: Sequence[Wanted], *, apart: bool | None = None
) -> Iterator[Iterator[Found]]:
    """Yield what was read of each, in order; the next is read meanwhile.

    A caller in a transaction that has done nothing to what is read may say that it is
    to be read `apart` all the same.
    """
    if not (apart or (apart is None and not connection.in_atomic_block)):
        with connection.cursor() as cursor:
            yield (_read(cursor, one) for one in wanted)
        return
    if len(wanted) == 1 and not apart:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_BY_INDEX.format(local="LOCAL"))
            found = _read(cursor, wanted[0])
        yield iter([found])
        return
    reader = _Reader(wanted)
    reader.start()
    try:
        yield iter(reader)
    finally:
        reader.stop()


class _Reader(threading.Thread):
    """Reads group after group over a connection of its own, one group ahead."""

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        super().__init__(name="reads ahead", daemon=True)
        self.wanted = wanted
        self.schema = current_schema()
        parameters = connection.get_connection_params()
        parameters.pop("pool", None)
        self.parameters = parameters
        self.queue: Queue[Found | BaseException | None] = Queue(maxsize=1)
        self.ended = threading.Event()

    def run(self) -> None:
        try:
            with psycopg.connect(**self.parameters) as own, own.cursor() as cursor:
                path = sql.SQL("SET search_path = {}, public")
                cursor.execute(path.format(sql.Identifier(self.schema)))
                cursor.execute(_BY_INDEX.format(local=""))
                own.commit()
                for one in self.wanted:
                    # Lines and the mark of their statement are of one moment.
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    found = _read(cursor, one)
                    own.commit()
                    self.queue.put(found)
                    del found
                    self.queue.join()  # one group ahead, and no more in memory
                    if self.ended.is_set():
                        return
            self.queue.put(None)
        except BaseException as fault:  # it is raised again where it is waited for
            self.queue.put(fault)

    def __iter__(self) -> Iterator[Found]:
        while (found := self._next()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found

    def _next(self) -> Found | BaseException | None:
        found = self.queue.get()
        self.queue.task_done()
        return found

    def stop(self) -> None:
        self.ended.set()
        while self.is_alive():
            while not self.queue.empty():
                self._next()
            self.join(0.05)


def _read(cursor: Any, wanted: Wanted) -> Found:
    both = [list(wanted.payee_ids), list(wanted.period_ids)]
    cursor.execute(_SEEN, both)
    seen = dict(cursor.fetchall())
    stored: dict[tuple[int, int], tuple[str, str]] = {}
    if seen and wanted.since is None:
        cursor.execute(_STORED, both)
        stored = {
            (payee, period): (text, ids)
            for payee, period, text, ids in cursor.fetchall()
        }
    values = {
        "payees": both[0],
        "first": wanted.first,
        "last": wanted.last,
        "change": wanted.change,
        "since": wanted.since,
        "object": wanted.object,
    }
    cursor.execute(_statement(wanted), values)
    rows: dict[int, list[Row]] = defaultdict(list)
    for payee_id, own in groupby(cursor.fetchall(), key=lambda row: row[0]):
        rows[payee_id] = list(own)
    return Found(rows, stored, seen)


def _statement(wanted: Wanted) -> sql.Composable:
    """Return the statement for all credits, or for those that changed beside others."""
    fields = [_field(key, key in wanted.zeros) for key in wanted.keys]
    if wanted.since is None:
        place = _PLACE if wanted.placed else "NULL"
        parts = {"place": place, "credits": "ledger_credit", "standing": _STANDING}
    else:
        fields = [
            field if key in wanted.running else _of_changed(field)
            for key, field in zip(wanted.keys, fields, strict=True)
        ]
        fields.append(sql.SQL("credit.mark"))
        only = "" if wanted.reads_all else " AND credit.mark IS NOT NULL"
        parts = {"credits": _MARKED, "standing": _CHANGED + only}
        parts["place"] = f"CASE WHEN credit.mark IS NOT NULL THEN {_PLACE} END"
    return sql.SQL(_SELECTED).format(
        fields=sql.SQL("").join(sql.SQL(", {}").format(field) for field in fields),
        **{name: sql.SQL(text) for name, text in parts.items()},
    )


def _of_changed(field: sql.Composable) -> sql.Composable:
    return sql.SQL("CASE WHEN credit.mark IS NOT NULL THEN {} END").format(field)


def _field(key: str, is_zero: bool) -> sql.Composable:
    if key == "id":
        return sql.SQL("entry.external_id")
    if key == "name":
        return sql.SQL("revision.name")
    if is_zero:  # where a deal has no invoices
        value = sql.SQL("coalesce(revision.values ->> {}, '0')")
        return value.format(sql.Literal(key))
    return sql.SQL("revision.values ->> {}").format(sql.Literal(key))
