"""Values as text and back: JSON keeps text, the catalogue keeps the type."""

from datetime import date
from decimal import Decimal

from commissions_saas.lib.money import NotAnAmount, parse_decimal
from crm_sync.ledger.facts import Value, ValueType

TYPES: tuple[ValueType, ...] = ("money", "number", "percent", "text", "date", "yesno")


def to_text(value: Value) -> str:
    """Write a value as text that reads back as the same value."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat()


def to_value(text: str, type_: str) -> Value | None:
    """Read a text that `to_text` wrote; None where it is not of this type."""
    if type_ in ("money", "number", "percent"):
        try:
            return parse_decimal(text)
        except NotAnAmount:
            return None
    if type_ == "date":
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    if type_ == "yesno":
        return text == "yes"
    return text


def for_people(value: Value | None, type_: str) -> str:
    """Write a value as people read it: `41,250.00`, `9 Nov 2026`, `50 %`, `yes`."""
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        if type_ == "percent":
            return f"{trimmed(value * 100)} %"
        return f"{value:,.2f}" if type_ == "money" else trimmed(value)
    if isinstance(value, date):
        return f"{value.day} {value:%b %Y}"
    return value


def trimmed(number: Decimal) -> str:
    """Write a number without zeros that say nothing: 50, not 50.00."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
