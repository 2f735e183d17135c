"""CSV out for products, territories and payees; what comes back is in `uploading`."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from crm_sync.ledger.models import Customer, Payee, Product, Service, Territory

Named = Product | Service | Territory | Customer

NAMED_COLUMNS = ("name", "active")
PAYEE_COLUMNS = ("payee", "name", "email", "employee_number", "title", "last_day")

# The wide forms of =, +, - and @ are the same to a spreadsheet in Japanese.
_STARTS_FORMULA = (
    *("=", "+", "-", "@", "\t", "\r", "\n"),
    *("\uff1d", "\uff0b", "\uff0d", "\uff20"),
)
_NUMBER = re.compile(r"[+-]?\d[\d.,]*%?")


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if text.startswith(_STARTS_FORMULA) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def plain_cell(text: str) -> str:
    """Return a cell as it was before `safe_cell`."""
    return text[1:] if text[:1] == "'" and safe_cell(text[1:]) == text else text


def csv_of(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV that may be opened in a spreadsheet without danger."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([safe_cell(cell) for cell in header])
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
    return text.getvalue()


def named_csv(rows: Iterable[Named]) -> str:
    """Return products, services, territories or customers with one column for each attribute."""
    listed = list(rows)
    keys = sorted({key for row in listed for key in row.attributes})
    return csv_of(
        [*NAMED_COLUMNS, *keys],
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
        [*PAYEE_COLUMNS, *keys],
        (
            [
                str(row.pk),
                row.name,
                row.email,
                row.employee_number,
                row.title,
                row.leaves_on.isoformat() if row.leaves_on else "",
                *(str(row.attributes.get(key, "")) for key in keys),
            ]
            for row in listed
        ),
    )
