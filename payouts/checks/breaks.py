"""What a check gives back: the invariant, and where it does not hold."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True)
class Break:
    """One place where an invariant does not hold."""

    invariant: str
    words: str


Check = Callable[[], Iterable[Break]]


def rows(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run a read of the business at hand; a break is what it returns."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(parameters))
        return list(cursor.fetchall())


def found(invariant: str, words: str, hits: Iterable[tuple[Any, ...]]) -> list[Break]:
    """Return a break for each hit, its values put into the words in order."""
    return [Break(invariant, words.format(*hit)) for hit in hits]
