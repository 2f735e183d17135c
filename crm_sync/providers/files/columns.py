"""The columns that a file may have, and a template that has them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from crm_sync.contract import field_name
from crm_sync.money_signs import named_in

EXAMPLE_ID = "example"
_IDS = {"id", "external_id", "record_id"}
_OWN_IDS = {"deal": {"opportunity_id"}}


@dataclass(frozen=True, slots=True)
class Column:
    """A column that we know by name, with a value that shows its form."""

    name: str
    type: str
    example: str


_COMMON = (
    Column("id", "text", EXAMPLE_ID),
    Column("name", "text", "Delgado residence"),
)
_COLUMNS = {
    "deal": (
        *_COMMON,
        Column("amount", "money", "18400.00"),
        Column("currency", "text", "USD"),
        Column("won_on", "date", "2026-11-04"),
        Column("lost_on", "date", ""),
        Column("status", "text", "Won"),
        Column("status_type", "text", "won"),
        Column("owner", "text", "maya@example.com"),
        Column("product", "text", "System replacement"),
        Column("territory", "text", "Austin North"),
    ),
    "meeting": (
        *_COMMON,
        Column("held_on", "date", "2026-11-04"),
        Column("status", "text", "completed"),
        Column("owner", "text", "maya@example.com"),
    ),
    "invoice": (
        Column("id", "text", EXAMPLE_ID),
        Column("name", "text", "INV-1042"),
        Column("customer", "text", "C-17"),
        Column("deal", "text", "the deal's id"),
        Column("amount", "money", "18400.00"),
        Column("tax", "money", "1400.00"),
        Column("currency", "text", "USD"),
        Column("occurred_on", "date", "2026-11-05"),
        Column("due_on", "date", "2026-12-05"),
        Column("status", "text", "sent"),
        Column("paid", "money", "0.00"),
        Column("paid_on", "date", ""),
    ),
    "payment": (
        Column("id", "text", EXAMPLE_ID),
        Column("name", "text", "PAY-88"),
        Column("invoice", "text", "INV-1042"),
        Column("amount", "money", "18400.00"),
        Column("currency", "text", "USD"),
        Column("occurred_on", "date", "2026-11-20"),
    ),
}
# What other systems call the columns that we know.
_ALIASES = {
    "deal_name": "name",
    "opportunity_name": "name",
    "title": "name",
    "value": "amount",
    "deal_value": "amount",
    "price": "amount",
    "close_date": "won_on",
    "date_won": "won_on",
    "won_date": "won_on",
    "won_time": "won_on",
    "date_lost": "lost_on",
    "lost_date": "lost_on",
    "owner_email": "owner",
    "rep": "owner",
    "sales_rep": "owner",
    "deal_owner": "owner",
    "opportunity_owner": "owner",
    "user": "owner",
    "stage": "status",
    "deal_stage": "status",
}


# Days that an export gives open deals, too: when they are hoped to be won.
HOPED_FOR = ("close_date",)

# What each record of a kind needs, so that it can count.
NEEDED = {
    "deal": ("amount", "won_on", "owner"),
    "invoice": ("amount", "occurred_on"),
    "payment": ("amount", "occurred_on"),
}

# What each column holds, for whoever fills a file in.
SAYS = {
    "id": "Tells rows apart; the same id changes the same record. Never leave it empty.",
    "name": "What people call it.",
    "amount": "The amount, with a point before the cents.",
    "tax": "How much of the amount is tax.",
    "currency": "Three letters in each row; without this column, that of the business.",
    "won_on": "The day on which it was won; it pays in the period of this day.",
    "lost_on": "The day on which it was lost.",
    "occurred_on": "The day that it is of.",
    "paid": "How much of it was paid, where payments are not sent.",
    "paid_on": "The day on which it was paid, where payments are not sent.",
    "due_on": "The day until which it is to be paid.",
    "held_on": "The day on which it took place.",
    "status": "The stage, in your words.",
    "status_type": "won, lost or active: a deal counts while it is won.",
    "owner": "Who sold it: the e-mail address or the name of a payee.",
    "product": "What was sold.",
    "territory": "Where it was sold.",
    "customer": "The customer's id or name.",
    "deal": "The id of the deal that it belongs to.",
    "invoice": "The id of the invoice that it belongs to.",
}


_TOTALS = frozenset(
    [
        "total",
        "totals",
        "grand total",
        "overall total",
        "subtotal",
        "sub-total",
        "sum",
        "average",
        "count",
        "summe",
        "gesamt",
        "gesamtsumme",
        "zwischensumme",
        "total général",
        "totaal",
        "totale",
        "suma",
    ]
)


def is_total(text: str) -> bool:
    """Say whether a text is what rows of totals begin with."""
    return text.casefold().strip(" :") in _TOTALS


def columns_of(object: str) -> tuple[Column, ...]:
    """Return the columns known for an object; any object has an id and a name."""
    return _COLUMNS.get(object, _COMMON)


def is_id(header: str, object: str) -> bool:
    """Tell whether a column is the one that tells records of a kind apart: a deal's id
    is one in a file of deals, and in one of invoices it names the deal."""
    ids = _IDS | {f"{object}_id"} | _OWN_IDS.get(object, set())
    return field_name(header) in ids


def standard_name(header: str, object: str) -> str:
    """Return the name under which a column's values are known here."""
    bare, _ = _money_column(header, object)
    name = field_name(bare)
    named = name.removesuffix("_id")
    if named in ("deal", "invoice", "customer") and object in ("invoice", "payment"):
        return named
    return _ALIASES.get(name, name)


def currency_said(header: str, object: str) -> str:
    """Return the currency that the name of a column of amounts says, or ""."""
    return _money_column(header, object)[1]


def _money_column(header: str, object: str) -> tuple[str, str]:
    """Take the currency out of the name of a column that we know to hold amounts."""
    bare, sign = named_in(header)
    name = field_name(bare)
    money = {column.name for column in columns_of(object) if column.type == "money"}
    return (bare, sign) if _ALIASES.get(name, name) in money else (header, "")


def template(object: str, more: Sequence[str] = ()) -> str:
    """Return a CSV file to fill in: a header, and one row that shows the form.

    The example row is never read as a record, so it need not be taken out.
    """
    columns = columns_of(object)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*(column.name for column in columns), *more])
    writer.writerow([*(column.example for column in columns), *("" for _ in more)])
    return text.getvalue()
