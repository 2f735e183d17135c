"""CSV out for products, territories and payees; what comes back is in `uploading`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from crm_sync.cells import safe_cell
from crm_sync.ledger.models import Customer, Payee, Product, Service, Territory

Named = Product | Service | Territory | Customer

NAMED_COLUMNS = ("name", "active")
PAYEE_COLUMNS = ("payee", "name", "email", "employee_number", "title", "last_day")


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
