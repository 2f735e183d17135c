"""Files of dated rows: looked at first, entered row by row, the bad ones sent back.

A file of refused rows has the columns of the file itself and says why, so that it can
be corrected and sent again.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from commissions_saas.lib.errors import ProductError
from crm_sync.ledger.changes import change_apart, changes_together
from crm_sync.ledger.errors import BadRow
from crm_sync.ledger.models import Payee
from crm_sync.ledger.once import finding_once
from crm_sync.ledger.tables import csv_of
from crm_sync.moments import as_day
from crm_sync.providers.files.numbers import (
    Numbers,
    is_shortened,
    numbers_of,
    shortened_words,
)
from crm_sync.providers.files.table import Table, read_table
from tenants.access import Member

MOST_ROWS = 20_000
WHY = "why"
PAYEE_COLUMNS = ("payee", "name", "email", "employee_number")

Cells = Mapping[str, str]
# Enters a row, and says whether that changed anything.
Enter = Callable[[Member], bool]
Read = Callable[[Cells], tuple[str, Enter]]
# Hears how many rows are entered, of how many.
Tell = Callable[[int, int], None]
TOLD_EVERY = 500


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a kind of file, and those without which it cannot be read."""

    names: tuple[str, ...]
    required: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    """Those that hold numbers, which other places write with a decimal comma."""


