"""Which sign a CSV file writes before the decimals, found from all of its numbers.

`1.234,50` can only be read one way, and so shows how `1.234` beside it is meant. What
nothing shows is refused: a thousandfold is no guess.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from crm_sync.money_signs import without_sign

# What is between thousands where a comma stands before the decimals.
_MARKS = re.compile(r"[.'\u2019 \u00a0\u202f]")
_COMMA = re.compile(
    r"\d{1,3}(?:[.'\u2019 \u00a0\u202f]\d{3})+,\d+"
    r"|\d+,\d{1,2}|\d+,\d{4,}|0+,\d+|\d{4,},\d{3}|[1-9]\d{0,2}(?:\.\d{3}){2,}",
    re.ASCII,
)
_POINT = re.compile(
    r"\d{1,3}(?:,\d{3})+\.\d+"
    r"|\d*\.\d{1,2}|\d+\.\d{4,}|0+\.\d+|\d{4,}\.\d{3}|[1-9]\d{0,2}(?:,\d{3}){2,}",
    re.ASCII,
)
_EITHER = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
_SHORTENED = re.compile(r"-?\d([.,]\d+)?E\+\d+", re.ASCII | re.IGNORECASE)
_WHOLE = re.compile(r"\d+", re.ASCII)


@dataclass(slots=True)
class _Column:
    """What the cells of a column show."""

    comma: bool = False
    point: bool = False
    either: bool = False
    others: bool = False

    def look_at(self, cell: str) -> None:
        bare = _bare(cell)
        if _WHOLE.fullmatch(bare):
            return
        if _EITHER.fullmatch(bare):
            self.either = True
        elif _COMMA.fullmatch(bare):
            self.comma = True
        elif _POINT.fullmatch(bare):
            self.point = True
        else:
            self.others = True


@dataclass(frozen=True, slots=True)
class Numbers:
    """How the numbers of a file are read."""

    with_comma: Collection[int] = field(default=frozenset())
    """The columns whose numbers have a comma before the decimals."""
    doubtful: Collection[int] = field(default=frozenset())
    """The columns in which `1.234` may be either."""

    def read(self, at: int, cell: str) -> str:
        """Return a cell with a point before the decimals."""
        if at not in self.with_comma:
            return cell
        bare = _bare(cell)
        if not (_COMMA.fullmatch(bare) or _EITHER.fullmatch(bare)):
            return cell
        return cell.replace(bare, _MARKS.sub("", bare).replace(",", "."))

    def doubt(self, at: int, name: str, cell: str) -> str:
        """Say that a cell may be a number or a thousand times that, or return ""."""
        if at not in self.doubtful or not _EITHER.fullmatch(_bare(cell)):
            return ""
        return (
            f"“{name}” {cell} may be {cell.replace(',', '.')} or "
            f"{cell.replace('.', '').replace(',', '')}: write it like 1234.50."
        )


def numbers_of(
    rows: Iterable[Sequence[str]],
    money: Collection[int],
    texts: Collection[int],
    sign: str,
) -> Numbers:
    """Return how a file's numbers are read: `money` are columns that hold amounts,
    `texts` those that hold none; `sign` stands between the cells."""
    columns: dict[int, _Column] = {}
    for cells in rows:
        for at, cell in enumerate(cells):
            if cell and at not in texts:
                columns.setdefault(at, _Column()).look_at(cell)
    numeric = {at: one for at, one in columns.items() if at in money or not one.others}
    comma = any(one.comma for one in numeric.values())
    point = any(one.point for one in numeric.values())
    if comma and not point:
        return Numbers(with_comma=frozenset(numeric))
    # With nothing to show it, a semicolon is the sign of a place that writes 1,50.
    if comma or (sign == ";" and not point):
        return Numbers(doubtful=frozenset(money))
    return Numbers()


def is_shortened(cell: str) -> bool:
    """Say whether a spreadsheet has left out digits of a number, as in 1.23457E+11."""
    return _SHORTENED.fullmatch(cell) is not None


def shortened_words(name: str, cell: str) -> str:
    """Say why such a number cannot be read."""
    return f"“{name}” {cell} is a number that a spreadsheet has shortened."


def _bare(cell: str) -> str:
    """Return a number without its signs, brackets and percent sign."""
    return without_sign(cell)[0].strip("()+-\u2212% \u00a0\u202f")
