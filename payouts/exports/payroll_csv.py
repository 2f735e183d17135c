"""Payroll CSV: a row for each payee, an amount that payroll adds to the pay.

A blank means untouched and a zero would overwrite, so no zero is ever written. Text
cells that a spreadsheet would run as a formula are made plain text.
"""

import csv
import io
from decimal import Decimal

from payouts.exports.rows import MadeFile, RunToPay

NAME = "payroll_csv"
LABEL = "Payroll CSV"
COLUMNS = (
    "employee_number",
    "name",
    "email",
    "commission",
    "currency",
    "period",
    "pay_date",
    "run",
)
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def make(run: RunToPay) -> MadeFile:
    """Write the file, read it back, and report what the reading found."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in run.rows:
        if row.amount <= 0:
            continue
        writer.writerow(
            [
                plain(row.employee_number),
                plain(row.payee_name),
                plain(row.email),
                f"{row.amount:f}",
                run.currency,
                run.period,
                run.pays_on.isoformat(),
                str(run.number),
            ]
        )
    content = text.getvalue().encode("utf-8")
    rows, total = read_back(content)
    name = f"{run.business}-{run.period}-run-{run.number}.csv"
    return MadeFile(name=name, content=content, rows=rows, total=total)


def read_back(content: bytes) -> tuple[int, Decimal]:
    """Return the count and the total of the amounts in a file."""
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))
    return len(rows), sum((Decimal(row["commission"]) for row in rows), Decimal(0))


def plain(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    flat = " ".join(text.split())
    return "'" + flat if flat.startswith(_STARTS_A_FORMULA) else flat