@dataclass(frozen=True, slots=True)
class GoodRow:
    """A row that can be entered, and what it says in words."""

    line: int
    cells: Cells
    words: str
    enter: Enter


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that cannot be entered, and why."""

    line: int
    cells: Cells
    why: str

    @property
    def text(self) -> str:
        """Return the row as a page shows it."""
        return ", ".join(value for value in self.cells.values() if value)[:120]


@dataclass(slots=True)
class Preview:
    """What a file would enter; once it is entered, how many rows changed something."""

    columns: Columns
    rows: list[GoodRow] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    changed: int = 0
    unchanged: int = 0
    unread: Sequence[str] = ()
    """Columns of the file that are none of ours."""


def look_at(content: bytes, columns: Columns, read: Read) -> Preview:
    """Read each row of a file; whatever is wrong with one is said beside it."""
    table = read_table(content)
    header = _header(table, columns)
    known = {*columns.names, WHY, ""}
    unread = [
        name for name, key in zip(table.header, header, strict=True) if key not in known
    ]
    preview = Preview(columns, unread=unread)
    with finding_once():
        for line, cells, wrong in _rows(table, header, columns):
            try:
                if wrong:
                    raise BadRow(wrong)
                words, enter_row = read(cells)
            except ProductError as problem:
                preview.refused.append(RefusedRow(line, cells, str(problem)))
            else:
                preview.rows.append(GoodRow(line, cells, words, enter_row))
    return preview


def enter(
    preview: Preview, by: Member, tell: Tell = lambda done, total: None
) -> Preview:
    """Enter the good rows, all or none; what is refused only now joins the refused."""
    with changes_together(), finding_once():
        for done, row in enumerate(preview.rows):
            if done % TOLD_EVERY == 0:
                tell(done, len(preview.rows))
            _enter(row, preview, by)
    return preview


def _enter(row: GoodRow, preview: Preview, by: Member) -> None:
    try:
        with change_apart():
            changed = row.enter(by)
    except ProductError as problem:
        preview.refused.append(RefusedRow(row.line, row.cells, str(problem)))
    else:
        preview.changed += changed
        preview.unchanged += not changed


def refused_csv(preview: Preview) -> str:
    """Return the refused rows as a file like the one that was sent, with reasons."""
    return rows_with_reasons(preview.columns.names, preview.refused)


def rows_with_reasons(names: Sequence[str], refused: Sequence[RefusedRow]) -> str:
    """Return refused rows under these columns, and why in a last one."""
    return csv_of(
        [*names, WHY],
        (
            [*(row.cells.get(name, "") for name in names), row.why]
            for row in sorted(refused, key=lambda row: row.line)
        ),
    )


def sheet_csv(columns: Columns, rows: Sequence[Mapping[str, str]]) -> str:
    """Return rows as the file that can be sent back."""
    names = columns.names
    return csv_of(names, ([row.get(name, "") for name in names] for row in rows))


def payee_cells(payee: Payee) -> dict[str, str]:
    """Return the cells that say which payee a row is about."""
    return {
        "payee": str(payee.pk),
        "name": payee.name,
        "email": payee.email,
        "employee_number": payee.employee_number,
    }


class PayeeFinder:
    """Finds the payee of a row: by number, e-mail, employee number, then name."""

    def __init__(self) -> None:
        self._by: dict[tuple[str, str], list[Payee]] = {}
        for payee in Payee.objects.filter(merged_into__isnull=True):
            for key, value in payee_cells(payee).items():
                if value:
                    self._by.setdefault((key, value.casefold()), []).append(payee)

    def payee(self, cells: Cells) -> Payee:
        """Return the payee; refuse a row about nobody, or about several."""
        for key in ("payee", "email", "employee_number", "name"):
            value = cells.get(key, "")
            if not value:
                continue
            found = self._by.get((key, value.casefold()), [])
            words = key.replace("_", " ").replace("payee", "number")
            if not found:
                raise BadRow(f"There is no payee with the {words} {value[:60]}.")
            if len(found) > 1:
                raise BadRow(
                    f"{len(found)} payees have the {words} {value[:60]}.",
                    hint="Give the number that the download has.",
                )
            self._require_one(found[0], cells)
            return found[0]
        raise BadRow("The row names no payee.", hint="Give a number, e-mail or name.")

    def _require_one(self, payee: Payee, cells: Cells) -> None:
        """Refuse a row whose cells name two people, as after a column was sorted."""
        for key in PAYEE_COLUMNS:
            value = cells.get(key, "")
            others = self._by.get((key, value.casefold()), [])
            if others and payee not in others:
                raise BadRow(
                    f"The row names two people, {payee.name} and {others[0].name}."
                )


def day_in(cells: Cells, name: str) -> date | None:
    """Return the day in a cell, or None where it is empty."""
    return read_day(cells.get(name, ""))


def read_day(text: str) -> date | None:
    """Return the day that a text names, or None where it is blank."""
    try:
        return as_day(text) if text else None
    except ValueError:
        raise BadRow(f"“{text[:20]}” is not a day like 2026-12-31.") from None


def needed_day(cells: Cells, name: str) -> date:
    """Return the day in a cell that must not be empty."""
    day = day_in(cells, name)
    if day is None:
        raise BadRow(f"The row has no day under “{name}”.")
    return day


def _header(table: Table, columns: Columns) -> list[str]:
    """Return the columns of a file under our names, each there once."""
    header = [name.strip().casefold().replace(" ", "_") for name in table.header]
    missing = [name for name in columns.required if name not in header]
    if missing:
        raise ProductError(
            f"The file has no column “{missing[0]}”.",
            hint=f"The columns are {', '.join(columns.names)}.",
        )
    twice = next((name for name in header if header.count(name) > 1), "")
    if twice:
        raise ProductError(f"Two columns are “{twice}”.", hint="Rename one of them.")
    return header


def _rows(
    table: Table, header: Sequence[str], columns: Columns
) -> Iterator[tuple[int, Cells, str]]:
    """Yield each row's number, its cells, and what is wrong with it as a row."""
    places = {at for at, name in enumerate(header) if name in columns.numbers}
    numbers = Numbers()
    if table.delimiter != ",":  # as places do that write a decimal comma
        others = {at for at in range(len(header)) if at not in places}
        rows = (row.cells for row in table.rows())
        numbers = numbers_of(rows, places, others, table.delimiter)
    for count, row in enumerate(table.rows()):
        if count >= MOST_ROWS:
            raise ProductError(f"The file has more than {MOST_ROWS:,} rows.")
        given = list(zip(header, row.cells, strict=False))
        doubts = [numbers.doubt(at, *pair) for at, pair in enumerate(given)]
        doubts += [
            shortened_words(*pair)
            for at, pair in enumerate(given)
            if at in places and is_shortened(pair[1])
        ]
        cells = {name: numbers.read(at, cell) for at, (name, cell) in enumerate(given)}
        yield (
            row.number,
            {name: cells[name] for name in columns.names if name in cells},
            table.fault(row) or next(filter(None, doubts), ""),
        )


class Once:
    """Refuses a second row that is about the same: which of them counts, nobody says."""

    def __init__(self) -> None:
        self._met: dict[Hashable, str] = {}

    def require(self, key: Hashable, words: str) -> None:
        """Remember what a row says, or refuse it."""
        if key in self._met:
            raise BadRow(f"Another row is about the same: {self._met[key]}.")
        self._met[key] = words
