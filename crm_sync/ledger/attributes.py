"""Attributes as formulas know them: `payee.salary`, `product.family`, with a type each.

The first value decides the type, unless one is given; later values must be of it.
"""

from collections.abc import Collection, Mapping

from commissions_saas.lib.money import NotAnAmount, parse_decimal
from crm_sync.contract import field_name
from crm_sync.ledger import errors
from crm_sync.ledger.catalogue import fields_known, save_fields
from crm_sync.ledger.facts import FieldFact, Value, ValueType
from crm_sync.ledger.models import AttributeValue, Field
from crm_sync.ledger.values import TYPES, to_text, to_value

NUMBERS: tuple[ValueType, ...] = ("money", "number", "percent")
WORDS: Mapping[ValueType, str] = {
    "money": "an amount",
    "number": "a number",
    "percent": "a percentage",
    "text": "text",
    "date": "a day like 2026-12-31",
    "yesno": "yes or no",
}


def declared_key(
    kind: str, label: str, value: str, type_: ValueType | None
) -> tuple[str, ValueType]:
    """Return the name and type under which formulas read an attribute.

    A new one joins the catalogue. Numbers may change between amount, number and
    percentage; any other type stands once there are values of it.
    """
    key = _key(label)
    if type_ is not None and type_ not in TYPES:
        raise errors.BadAttribute(
            f"“{type_}” is not a type.", hint=f"Types are {', '.join(TYPES)}."
        )
    row = Field.objects.filter(object=kind, key=key).first()
    have = next((known for known in TYPES if row and known == row.type), None)
    wanted = type_ or have or type_of(value)
    if have is not None and wanted != have:
        both = have in NUMBERS and wanted in NUMBERS
        if not both and AttributeValue.objects.filter(kind=kind, key=key).exists():
            raise errors.BadAttribute(
                f"{kind}.{key} is {have}, and has values.",
                hint="Choose another name for another type.",
            )
    if wanted != have:
        save_fields([FieldFact(kind, key, " ".join(label.split()), wanted)])
    return key, wanted


def read_value(key: str, value: str, type_: ValueType) -> str:
    """Return a value as the text that is kept; refuse one that is not of its type."""
    text = value.strip()
    if type_ == "yesno":
        text = text.casefold()
        if text not in ("yes", "no"):
            raise _wrong(key, value, type_)
        return text
    if not text or len(text) > 500:
        raise errors.BadAttribute(f"{key} needs a value of at most 500 characters.")
    if type_ == "money" and text.endswith("%"):
        raise _wrong(key, value, type_)
    read = to_value(_whole(text) if type_ in NUMBERS else text, type_)
    if read is None:
        raise _wrong(key, value, type_)
    return to_text(read)


def type_of(value: str) -> ValueType:
    """Guess a type: a number where it is one, a percentage, a day, yes or no, text.

    007 is no number: whoever writes the zeros needs them.
    """
    text = value.strip()
    if text.endswith("%") and to_value(_whole(text), "percent") is not None:
        return "percent"
    if text.casefold() in ("yes", "no"):
        return "yesno"
    guesses: tuple[ValueType, ...] = ("number", "date")
    if text[:1] == "0" and text[1:2].isdecimal():
        guesses = ("date",)
    return next(
        (type_ for type_ in guesses if to_value(text, type_) is not None), "text"
    )


def declare_new(kind: str, attributes: Mapping[str, str]) -> None:
    """Offer attributes to formulas that the catalogue does not have yet."""
    have = set(Field.objects.filter(object=kind).values_list("key", flat=True))
    new = [
        FieldFact(kind, key, key.replace("_", " ").capitalize(), type_of(text))
        for key, text in attributes.items()
        if key not in have
    ]
    if new:
        save_fields(new)


def types_of(
    kinds: Collection[str], change: int | None = None
) -> dict[tuple[str, str], str]:
    """Return the declared types of attributes by kind and key, as `fields_known`."""
    return {
        (field.object, field.key): field.type for field in fields_known(change, kinds)
    }


def typed(
    kind: str, key: str, text: str, types: Mapping[tuple[str, str], str]
) -> Value:
    """Read an attribute by its declared type; else as a number, a day, or text."""
    declared = types.get((kind, key))
    if declared is not None:
        value = to_value(_whole(text) if declared in NUMBERS else text, declared)
        return text if value is None else value
    for guess in ("number", "date"):
        value = to_value(text, guess)
        if value is not None:
            return value
    return text


def _key(label: str) -> str:
    key = field_name(label)
    if key == "name":
        raise errors.BadAttribute("The name is an attribute of its own already.")
    if len(key) > 60:
        raise errors.BadAttribute(
            f"“{label[:60]}” cannot be read by formulas.",
            hint="Use letters and digits, at most 60.",
        )
    return key


def _whole(text: str) -> str:
    """Write 6 % as 0.06; a number stays as it is."""
    if not text.endswith("%"):
        return text
    try:
        return to_text(parse_decimal(text[:-1].strip()) / 100)
    except NotAnAmount:
        return text


def _wrong(key: str, value: str, type_: ValueType) -> errors.BadAttribute:
    return errors.BadAttribute(f"{key}: “{value[:40]}” is not {WORDS[type_]}.")
