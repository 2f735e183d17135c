"""CSV out and in for products, territories and payees."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from commissions_saas.lib.errors import ProductError
from crm_sync.ledger import services
from crm_sync.ledger.models import Payee, Product, Territory
from crm_sync.providers.files.table import read_table
from tenants.access import Member

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?\d[\d.,]*%?")


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if text.startswith(_STARTS_FORMULA) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def csv_of(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV that may be opened in a spreadsheet without danger."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([safe_cell(cell) for cell in header])
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
    return text.getvalue()


def named_csv(rows: Iterable[Product | Territory]) -> str:
    """Return products or territories with one column for each attribute."""
    listed = list(rows)
    keys = sorted({key for row in listed for key in row.attributes})
    return csv_of(
        ["name", "active", *keys],
        (
            [
                row.name,
                "yes" if row.active else "no",
                *(str(row.attributes.get(key, "")) for key in keys),
            ]
            for row in listed
        ),
    )


def payees_csv(rows: Iterable[Payee]) -> str:
    """Return payees with one column for each attribute."""
    listed = list(rows)
    keys = sorted({key for row in listed for key in row.attributes})
    return csv_of(
        ["name", "email", "employee_number", "title", *keys],
        (
            [
                row.name,
                row.email,
                row.employee_number,
                row.title,
                *(str(row.attributes.get(key, "")) for key in keys),
            ]
            for row in listed
        ),
    )


@dataclass(slots=True)
class Imported:
    """What became of the rows of a file."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    problems: list[str] = field(default_factory=list)


def import_named(
    *, model: type[Product] | type[Territory], content: bytes, by: Member
) -> Imported:
    """Add products or territories and change attributes, row by row, by their name."""
    table = read_table(content)
    done = Imported()
    if "name" not in table.header:
        raise ProductError("The file has no column “name”.")
    for row in table.rows():
        cells = dict(zip(table.header, row.cells, strict=False))
        name = cells.pop("name", "")
        active = cells.pop("active", "yes").casefold() not in ("no", "false", "0")
        try:
            with transaction.atomic():
                _import_named(model, name, active, cells, done, by)
        except ProductError as problem:
            done.problems.append(f"Line {row.number}: {problem}")
    return done


def _import_named(
    model: type[Product] | type[Territory],
    name: str,
    active: bool,
    attributes: dict[str, str],
    done: Imported,
    by: Member,
) -> None:
    have = model.objects.filter(name=name).first()
    if have is None:
        make = (
            services.create_product if model is Product else services.create_territory
        )
        made = make(name=name, attributes=attributes, by=by)
        if not active:
            services.edit_named(row=made, attributes=attributes, active=False, by=by)
        done.new += 1
        return
    before = (have.attributes, have.active)
    merged = {**have.attributes, **attributes}
    services.edit_named(row=have, attributes=merged, active=active, by=by)
    same = before == (have.attributes, have.active)
    done.unchanged += same
    done.changed += not same
