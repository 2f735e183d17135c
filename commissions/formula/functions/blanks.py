"""Functions that ask whether a field has a value; both read the field itself."""

from ..types import Type
from .declare import Accepts, Function, Place, always, same


def is_blank(value: object) -> bool:
    """Say whether a field has no value; text without a letter is none."""
    return value is None or value == ""


def or_else(value: object, otherwise: object) -> object:
    """Return a field's value, or the other one if it has none."""
    return otherwise if is_blank(value) else value


BLANK_FUNCTIONS = (
    Function(
        "is_blank",
        (Place("field", Accepts.FIELD),),
        always(Type.YESNO),
        "Whether the field has no value.",
        (("is_blank(deal.discount)", "yes"),),
        is_blank,
    ),
    Function(
        "or_else",
        (
            Place("field", Accepts.FIELD, alike=True),
            Place("otherwise", Accepts.ANY, alike=True),
        ),
        same,
        "The field's value, or the second value where it has none.",
        (("or_else(deal.discount, 0)", "0"), ("or_else(deal.fee, 0)", "1380")),
        or_else,
    ),
)
