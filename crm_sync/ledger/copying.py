"""Many rows into one table by COPY, each written as one line of text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import islice
from typing import Any

import orjson
from django.db import connection
from psycopg import sql

from tenants.schema import require_business

NULL = "\\N"
_AT_A_TIME = 250  # lines sent at once: the database writes while the next are made


def copy_in(table: str, columns: str, lines: Iterable[str]) -> int:
    """Send lines, each with its newline, to a table of the business; count its rows."""
    require_business()
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table),
        sql.SQL(", ").join(sql.Identifier(name) for name in columns.split()),
    )
    rest = iter(lines)
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            while some := "".join(islice(rest, _AT_A_TIME)):
                copy.write(some)
        count: int = cursor.rowcount
    return count


def text(value: str) -> str:
    """Write a text so that it comes out of COPY as it went in."""
    if value.isprintable() and "\\" not in value:
        return value  # nearly all: a tab or the end of a line is not printable
    value = value.replace("\\", "\\\\").replace("\t", "\\t")
    return value.replace("\n", "\\n").replace("\r", "\\r")


def as_json(value: Any) -> str:
    """Write a JSON value; JSON itself escapes all but the backslash."""
    return json_text(value).replace("\\", "\\\\")


def json_text(value: Any) -> str:
    """Write a JSON value as text, as a parameter of a statement takes it."""
    return orjson.dumps(value).decode()


def moment(value: date | datetime | None) -> str:
    """Write a day or a moment, or that there is none."""
    return NULL if value is None else value.isoformat()


def whole(value: int | None) -> str:
    """Write a whole number, or that there is none."""
    return NULL if value is None else str(value)


def yes(value: bool) -> str:
    """Write a yes or no."""
    return "t" if value else "f"
