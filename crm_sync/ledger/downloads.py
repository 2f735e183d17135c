"""Tables as downloads: CSV, or a workbook whose second sheet explains each column."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from crm_sync.cells import plain_cell
from crm_sync.workbooks.writing import WORKBOOK, Sheet, workbook_of


@dataclass(frozen=True, slots=True)
class About:
    """What a column holds, in words, and a value that shows its form."""

    says: str
    example: str = ""
    type: str = "text"


_DAY = "2026-11-04"
# The columns of our own lists; a file's reader knows them by the same names.
COLUMNS: Mapping[str, About] = {
    "payee": About(
        "The number of a payee who is here. Leave it empty to add one.", "7"
    ),
    "name": About("The name, as people say it.", "Maya Okafor"),
    "email": About("The e-mail address; the payee is known by it.", "maya@example.com"),
    "employee_number": About("The number that payroll knows the payee by.", "E-0042"),
    "title": About("What the payee does.", "Comfort advisor"),
    "last_day": About("The last day of somebody who leaves.", _DAY),
    "active": About("no: it is not offered any more, and its history stays.", "yes"),
    "of": About(
        "What the value is of: payee, product, service, territory, customer, business.",
        "payee",
    ),
    "key": About("The attribute's name, as formulas write it.", "base_salary"),
    "value": About("Its value from that day on; empty: none.", "60000"),
    "type": About("money, number, percent, text, date or yesno.", "money"),
    "from": About("The first day on which it holds.", _DAY),
    "to": About("The last day on which it holds; empty: until it changes.", ""),
    "reason": About("Why, for whoever reads it later.", "Parental leave"),
    "kind": About("product or service.", "product"),
    "sells": About("The product or service that the payee may sell.", "Heat pump"),
    "currency": About("The currency, as three letters.", "EUR"),
    "into": About("The currency that it is worth something in.", "USD"),
    "rate": About("What one unit is worth.", "1.08", "number"),
    "source": About("Who says so.", "European Central Bank"),
    "why": About("Why the row was refused. You may leave this column in the file."),
}


def table_answer(
    request: HttpRequest,
    text: str,
    name: str,
    *,
    about: Mapping[str, About] = COLUMNS,
    as_workbook: bool | None = None,
) -> HttpResponse:
    """Return a table as the CSV that it is, or as a workbook where `as=xlsx` asks."""
    if as_workbook is None:
        as_workbook = request.GET.get("as") == "xlsx"
    if as_workbook:
        return _download(_workbook(text, about), f"{name}.xlsx", WORKBOOK)
    return _download(text.encode(), f"{name}.csv", "text/csv; charset=utf-8")


def _workbook(text: str, about: Mapping[str, About]) -> bytes:
    rows = [
        [plain_cell(cell) for cell in row]
        for row in csv.reader(io.StringIO(text, newline=""))
    ]
    header = rows[0] if rows else []
    known = {name: about.get(name, COLUMNS.get(name, _OWN)) for name in header}
    numbers = {
        at for at, name in enumerate(header) if known[name].type in ("money", "number")
    }
    explained = [
        ["Column", "Holds", "What it is", "Such as"],
        *([name, one.type, one.says, one.example] for name, one in known.items()),
    ]
    return workbook_of([Sheet("Rows", rows, numbers), Sheet("Columns", explained)])


_OWN = About("A field of your own, under the name that formulas use.")


def _download(content: bytes, name: str, kind: str) -> HttpResponse:
    """Send a file that no browser opens as a page."""
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
