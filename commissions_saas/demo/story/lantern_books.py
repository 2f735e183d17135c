"""What Lantern's accounting sends: invoices for commercial policies, and their payments.

Most customers pay in time, some pay a half, one is late, and one invoice names a policy
that nobody has sold.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from commissions_saas.demo.story import lantern
from commissions_saas.demo.story.facts import cents

TAX = Decimal("0.08")
TERM = timedelta(days=30)
SINCE = date(2026, 9, 1)
A_MONTH = 5
UNHEARD_OF = "LP-2610-999"
INVOICE_COLUMNS = (
    "id",
    "name",
    "customer",
    "deal",
    "amount",
    "tax",
    "currency",
    "occurred_on",
    "due_on",
    "status",
)
PAYMENT_COLUMNS = ("id", "name", "invoice", "amount", "currency", "occurred_on")


@dataclass(frozen=True, slots=True)
class Invoice:
    """What a customer is asked to pay for a policy."""

    number: str
    policy: str
    customer: str
    premium: Decimal
    currency: str
    day: date
    paid: Decimal  # the share that came
    paid_on: date

    @property
    def tax(self) -> Decimal:
        """Return the tax on the premium."""
        return cents(self.premium * TAX)

    @property
    def amount(self) -> Decimal:
        """Return the premium with its tax."""
        return self.premium + self.tax


def invoices() -> list[Invoice]:
    """Return the invoices, the earliest first."""
    found = [_invoice(number, row) for number, row in enumerate(_chosen())]
    nobody = Invoice(
        number=f"F-{1000 + len(found)}",
        policy=UNHEARD_OF,
        customer="Bloor Street Dental",
        premium=Decimal("3120.00"),
        currency="CAD",
        day=date(2026, 10, 29),
        paid=Decimal(1),
        paid_on=date(2026, 11, 18),
    )
    return [*found, nobody]


def customers() -> Sequence[str]:
    """Return the names of everybody who got an invoice."""
    return sorted({one.customer for one in invoices()})


def _chosen() -> Iterator[dict[str, str]]:
    """Yield a few new commercial policies of each month, and the one in euros."""
    for first, (_, content) in lantern.files().items():
        if first < SINCE:
            continue
        sold = [
            row
            for row in csv.DictReader(io.StringIO(content.decode()))
            if row["kind"] == "New"
            and row["product"] == lantern.COMMERCIAL
            and not row["lost_on"]
        ]
        yield from sold[:A_MONTH]
        yield from (row for row in sold[A_MONTH:] if row["currency"] != "CAD")


def _invoice(number: int, row: dict[str, str]) -> Invoice:
    day = date.fromisoformat(row["won_on"]) + timedelta(days=1)
    paid_on = day + timedelta(days=18)
    came = Decimal(1)
    if number % 5 == 3:
        came = Decimal("0.5")
    if number == 1 or paid_on > lantern.LAST:
        came = Decimal(0)
    return Invoice(
        number=f"F-{1000 + number}",
        policy=row["id"],
        customer=row["name"],
        premium=cents(row["amount"]),
        currency=row["currency"],
        day=day,
        paid=came,
        paid_on=paid_on,
    )


def invoice_file() -> tuple[str, bytes]:
    """Return the name and content of the file of invoices."""
    rows = [
        {
            "id": one.number.lower(),
            "name": one.number,
            "customer": one.customer,
            "deal": one.policy,
            "amount": one.amount,
            "tax": one.tax,
            "currency": one.currency,
            "occurred_on": one.day,
            "due_on": one.day + TERM,
            "status": "sent",
        }
        for one in invoices()
    ]
    return "invoices-2026-11.csv", _csv(INVOICE_COLUMNS, rows)


def payment_file() -> tuple[str, bytes]:
    """Return the name and content of the file of payments."""
    rows = [
        {
            "id": f"pay-{one.number.lower()}",
            "name": f"Payment of {one.number}",
            "invoice": one.number,
            "amount": cents(one.amount * one.paid),
            "currency": one.currency,
            "occurred_on": one.paid_on,
        }
        for one in invoices()
        if one.paid
    ]
    return "payments-2026-11.csv", _csv(PAYMENT_COLUMNS, rows)


def _csv(columns: Sequence[str], rows: Sequence[dict[str, object]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
