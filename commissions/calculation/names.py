"""The names that every plan can read, whatever a source may send under them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from commissions.calculation.facts import ThingKind
from crm_sync.ledger.facts import ValueType

# Fields of an entry that the calculation answers itself.
OWN_FIELDS: Mapping[str, ValueType] = {
    "id": "text",
    "name": "text",
    "role": "text",
    "share": "percent",
    "occurred_on": "date",
    "lost_on": "date",
    "level": "number",
    "credited": "money",
}
# Days, and counts of days, that every formula may read beside the fields.
CALENDAR: Mapping[str, ValueType] = {
    "period.starts_on": "date",
    "period.ends_on": "date",
    "period.days": "number",
    "assignment.starts_on": "date",
    "assignment.ends_on": "date",
    "window.starts_on": "date",
    "window.ends_on": "date",
    "window.days": "number",
    "window.active_days": "number",
}
# What a repeated component reads besides, and what `keeps` reads of a lost entry.
NTH, EARNED = "nth", "earned"
THINGS: tuple[ThingKind, ...] = (
    "product",
    "service",
    "territory",
    "customer",
    "business",
)
# Payees whose fields are read too: the deal's owner, who is directly below in the chain
# above it, and the highest number that anybody below there has.
PEOPLE = ("owner", "below", "highest_below")

HELD_AS: Mapping[ValueType, type] = {
    "money": Decimal,
    "number": Decimal,
    "percent": Decimal,
    "text": str,
    "date": date,
    "yesno": bool,
}
TYPE_WORDS: Mapping[ValueType, str] = {
    "money": "an amount",
    "number": "a number",
    "percent": "a percentage",
    "text": "text",
    "date": "a date",
    "yesno": "yes or no",
}
