"""A CSV file or a workbook as a source: each row is a record, each column a field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from commissions_saas.lib import clock
from crm_sync.contract import (
    ConfigurationProblem,
    ConnectionSettings,
    Cursor,
    Listing,
    MappedField,
    Page,
    Payload,
    Probe,
    RefusedRow,
    RemoteRecord,
    SourceField,
    SourceObject,
    SourceStatus,
    SourceUser,
    field_name,
)
from crm_sync.moments import as_moment, as_version
from crm_sync.money_signs import without_sign
from crm_sync.providers.files.columns import (
    EXAMPLE_ID,
    columns_of,
    currency_said,
    is_id,
    is_total,
    standard_name,
)
from crm_sync.providers.files.numbers import (
    Numbers,
    is_shortened,
    numbers_of,
    shortened_words,
)
from crm_sync.providers.files.table import Row, read_table
from crm_sync.workbooks.limits import LONGEST_CELL

_ROWS_PER_PAGE = 500
_LONGEST_ID = 200


class FileProvider:
    """Reads one file. Options: `content` (bytes), `object` (deal if not given),
    `name` (the file's), `uploaded_at` (a moment; the later upload wins)."""

    def __init__(self, settings: ConnectionSettings) -> None:
        options = settings.options
        content = options.get("content")
        if not isinstance(content, bytes):
            raise ConfigurationProblem(
                "Choose a file.", hint="It is a CSV file or an XLSX workbook."
            )
        self._object = str(options.get("object", "deal"))
        self._name = str(options.get("name", "file"))
        uploaded_at = str(options.get("uploaded_at", "")) or clock.now().isoformat()
        self._version = as_version(uploaded_at)
        self._table = read_table(content)
        self._id_at = _place_of_id(self._table.header, self._object)
        self._numbers = self._how_numbers_are_written()
        said = (currency_said(name, self._object) for name in self._table.header)
        self._said = {at: sign for at, sign in enumerate(said) if sign}
        self._money = set() if self._table.is_typed else self._places_of("money")

    def objects(self) -> tuple[SourceObject, ...]:
        """Return the one object that the file holds."""
        return (SourceObject(self._object, self._name),)

    def probe(self) -> Probe:
        """Count the rows."""
        rows = sum(1 for _ in self._table.rows())
        return Probe(organisation=self._name, users=0, deals=rows, currency="")

    def users(self) -> tuple[SourceUser, ...]:
        """Return nobody: a file has no directory."""
        return ()

    def statuses(self) -> tuple[SourceStatus, ...]:
        """Return nothing: a file has no stages."""
        return ()

    def fields(self, object: str) -> tuple[SourceField, ...]:
        """Return the file's columns; those with our own names have our types."""
        types = {column.name: column.type for column in columns_of(object)}
        return tuple(
            SourceField(
                object, name, name, types.get(standard_name(name, self._object), "text")
            )
            for name in self._table.header
        )

    def default_mapping(
        self, object: str, fields: Sequence[SourceField]
    ) -> tuple[MappedField, ...]:
        """Suggest each column for the field of its name."""
        mapped: dict[str, MappedField] = {}
        # A column of our own name is meant before one that is called otherwise.
        fields = sorted(
            fields, key=lambda f: field_name(f.key) != standard_name(f.key, object)
        )
        currency = next((f.key for f in fields if _is_currency(f)), "")
        for field in fields:
            if is_id(field.key, object):
                continue
            name = standard_name(field.key, object)
            money = field.type == "money"
            mapped.setdefault(
                name,
                MappedField(
                    field=name,
                    source=field.key,
                    type=field.type,
                    currency_from=currency if money else "",
                    label=field.label,
                ),
            )
        return tuple(mapped.values())

    def pages(self, object: str, cursor: Cursor) -> Iterator[Page]:
        """Yield the rows after the cursor's; a row that cannot be a record is
        refused alone."""
        self._must_hold(object)
        return self._pages(int(cursor.get("line") or 0))

    def read_one(self, object: str, external_id: str) -> RemoteRecord | None:
        """Return the row with this id."""
        self._must_hold(object)
        for page in self._pages(0):
            for record in page.records:
                if record.external_id == external_id:
                    return record
        return None

    def listed_ids(self, object: str) -> Listing:
        """Return the file's ids, never as complete: a file may hold a part only."""
        self._must_hold(object)
        records = [record for page in self._pages(0) for record in page.records]
        versions = {record.external_id: record.version for record in records}
        return Listing(versions, complete=False)

    def record_url(self, record: RemoteRecord) -> str:
        """Return "": nothing can be opened."""
        return ""

    def _pages(self, after: int) -> Iterator[Page]:
        total = sum(1 for _ in self._table.rows())
        last = after
        seen: dict[str, int] = {}
        records: list[RemoteRecord] = []
        refused: list[RefusedRow] = []
        for row in self._table.rows():
            made = self._record(self._plain(row), seen)
            if row.number <= after:
                continue
            if isinstance(made, RemoteRecord):
                records.append(made)
            else:
                refused.append(made)
            if len(records) + len(refused) == _ROWS_PER_PAGE:
                cursor = {"line": str(row.number)}
                yield Page(
                    tuple(records), cursor, True, total=total, refused=tuple(refused)
                )
                records, refused = [], []
            last = row.number
        cursor = {"line": str(last)}
        yield Page(tuple(records), cursor, False, total=total, refused=tuple(refused))

    def _how_numbers_are_written(self) -> Numbers:
        """Return which of the columns have a comma before the decimals."""
        money, texts = self._places_of("money"), self._places_of("text", "date")
        # Several amounts in a cell have commas between them.
        names = enumerate(self._table.header)
        texts |= {at for at, name in names if name.endswith("amounts")}
        rows = (row.cells for row in self._table.rows())
        sign = self._table.delimiter
        found = numbers_of(rows, money, texts | {self._id_at}, sign)
        if self._table.is_typed and found.with_comma:
            # Cells that are numbers have a point; those that are texts show no way.
            return Numbers(doubtful=frozenset(money))
        return found

    def _places_of(self, *types: str) -> set[int]:
        """Return where columns stand that are known to hold values of these types."""
        known = {column.name: column.type for column in columns_of(self._object)}
        return {
            at
            for at, name in enumerate(self._table.header)
            if known.get(standard_name(name, self._object)) in types
        }

    def _plain(self, row: Row) -> Row:
        if not self._numbers.with_comma and not self._said:
            return row
        cells = [self._numbers.read(at, cell) for at, cell in enumerate(row.cells)]
        for at, sign in self._said.items():  # as if it stood beside each amount
            if at < len(cells) and cells[at] and not without_sign(cells[at])[1]:
                cells[at] = f"{sign} {cells[at]}"
        return Row(row.number, tuple(cells))

    def _record(self, row: Row, seen: dict[str, int]) -> RemoteRecord | RefusedRow:
        id = row.cells[self._id_at] if self._id_at < len(row.cells) else ""
        names = self._table.header
        payload: Payload = {
            name: cell for name, cell in zip(names, row.cells, strict=False) if cell
        }
        reason, field = self._problem(row, id, seen)
        if reason:
            return RefusedRow(
                self._object, reason, field, row.number, id[:200], payload
            )
        seen[id] = row.number
        return RemoteRecord(
            object=self._object,
            external_id=id,
            version=self._version,
            payload=payload,
            changed_at=as_moment(self._version),
        )

    def _problem(self, row: Row, id: str, seen: dict[str, int]) -> tuple[str, str]:
        """Return why this row cannot be a record, and in which column."""
        names = self._table.header
        at = self._id_at
        id_name = names[at]
        fault = self._table.fault(row)
        if fault:
            return fault, ""
        for name, cell in zip(names, row.cells, strict=False):
            if len(cell) > LONGEST_CELL:
                return f"“{name}” is longer than {LONGEST_CELL:,} characters.", name
        if not id:
            return f"“{id_name}” is blank, so the row cannot be told apart.", id_name
        if len(id) > _LONGEST_ID or not re.fullmatch(r"[^\x00-\x1f]+", id):
            return f"“{id_name}” is not a usable id.", id_name
        if id == EXAMPLE_ID:
            return "This is the example row of the template.", id_name
        if is_shortened(id):
            return (
                f"“{id_name}” {id} is an id that a spreadsheet has shortened.",
                id_name,
            )
        if is_total(id):
            return "This looks like a row of totals.", id_name
        if len(names) > 1 and not any(row.cells[:at] + row.cells[at + 1 :]):
            return f"The row has nothing but “{id[:40]}”.", id_name
        for place, (name, cell) in enumerate(zip(names, row.cells, strict=False)):
            doubt = self._numbers.doubt(place, name, cell)
            if doubt:
                return doubt, name
            if place in self._money and is_shortened(cell):
                return shortened_words(name, cell), name
        if id in seen:
            return f"“{id_name}” {id} is on line {seen[id]} already.", id_name
        return "", ""

    def _must_hold(self, object: str) -> None:
        if object != self._object:
            raise ConfigurationProblem(
                f"The file holds records of the kind “{self._object}”, not “{object}”."
            )


def _place_of_id(header: tuple[str, ...], object: str) -> int:
    for place, name in enumerate(header):
        if is_id(name, object):
            return place
    raise ConfigurationProblem(
        "The file has no column named “id”.",
        hint="Each row needs an id that stays the same when the file is sent again. "
        f"The first line names the columns; here it says: {', '.join(header[:20])}.",
    )


def _is_currency(field: SourceField) -> bool:
    return field_name(field.key) == "currency"
