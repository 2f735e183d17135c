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
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Context, Decimal, InvalidOperation
from typing import Any
from xml.parsers import expat

from crm_sync.contract import ConfigurationProblem
from crm_sync.providers.files import limits

MOST_ENTRIES = 1_000
MOST_UNPACKED = 200_000_000
MOST_STRINGS = 50_000_000  # characters of texts that cells share
MOST_TEXT = 100_000_000  # characters of the sheet as CSV
HIGHEST_RATIO = 100  # unpacked to packed, of a part of more than a megabyte
_BLOCK = 65_536
_EXCEL = Context(prec=15)
_DAY_ZERO = datetime(1899, 12, 30)
_DAY_ZERO_1904 = datetime(1904, 1, 1)
_DATE_FORMATS = frozenset(
    {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
)
_NOT_CODE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.')
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


@dataclass(slots=True)
class _Book:
    """What cells refer to: shared texts, which styles are dates, where days begin."""

    texts: list[str] = field(default_factory=list)
    date_styles: frozenset[int] = frozenset()
    day_zero: datetime = _DAY_ZERO
    sheet: str = ""


def text_of_workbook(content: bytes) -> str:
    """Return the first visible sheet as CSV; ConfigurationProblem says why not."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _text(_Parts(archive))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):
        raise _broken() from None
    except expat.ExpatError:
        raise _broken() from None


class _Parts:
    """The parts of an archive, counted while they are unpacked."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left = MOST_UNPACKED
        entries = archive.infolist()
        if len(entries) > MOST_ENTRIES:
            raise _hostile(f"It has {len(entries):,} parts.")
        self._entries = {entry.filename: entry for entry in entries}

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read(self, name: str, parser: expat.XMLParserType) -> None:
        """Feed a part to a parser, block by block; what it says of its size is not
        believed."""
        entry = self._entries.get(name)
        if entry is None:
            raise _broken()
        unpacked = 0
        with self._archive.open(entry) as part:
            while block := part.read(_BLOCK):
                unpacked += len(block)
                self._left -= len(block)
                packed = max(entry.compress_size, 1)
                if self._left < 0:
                    raise _hostile("It holds more than 200 MB.")
                if unpacked > 1_000_000 and unpacked / packed > HIGHEST_RATIO:
                    raise _hostile("A part of it is a hundred times what was sent.")
                parser.Parse(block, False)
        parser.Parse(b"", True)


def _text(parts: _Parts) -> str:
    if "xl/workbook.xml" not in parts:
        raise ConfigurationProblem(
            "This is an archive, not a workbook or a CSV file.",
            hint="Send the file itself.",
        )
    book = _book(parts)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    sheet = _Sheet(book, writer, text)
    parts.read(book.sheet, sheet.parser())
    sheet.end_rows()
    return text.getvalue()


def _book(parts: _Parts) -> _Book:
    book = _Book()
    places = _relations(parts)
    first = _first_sheet(parts, book)
    target = places.get(first, "")
    book.sheet = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    if "xl/sharedStrings.xml" in parts:
        book.texts = _shared_texts(parts)
    if "xl/styles.xml" in parts:
        book.date_styles = _date_styles(parts)
    return book


def _first_sheet(parts: _Parts, book: _Book) -> str:
    found: list[str] = []

    def start(name: str, given: dict[str, str]) -> None:
        if name == "workbookPr" and given.get("date1904") in ("1", "true"):
            book.day_zero = _DAY_ZERO_1904
        elif name == "sheet" and given.get("state", "visible") == "visible":
            found.extend(id for key, id in given.items() if _local(key) == "id")

    parts.read("xl/workbook.xml", _parser(start))
    if not found:
        raise ConfigurationProblem("The workbook has no visible sheet.")
    return found[0]


def _relations(parts: _Parts) -> dict[str, str]:
    found: dict[str, str] = {}

    def start(name: str, given: dict[str, str]) -> None:
        if name == "Relationship":
            found[given.get("Id", "")] = given.get("Target", "")

    parts.read("xl/_rels/workbook.xml.rels", _parser(start))
    return found


def _shared_texts(parts: _Parts) -> list[str]:
    texts: list[str] = []
    now: list[str] = []
    state = {"in_text": False, "phonetic": False, "size": 0}

    def start(name: str, given: dict[str, str]) -> None:
        if name == "si":
            now.clear()
        elif name == "rPh":  # how a Japanese word is read: no part of it
            state["phonetic"] = True
        elif name == "t":
            state["in_text"] = not state["phonetic"]

    def end(name: str) -> None:
        if name == "si":
            texts.append("".join(now))
        elif name == "rPh":
            state["phonetic"] = False
        elif name == "t":
            state["in_text"] = False

    def data(text: str) -> None:
        if state["in_text"]:
            state["size"] += len(text)
            if state["size"] > MOST_STRINGS:
                raise _hostile("Its texts are too long.")
            now.append(text)

    parts.read("xl/sharedStrings.xml", _parser(start, end, data))
    return texts


def _date_styles(parts: _Parts) -> frozenset[int]:
    """Return the numbers of the cell styles that show a number as a day."""
    own: dict[int, str] = {}
    formats: list[int] = []
    inside = {"cellXfs": False}

    def start(name: str, given: dict[str, str]) -> None:
        if name == "numFmt":
            own[_whole(given.get("numFmtId"))] = given.get("formatCode", "")
        elif name == "cellXfs":
            inside["cellXfs"] = True
        elif name == "xf" and inside["cellXfs"]:
            formats.append(_whole(given.get("numFmtId")))

    def end(name: str) -> None:
        if name == "cellXfs":
            inside["cellXfs"] = False

    parts.read("xl/styles.xml", _parser(start, end))
    return frozenset(
        place
        for place, number in enumerate(formats)
        if number in _DATE_FORMATS or _shows_a_day(own.get(number, ""))
    )


def _shows_a_day(code: str) -> bool:
    plain = _NOT_CODE.sub("", code.split(";")[0]).casefold()
    return any(letter in plain for letter in "ymdh")


@dataclass(slots=True)
class _Cell:
    """A cell while it is read."""

    place: str = ""
    column: int = 0
    kind: str = "n"
    style: int = 0
    parts: list[str] = field(default_factory=list)
    has_formula: bool = False
    reads: bool = False


class _Sheet:
    """Writes a sheet as CSV, a row as soon as it ends."""

    def __init__(self, book: _Book, writer: Any, text: io.StringIO) -> None:
        self._book = book
        self._writer = writer
        self._text = text
        self._row = 0
        self._blank = 0  # rows without a value: written when one with a value follows
        self._cells: dict[int, str] = {}
        self._cell = _Cell()

    def parser(self) -> expat.XMLParserType:
        """Return a parser that calls this sheet."""
        return _parser(self._start, self._end, self._data)

    def end_rows(self) -> None:
        """Refuse a sheet in which nothing stands."""
        if not self._text.getvalue().strip():
            raise ConfigurationProblem(
                "The first sheet is empty.", hint="Its first row names the columns."
            )

    def _start(self, name: str, given: dict[str, str]) -> None:
        if name == "row":
            self._begin_row(_whole(given.get("r")) or self._row + 1)
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
        elif name == "row":
            self._end_row()

    def _data(self, text: str) -> None:
        if self._cell.reads:
            self._cell.parts.append(text)

    def _begin_row(self, number: int) -> None:
        if number <= self._row:
            raise _broken()
        self._blank += number - self._row - 1
        self._row = number
        self._cells = {}

    def _begin_cell(self, given: dict[str, str]) -> _Cell:
        place = given.get("r", "")
        found = _CELL.fullmatch(place)
        if place and found is None:
            raise _broken()
        last = max(self._cells, default=0)
        column = _column(found.group(1)) if found else last + 1
        return _Cell(
            place=place or f"row {self._row}",
            column=column,
            kind=given.get("t", "n"),
            style=_whole(given.get("s")),
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
            place = _whole(raw)
            if place >= len(self._book.texts):
                raise _broken()
            return self._book.texts[place]
        if cell.kind in ("inlineStr", "str", "e", "d"):
            return raw
        if cell.kind == "b":
            return "yes" if raw == "1" else "no"
        number = _number(raw, cell)
        if cell.style in self._book.date_styles:
            return _day(number, self._book.day_zero, cell)
        return format(number, "f")

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
        if self._text.tell() > MOST_TEXT:
            raise _hostile("Its sheet is too long.")


def _number(raw: str, cell: _Cell) -> Decimal:
    try:
        number = Decimal(raw.strip())
    except InvalidOperation:
        raise _broken() from None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise ConfigurationProblem(f"Cell {cell.place} has a number without end.")
    if len(number.as_tuple().digits) > 15:
        number = _EXCEL.plus(number)
    whole = number.to_integral_value()
    return whole if number == whole else number.normalize()


def _day(number: Decimal, day_zero: datetime, cell: _Cell) -> str:
    """Return a serial number as the day, or the moment, that Excel shows."""
    seconds = int((number * 86_400).to_integral_value())
    if day_zero == _DAY_ZERO and number < 61:
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


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


_Start = Callable[[str, dict[str, str]], None]


def _parser(
    start: _Start,
    end: Callable[[str], None] | None = None,
    data: Callable[[str], None] | None = None,
) -> expat.XMLParserType:
    """Return a parser that names elements without their namespace, and trusts no DTD."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def begin(name: str, given: dict[str, str]) -> None:
        start(_local(name) if ":" in name else name, given)

    def refuse(*_: object) -> None:
        raise _hostile("It defines entities of its own.")

    parser.StartElementHandler = begin
    if end is not None:
        parser.EndElementHandler = lambda name: end(
            _local(name) if ":" in name else name
        )
    parser.CharacterDataHandler = data
    parser.StartDoctypeDeclHandler = refuse
    return parser


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _broken() -> ConfigurationProblem:
    return ConfigurationProblem(
        "The workbook cannot be read.",
        hint="Open it in Excel and save it as “Excel workbook (.xlsx)”.",
    )


def _hostile(why: str) -> ConfigurationProblem:
    return ConfigurationProblem(
        f"The workbook cannot be read: {why}",
        hint="Save the sheet alone as a CSV file, and send that.",
    )
