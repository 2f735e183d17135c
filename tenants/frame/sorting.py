"""Which column a table is sorted by, read from the address and checked against a list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sort:
    """The column and direction in force, and the keys for `order_by` and `paginate`."""

    column: str
    descending: bool
    keys: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"-{self.column}" if self.descending else self.column


def read_sort(
    asked: str,
    *,
    columns: Mapping[str, Sequence[str]],
    default: str,
    unique: str = "id",
) -> Sort:
    """Return the sort that was asked for, or the default where it is not on offer."""
    wanted = asked if asked.lstrip("-") in columns and asked.count("-") < 2 else default
    column, descending = wanted.lstrip("-"), wanted.startswith("-")
    keys = [*columns[column], *([] if unique in columns[column] else [unique])]
    turned = tuple(_turned(key) if descending else key for key in keys)
    return Sort(column=column, descending=descending, keys=turned)


def _turned(key: str) -> str:
    return key[1:] if key.startswith("-") else f"-{key}"
