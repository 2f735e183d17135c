"""Reads the first sheet of an XLSX workbook as CSV text, in bounded memory.

A workbook is an archive of XML that anybody may have made. So every part is counted
while it is unpacked, the sheet is read cell by cell, and no cell reserves room for
those before it. Numbers keep their text; of those with more digits than Excel shows,
fifteen are kept, because the rest is how it stores them and not what was typed.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Context, Decimal, InvalidOperation
from typing import Any
from xml.parsers import expat

from crm_sync.contract import ConfigurationProblem
from crm_sync.workbooks import limits
from crm_sync.workbooks.parts import (
    DAY,
    DAY_ZERO,
    PERCENT,
    Book,
    Parts,
    book_of,
    broken,
    hostile,
    parser_of,
    whole,
)

MOST_TEXT = 50_000_000  # characters of the sheet as CSV
_EXCEL = Context(prec=15)
# A password is a RuntimeError, a packing that nobody uses a NotImplementedError.
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    expat.ExpatError,
)
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def text_of_workbook(content: bytes) -> str:
    """Return the first visible sheet as CSV; ConfigurationProblem says why not."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _text(Parts(archive))
    except _FAULTS:
        raise broken() from None


def _text(parts: Parts) -> str:
    if "xl/workbook.xml" not in parts:
        raise ConfigurationProblem(
            "This is an archive, not a workbook or a CSV file.",
            hint="Send the file itself.",
        )
    book = book_of(parts)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    sheet = _Sheet(book, writer, text)
    parts.read(book.sheet, sheet.parser())
    sheet.end_rows()
    return text.getvalue()


@dataclass(slots=True)
class _Cell:
    """A cell while it is read."""

    place: str = ""
    column: int = 0
    kind: str = "n"
    style: int = 0
    parts: list[str] = field(default_factory=list)
    size: int = 0
    has_formula: bool = False
    reads: bool = False


class _Sheet:
    """Writes a sheet as CSV, a row as soon as it ends."""

    def __init__(self, book: Book, writer: Any, text: io.StringIO) -> None:
        self._book = book
        self._writer = writer
        self._text = text
        self._row = 0
        self._blank = 0  # rows without a value: written when one with a value follows
        self._cells: dict[int, str] = {}
        self._cell = _Cell()
        self._left = MOST_TEXT

    def parser(self) -> expat.XMLParserType:
        """Return a parser that calls this sheet."""
        return parser_of(self._start, self._end, self._data)

    def end_rows(self) -> None:
        """Refuse a sheet in which nothing stands."""
        if not self._text.getvalue().strip():
            raise ConfigurationProblem(
                "The first sheet is empty.", hint="Its first row names the columns."
            )

    def _start(self, name: str, given: dict[str, str]) -> None:
        if name == "row":
            self._begin_row(whole(given.get("r")) or self._row + 1)
        elif name == "c":
            self._cell = self._begin_cell(given)
        elif name == "f":
            self._cell.has_formula = True
        elif name in ("v", "t"):
            self._cell.reads = True

    def _end(self, name: str) -> None:
        if name in ("v", "t"):
            self._cell.reads = False
        elif name == "c":
            value = self._value(self._cell)
            if value:
                self._cells[self._cell.column] = value
                self._left -= len(value)
                if self._left < 0:
                    raise hostile("Its sheet is too long.")
        elif name == "row":
            self._end_row()

    def _data(self, text: str) -> None:
        if self._cell.reads:
            self._cell.parts.append(text)
            self._cell.size += len(text)
            if self._cell.size > limits.LONGEST_CELL:
                raise hostile(f"Cell {self._cell.place} is too long.")

    def _begin_row(self, number: int) -> None:
        if number <= self._row:
            raise broken()
        self._blank += number - self._row - 1
        self._row = number
        self._cells = {}

    def _begin_cell(self, given: dict[str, str]) -> _Cell:
        place = given.get("r", "")
        found = _CELL.fullmatch(place)
        if place and found is None:
            raise broken()
        last = max(self._cells, default=0)
        column = _column(found.group(1)) if found else last + 1
        return _Cell(
            place=place or f"row {self._row}",
            column=column,
            kind=given.get("t", "n"),
            style=whole(given.get("s")),
        )

    def _value(self, cell: _Cell) -> str:
        raw = "".join(cell.parts)
        if not raw:
            if cell.has_formula and cell.kind != "str":
                raise ConfigurationProblem(
                    f"Cell {cell.place} is a formula whose result is not in the file.",
                    hint="Open the file in Excel, save it, and send it again.",
                )
            return ""
        if cell.column > limits.MOST_COLUMNS:
            raise ConfigurationProblem(
                f"Cell {cell.place} stands beyond the {limits.MOST_COLUMNS} columns"
                " that can be read."
            )
        return " ".join(self._meant(cell, raw).split("\n"))

    def _meant(self, cell: _Cell, raw: str) -> str:
        if cell.kind == "s":
            place = whole(raw)
            if place >= len(self._book.texts):
                raise broken()
            return self._book.texts[place]
        if cell.kind in ("inlineStr", "str", "e", "d"):
            return raw
        if cell.kind == "b":
            return "yes" if raw == "1" else "no"
        number = _number(raw, cell)
        shown = self._book.shown.get(cell.style, "")
        if shown == DAY:
            return _day(number, self._book.day_zero, cell)
        if shown == PERCENT:
            return f"{_short(number * 100):f}%"
        text = format(number, "f")
        return text.zfill(len(shown)) if text.isdecimal() else text

    def _end_row(self) -> None:
        if not self._cells:
            self._blank += 1
            return
        if self._row > limits.MOST_ROWS + 1:
            raise limits.too_many_rows()
        self._text.write("\n" * self._blank)
        self._blank = 0
        width = max(self._cells)
        self._writer.writerow(
            [self._cells.get(column, "") for column in range(1, width + 1)]
        )


def _number(raw: str, cell: _Cell) -> Decimal:
    try:
        number = Decimal(raw.strip())
    except InvalidOperation:
        raise broken() from None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise ConfigurationProblem(f"Cell {cell.place} has a number without end.")
    if len(number.as_tuple().digits) > 15:
        number = _EXCEL.plus(number)
    return _short(number)


def _short(number: Decimal) -> Decimal:
    """Return a number without zeros that say nothing."""
    rounded = number.to_integral_value()
    return rounded if number == rounded else number.normalize()


def _day(number: Decimal, day_zero: datetime, cell: _Cell) -> str:
    """Return a serial number as the day, or the moment, that Excel shows."""
    seconds = int((number * 86_400).to_integral_value())
    if day_zero == DAY_ZERO and number < 61:
        seconds += 86_400  # Excel believes that 1900 had a 29 February
    try:
        moment = day_zero + timedelta(seconds=seconds)
    except OverflowError:
        raise ConfigurationProblem(f"Cell {cell.place} has no possible day.") from None
    if moment.time() == datetime.min.time():
        return moment.date().isoformat()
    return moment.isoformat(sep=" ")


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
