"""CSV in for payees and named things: looked at first, then row by row.

A column that the file does not have is left as it is, and an empty cell empties. So the
download sent back changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet

from commissions_saas.lib.errors import ProductError
from crm_sync.contract import field_name
from crm_sync.ledger import services
from crm_sync.ledger.changes import change_apart, changes_together
from crm_sync.ledger.errors import BadRow
from crm_sync.ledger.history import differences
from crm_sync.ledger.models import Customer, Payee, Product, Service, Territory
from crm_sync.ledger.once import finding_once, found_once
from crm_sync.ledger.sheets import TOLD_EVERY, WHY, RefusedRow, Tell, read_day
from crm_sync.ledger.tables import NAMED_COLUMNS, PAYEE_COLUMNS
from crm_sync.providers.files.columns import is_total
from crm_sync.providers.files.table import Table, read_table
from tenants.access import Member

MOST_ROWS = 20_000
_YES = ("yes", "true", "1", "")
_NO = ("no", "false", "0")
_CALLED = {"e_mail": "email", "email_address": "email", "full_name": "name"}
_LONGEST = {"name": 200, "email": 254, "employee_number": 40, "title": 100}

Cells = Mapping[str, str]

NAMED: Mapping[str, tuple[Any, Callable[..., Any]]] = {
    "products": (Product, services.create_product),
    "services": (Service, services.create_service),
    "territories": (Territory, services.create_territory),
    "customers": (Customer, services.create_customer),
}


@dataclass(frozen=True, slots=True)
class GoodRow:
    """A row that can be entered: what it is about, and what it would change."""

    line: int
    name: str
    words: str
    is_new: bool
    enter: Callable[[Member], object]
    cells: Cells = field(default_factory=dict)


@dataclass(slots=True)
class Preview:
    """What a file would change; rows that change nothing are only counted."""

    names: Sequence[str] = ()
    """The columns of the file."""
    rows: list[GoodRow] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    unchanged: int = 0

    @property
    def new(self) -> int:
        return sum(row.is_new for row in self.rows)

    @property
    def changed(self) -> int:
        return len(self.rows) - self.new


def look_at(kind: str, content: bytes) -> Preview:
    """Say what a file of payees, or of one of the `NAMED` lists, would change."""
    reader = _payee_reader() if kind == "payees" else _named_reader(kind)
    columns = PAYEE_COLUMNS if kind == "payees" else NAMED_COLUMNS
    table = read_table(content)
    preview = Preview(_names(table, columns))
    met: dict[object, int] = {}
    for row in _rows(table, preview.names):
        own, attributes = _apart(row.cells, columns)
        try:
            if row.fault:
                raise BadRow(row.fault)
            key, good = reader(row.line, own, attributes)
            if key in met:
                raise BadRow(f"Line {met[key]} is about {own['name']}, too.")
            met[key] = row.line
        except ProductError as problem:
            preview.refused.append(RefusedRow(row.line, row.cells, str(problem)))
            continue
        if good.words or good.is_new:
            preview.rows.append(replace(good, cells=row.cells))
        else:
            preview.unchanged += 1
    return preview


def enter(preview: Preview, by: Member, tell: Tell = lambda done, total: None) -> int:
    """Enter the good rows, all or none; what is refused only now joins the refused."""
    entered = 0
    with changes_together(), finding_once():
        for done, row in enumerate(preview.rows):
            if done % TOLD_EVERY == 0:
                tell(done, len(preview.rows))
            entered += _enter(row, preview, by)
    return entered


def _enter(row: GoodRow, preview: Preview, by: Member) -> bool:
    try:
        with change_apart():
            row.enter(by)
    except ProductError as problem:
        preview.refused.append(RefusedRow(row.line, row.cells, str(problem)))
        return False
    return True


Reader = Callable[[int, Cells, Cells], tuple[object, GoodRow]]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the file: its cells by column, and what is wrong with it."""

    line: int
    cells: Cells
    fault: str


def _names(table: Table, columns: Sequence[str]) -> list[str]:
    """Return the columns: our own by their names, others as attributes."""
    names = [_column(name, columns) for name in table.header]
    if "name" not in names:
        raise ProductError("The file has no column “name”.")
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ProductError(f"Two columns are the attribute {twice.pop()}.")
    return [name for name in names if name != WHY]


def _column(header: str, columns: Sequence[str]) -> str:
    name = header if header in columns else field_name(header)
    own = _CALLED.get(name, name)
    return own if own in columns else name


def _rows(table: Table, columns: Sequence[str]) -> Iterator[_Row]:
    header = [_column(name, columns) for name in table.header]
    for number, row in enumerate(table.rows()):
        if number >= MOST_ROWS:
            raise ProductError(f"The file has more than {MOST_ROWS:,} rows.")
        cells = list(row.cells)
        cells += [""] * (len(header) - len(cells))
        given = dict(zip(header, cells, strict=False))
        given.pop(WHY, None)  # why it was refused before is no attribute
        yield _Row(row.number, given, table.fault(row))


