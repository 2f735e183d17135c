"""The parts of an XLSX archive, unpacked by count and trusted in nothing."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from xml.parsers import expat

from crm_sync.contract import ConfigurationProblem
from crm_sync.workbooks.limits import LONGEST_CELL

MOST_ENTRIES = 1_000
MOST_UNPACKED = 200_000_000
MOST_STRINGS = 50_000_000  # characters of texts that cells share
MOST_ELEMENTS = 12_000_000  # of XML in a sheet or its texts: rows, cells and values
MOST_REFERRED = 500_000  # of XML in the parts that say where and how
DEEPEST = 100  # of elements within each other
HIGHEST_RATIO = 100  # unpacked to packed, of a part of more than a megabyte
_BLOCK = 65_536
# Others unpack as much as they like at one call, whatever is asked of them.
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
LONGEST_TAG = 1_000_000  # the parser starts anew on a tag that has not ended
DAY_ZERO = datetime(1899, 12, 30)
DAY_ZERO_1904 = datetime(1904, 1, 1)
_DATE_FORMATS = frozenset(
    {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
)
_PERCENT_FORMATS = (9, 10)
DAY, PERCENT = "day", "%"
_NOT_CODE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.')


@dataclass(slots=True)
class Book:
    """What cells refer to: shared texts, how styles show numbers, where days begin."""

    texts: list[str] = field(default_factory=list)
    shown: dict[int, str] = field(default_factory=dict)
    """Style to `DAY`, `PERCENT`, or as many zeros as a number has digits at least."""
    day_zero: datetime = DAY_ZERO
    sheet: str = ""


class Parts:
    """The parts of an archive, counted while they are unpacked."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left = MOST_UNPACKED
        entries = archive.infolist()
        if len(entries) > MOST_ENTRIES:
            raise hostile(f"It has {len(entries):,} parts.")
        self._entries = {entry.filename: entry for entry in entries}

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read(self, name: str, parser: expat.XMLParserType) -> None:
        """Feed a part to a parser, block by block; what it says of its size is not
        believed."""
        entry = self._entries.get(name)
        if entry is None:
            raise broken()
        if entry.compress_type not in _PACKINGS:
            raise hostile("A part of it is packed in a way that Excel does not use.")
        unpacked = 0
        with self._archive.open(entry) as part:
            while block := part.read(_BLOCK):
                unpacked += len(block)
                self._left -= len(block)
                packed = max(entry.compress_size, 1)
                if self._left < 0:
                    raise hostile("It holds more than 200 MB.")
                if unpacked > 1_000_000 and unpacked / packed > HIGHEST_RATIO:
                    raise hostile("A part of it is a hundred times what was sent.")
                parser.Parse(block, False)
                if unpacked - parser.CurrentByteIndex > LONGEST_TAG:
                    raise hostile("A tag of it never ends.")
        parser.Parse(b"", True)


def book_of(parts: Parts) -> Book:
    """Return what the cells of the first visible sheet refer to."""
    book = Book()
    places = _relations(parts)
    first = _first_sheet(parts, book)
    target = places.get(first, "")
    book.sheet = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    if "xl/sharedStrings.xml" in parts:
        book.texts = _shared_texts(parts)
    if "xl/styles.xml" in parts:
        book.shown = _styles(parts)
    return book


def _first_sheet(parts: Parts, book: Book) -> str:
    found: list[str] = []

    def start(name: str, given: dict[str, str]) -> None:
        if name == "workbookPr" and given.get("date1904") in ("1", "true"):
            book.day_zero = DAY_ZERO_1904
        elif name == "sheet" and given.get("state", "visible") == "visible":
            found.extend(id for key, id in given.items() if _local(key) == "id")

    parts.read("xl/workbook.xml", parser_of(start, most=MOST_REFERRED))
    if not found:
        raise ConfigurationProblem("The workbook has no visible sheet.")
    return found[0]


