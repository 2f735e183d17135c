"""Reads a CSV file or a workbook, and says in words what is wrong with it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from crm_sync.cells import plain_cell
from crm_sync.contract import ConfigurationProblem
from crm_sync.workbooks.apart import read_apart
from crm_sync.workbooks.limits import (
    LARGEST_FILE,
    LONGEST_NAME,
    MOST_COLUMNS,
    MOST_ROWS,
    too_many_rows,
)

_ARCHIVE = b"PK\x03\x04"
_MOST_SIGNS = 1_000_000  # between cells; commas in texts look the same
_SAYS_SIGN = re.compile(r'"?sep=([,;|\t])"?[ \t]*(?:\r\n|\n|\r)', re.IGNORECASE)
_DELIMITERS = ",;\t|"
_SAVE_AS = "In Excel: File → Save as → “CSV UTF-8 (comma delimited)”."
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # as Excel's “Unicode Text” begins
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FOREIGN = re.compile(r"\w*[^\W\x00-\x7f]\w*")
_ERRORS = frozenset(
    [
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NUM!",
        "#NULL!",
        "#SPILL!",
        "#CALC!",
    ]
)
_KINDS = (
    (b"\xd0\xcf\x11\xe0", "This is an old Excel workbook, or one with a password."),
    (b"%PDF", "This is a PDF, not a CSV file."),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file: its number as an editor shows it, and its cells."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A file that has a header; its rows are read one by one."""

    header: tuple[str, ...]
    text: str
    delimiter: str
    is_typed: bool = False
    """A workbook knows itself which of its cells are numbers."""
    skipped: int = 0
    """How many lines stand before the header."""

    def rows(self) -> Iterator[Row]:
        """Yield the rows that are not blank."""
        lines = _lines(self.text, self.delimiter, self.skipped)
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        begins = self.skipped + 1
        try:
            for number, cells in enumerate(reader):
                if number > MOST_ROWS:
                    raise too_many_rows()
                row = Row(begins, tuple(self._plain(cell.strip()) for cell in cells))
                begins = self.skipped + reader.line_num + 1
                if number and any(row.cells):
                    yield row
        except csv.Error as problem:
            raise _unreadable(begins, problem) from None

    def _plain(self, cell: str) -> str:
        return cell if self.is_typed else plain_cell(cell)

    def fault(self, row: Row) -> str:
        """Say what is wrong with a row, whatever its cells mean, or return ""."""
        found, columns = len(row.cells), len(self.header)
        if any(row.cells[columns:]):
            return f"The row has {found} cells, but there are {columns} columns."
        for name, cell in zip(self.header, row.cells, strict=False):
            if cell in _ERRORS:
                return f"“{name}” is {cell}, an error of the spreadsheet."
        return ""


def read_table(content: bytes) -> Table:
    """Return a file as a table; ConfigurationProblem says why it is none."""
    return table_of(text_of_file(content), is_typed=is_workbook(content))


def table_of(text: str, *, is_typed: bool = False) -> Table:
    """Return CSV as a table; which sign is between the cells shows its first line, or
    one before it, which Excel reads, too."""
    plain = text.lstrip("\r\n")
    said = None if is_typed else _SAYS_SIGN.match(plain)
    plain = plain[said.end() :] if said else plain
    first = plain.split("\n", 1)[0]
    if not first.strip():
        raise ConfigurationProblem(
            "The file is empty.", hint="Its first line names the columns."
        )
    skipped = len(text[: len(text) - len(plain)].splitlines())
    sign = "," if is_typed else max(_DELIMITERS, key=first.count)
    sign = said.group(1) if said else sign
    try:
        header = next(csv.reader(_lines(plain, sign, skipped), delimiter=sign))
    except csv.Error as problem:
        raise _unreadable(skipped + 1, problem) from None
    return Table(_names(header), plain, sign, is_typed, skipped)


def is_workbook(content: bytes) -> bool:
    """Say whether a file is an archive, as workbooks are, and not text."""
    return content.startswith(_ARCHIVE)


def text_of_file(content: bytes) -> str:
    """Return a file's text, that of a workbook as CSV; refuse what is neither."""
    if len(content) > LARGEST_FILE:
        raise ConfigurationProblem(
            "The file is larger than 20 MB.", hint="Split it into several files."
        )
    if is_workbook(content):
        return read_apart(content)
    for start, message in _KINDS:
        if content.startswith(start):
            raise ConfigurationProblem(message, hint=_SAVE_AS)
    text = _decoded(content)
    if "\x00" in text:
        raise ConfigurationProblem("This is not a text file.", hint=_SAVE_AS)
    return text


def note_of(content: bytes) -> str:
    """Return what a person must know of how a file was read, or ""."""
    if is_workbook(content) or content.startswith(_UTF_16) or _is_utf_8(content):
        return ""
    found = _FOREIGN.search(_decoded(content))
    such = f", such as “{found[0][:40]}”" if found else ""
    return (
        "The file is not in UTF-8, and was read as Windows-1252, as Excel writes it. "
        f"Look whether names are right{such}."
    )


def _decoded(content: bytes) -> str:
    """Return bytes as text: UTF-8, UTF-16 that says so, or Windows-1252."""
    if content.startswith(_UTF_16):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError:
            message = "The file begins as UTF-16 and is not."
            raise ConfigurationProblem(message, hint=_SAVE_AS) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
    refused = ConfigurationProblem(
        f"Line {line} has a character that is not UTF-8.", hint=_SAVE_AS
    )
    if not content.decode("utf-8", "ignore").isascii():
        raise refused  # the rest is UTF-8: it would be read as signs that nobody wrote
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        raise refused from None
    if _NO_TEXT.search(text):
        raise refused
    return text


def _is_utf_8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _lines(text: str, delimiter: str, skipped: int) -> Iterator[str]:
    """Yield the lines; one of millions of cells would fill the memory as a row."""
    for number, line in enumerate(io.StringIO(text, newline=""), skipped + 1):
        if line.count(delimiter) > _MOST_SIGNS:
            raise ConfigurationProblem(f"Line {number} has far too many cells.")
        yield line


def _names(header: list[str]) -> tuple[str, ...]:
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise ConfigurationProblem(
            f"The file has {len(names)} columns; at most {MOST_COLUMNS} can be read."
        )
    seen: set[str] = set()
    for number, name in enumerate(names, start=1):
        if len(name) > LONGEST_NAME:
            raise ConfigurationProblem(
                f"Column {number} has a name of more than {LONGEST_NAME} characters."
            )
        if not name:
            raise ConfigurationProblem(
                f"Column {number} has no name.", hint="The first line names each one."
            )
        if name.casefold() in seen:
            raise ConfigurationProblem(
                f"Two columns are named “{name}”.", hint="Rename one of them."
            )
        seen.add(name.casefold())
    return tuple(names)


def _unreadable(line: int, problem: csv.Error) -> ConfigurationProblem:
    if "field larger" in str(problem):
        return ConfigurationProblem(f"Line {line} has a cell that is far too long.")
    return ConfigurationProblem(
        f"From line {line} on the file cannot be read: {problem}.",
        hint="A quotation mark that is opened there may never be closed.",
    )