def _apart(given: Cells, columns: Sequence[str]) -> tuple[Cells, Cells]:
    """Return the cells of our own columns, and the attributes."""
    own = {name: value for name, value in given.items() if name in columns}
    return own, {name: value for name, value in given.items() if name not in columns}


def _named_reader(kind: str) -> Reader:
    model, make = NAMED[kind]
    have = {row.name: row for row in model.objects.all()}

    def read(line: int, cells: Cells, attributes: Cells) -> tuple[object, GoodRow]:
        name = _name(cells)
        row = have.get(name)
        active = _is_yes(
            cells.get("active", "yes" if row is None or row.active else "no")
        )
        kept = row.attributes if row is not None else {}
        merged = _merged(kept, attributes)

        def enter(by: Member) -> None:
            made = row or make(name=name, attributes=merged, by=by)
            services.edit_named(row=made, attributes=merged, active=active, by=by)

        words = ""
        if row is not None:
            before = {"attributes": row.attributes, "active": row.active}
            words = differences(before, {"attributes": merged, "active": active})
        return name, GoodRow(line, name, words, row is None, enter)

    return read


def _payee_reader() -> Reader:
    find = _Finder(_payees())

    def read(line: int, cells: Cells, attributes: Cells) -> tuple[object, GoodRow]:
        name = _name(cells)
        found = {**cells, "name": name}
        payee = find.payee(found)
        given: dict[str, Any] = {key: cells[key] for key in _LONGEST if key in cells}
        given["name"] = name
        if payee is None and is_total(name) and not given.get("email"):
            raise BadRow("This looks like a row of totals.")
        _check_lengths(given)
        if given.get("email"):
            given["email"] = _email(given["email"])
        if "last_day" in cells:
            given["leaves_on"] = read_day(cells["last_day"])
        if payee is None:
            leaves_on = given.pop("leaves_on", None)

            def add(by: Member) -> None:
                now = found_once("payees", lambda: _Finder(_payees()))
                if now.payee(found) is not None:
                    raise BadRow(f"{name} is here by now.", hint="Send it again.")
                made = services.create_payee(**given, attributes=attributes, by=by)
                if leaves_on is not None:
                    services.edit_payee(payee=made, leaves_on=leaves_on, by=by)

            key = given.get("email") or given.get("employee_number") or name
            return key, GoodRow(line, name, "", True, add)
        known = payee
        given["attributes"] = _merged(known.attributes, attributes)
        before = {key: getattr(known, key) for key in given}
        words = differences(before, given)
        change = GoodRow(
            line, name, words, False,
            lambda by: services.edit_payee(payee=known, by=by, **given),
        )  # fmt: skip
        return known.pk, change

    return read


def _payees() -> QuerySet[Payee]:
    return Payee.objects.filter(merged_into__isnull=True, hidden=False)


class _Finder:
    """Finds the payee that a row is about: by number, e-mail, employee number, name."""

    def __init__(self, payees: Iterable[Payee]) -> None:
        self._by: dict[tuple[str, str], list[Payee]] = {}
        for payee in payees:
            for key, value in (
                ("payee", str(payee.pk)),
                ("email", payee.email),
                ("employee_number", payee.employee_number),
                ("name", payee.name),
            ):
                if value:
                    self._by.setdefault((key, value.casefold()), []).append(payee)

    def payee(self, cells: Cells) -> Payee | None:
        """Return the payee, or None for a new one; refuse what may be several."""
        if cells.get("payee"):
            found = self._by.get(("payee", cells["payee"].casefold()), [])
            if not found:
                raise BadRow(
                    f"There is no payee number {cells['payee']}.",
                    hint="Leave the cell empty to add a payee.",
                )
            return found[0]
        for key in ("email", "employee_number", "name"):
            value = cells.get(key, "")
            found = self._by.get((key, value.casefold()), []) if value else []
            if len(found) > 1:
                raise BadRow(
                    f"{len(found)} payees have the {key.replace('_', ' ')} {value}.",
                    hint="Give the number that the download has.",
                )
            if found:
                return found[0]
        return None


def _merged(kept: Mapping[str, str], given: Cells) -> dict[str, str]:
    return services.clean_attributes({**kept, **given})


def _name(cells: Cells) -> str:
    name = " ".join(cells["name"].split())
    if not name:
        raise BadRow("The name is empty.")
    return name


def _check_lengths(given: Mapping[str, str]) -> None:
    for key, most in _LONGEST.items():
        if len(given.get(key, "")) > most:
            words = key.replace("_", " ")
            raise BadRow(f"The {words} is longer than {most} characters.")


def _email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise BadRow(f"“{text[:60]}” is no e-mail address.") from None
    return text.lower()


def _is_yes(text: str) -> bool:
    if text.casefold() in _YES + _NO:
        return text.casefold() in _YES
    raise BadRow(f"“{text[:20]}” is neither yes nor no.")