def _relations(parts: Parts) -> dict[str, str]:
    found: dict[str, str] = {}

    def start(name: str, given: dict[str, str]) -> None:
        if name == "Relationship":
            found[given.get("Id", "")] = given.get("Target", "")

    parser = parser_of(start, most=MOST_REFERRED)
    parts.read("xl/_rels/workbook.xml.rels", parser)
    return found


def _shared_texts(parts: Parts) -> list[str]:
    texts: list[str] = []
    now: list[str] = []
    state = {"in_text": False, "phonetic": False, "size": 0, "one": 0}

    def start(name: str, given: dict[str, str]) -> None:
        if name == "si":
            now.clear()
            state["one"] = 0
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
                raise hostile("Its texts are too long.")
            now.append(text)
            state["one"] += len(text)
            if state["one"] > LONGEST_CELL:
                raise hostile("One of its texts is longer than a cell can be.")

    parts.read("xl/sharedStrings.xml", parser_of(start, end, data))
    return texts


def _styles(parts: Parts) -> dict[int, str]:
    """Return how cell styles show a number, where that is not its digits alone."""
    own: dict[int, str] = {}
    formats: list[int] = []
    inside = {"cellXfs": False}

    def start(name: str, given: dict[str, str]) -> None:
        if name == "numFmt":
            own[whole(given.get("numFmtId"))] = given.get("formatCode", "")
        elif name == "cellXfs":
            inside["cellXfs"] = True
        elif name == "xf" and inside["cellXfs"]:
            formats.append(whole(given.get("numFmtId")))

    def end(name: str) -> None:
        if name == "cellXfs":
            inside["cellXfs"] = False

    parts.read("xl/styles.xml", parser_of(start, end, most=MOST_REFERRED))
    shown = ((place, _shown(n, own.get(n, ""))) for place, n in enumerate(formats))
    return {place: how for place, how in shown if how}


def _shown(number: int, code: str) -> str:
    """Return how a format of this number, or of this code, shows a number."""
    plain = _NOT_CODE.sub("", code.split(";")[0]).casefold()
    if number in _DATE_FORMATS or any(letter in plain for letter in "ymdh"):
        return DAY
    if number in _PERCENT_FORMATS or "%" in plain:
        return PERCENT
    return plain if re.fullmatch("0{2,20}", plain) else ""


def whole(text: str | None) -> int:
    """Return a whole number as XML writes it; 0 where it is none."""
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


_Start = Callable[[str, dict[str, str]], None]


def parser_of(
    start: _Start,
    end: Callable[[str], None] | None = None,
    data: Callable[[str], None] | None = None,
    most: int = MOST_ELEMENTS,
) -> expat.XMLParserType:
    """Return a parser that names elements without their namespace, and trusts no DTD."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    met = inside = 0

    def begin(name: str, given: dict[str, str]) -> None:
        nonlocal met, inside
        met, inside = met + 1, inside + 1
        if met > most:
            raise hostile("It has too many cells.")
        if inside > DEEPEST:
            raise hostile("Its parts lie too deep in each other.")
        start(_local(name) if ":" in name else name, given)

    def finish(name: str) -> None:
        nonlocal inside
        inside -= 1
        if end is not None:
            end(_local(name) if ":" in name else name)

    def refuse(*_: object) -> None:
        raise hostile("It defines entities of its own.")

    parser.StartElementHandler = begin
    parser.EndElementHandler = finish
    parser.CharacterDataHandler = data
    parser.StartDoctypeDeclHandler = refuse
    return parser


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def broken() -> ConfigurationProblem:
    """Return the refusal of what is no workbook after all."""
    return ConfigurationProblem(
        "The workbook cannot be read.",
        hint="Open it in Excel and save it as “Excel workbook (.xlsx)”.",
    )


def hostile(why: str) -> ConfigurationProblem:
    """Return the refusal of what is made to do harm."""
    return ConfigurationProblem(
        f"The workbook cannot be read: {why}",
        hint="Save the sheet alone as a CSV file, and send that.",
    )
