"""Functions over text."""

from ..types import Type
from .declare import Accepts, Function, Place, always


def _is_one_of(value: object, *others: object) -> bool:
    return value in others


def _contains(text: str, part: str) -> bool:
    return part.casefold() in text.casefold()


def _starts_with(text: str, part: str) -> bool:
    return text.casefold().startswith(part.casefold())


def _ends_with(text: str, part: str) -> bool:
    return text.casefold().endswith(part.casefold())


def _lower(text: str) -> str:
    return text.lower()


_PART = (Place("text", Accepts.TEXT), Place("part", Accepts.TEXT))

TEXT_FUNCTIONS = (
    Function(
        "is_one_of",
        (
            Place("value", Accepts.ANY, alike=True),
            Place("other", Accepts.ANY, alike=True, repeats=True),
        ),
        always(Type.YESNO),
        "Whether the value is exactly one of the others.",
        (
            ('is_one_of(deal.product, "Boiler", "Heat pump")', "yes"),
            ('is_one_of("Boiler", "Boiler", "Heat pump")', "yes"),
            ('is_one_of("boiler", "Boiler", "Heat pump")', "no"),
            ("is_one_of(month(date('2026-11-24')), 11, 12)", "yes"),
        ),
        _is_one_of,
    ),
    Function(
        "contains",
        _PART,
        always(Type.YESNO),
        "Whether the part stands in the text; capitals and small letters are alike.",
        (
            ('IF(contains(deal.product, "pump"), 100, 0)', "100"),
            ('contains("Renewal 2026", "renewal")', "yes"),
        ),
        _contains,
    ),
    Function(
        "starts_with",
        _PART,
        always(Type.YESNO),
        "Whether the text begins with the part; capitals and small letters are alike.",
        (('starts_with("HVAC-100", "hvac")', "yes"),),
        _starts_with,
    ),
    Function(
        "ends_with",
        _PART,
        always(Type.YESNO),
        "Whether the text ends with the part; capitals and small letters are alike.",
        (('ends_with("Plan B", "a")', "no"),),
        _ends_with,
    ),
    Function(
        "lower",
        (Place("text", Accepts.TEXT),),
        always(Type.TEXT),
        "The text in small letters.",
        (('lower("Boiler") == "boiler"', "yes"),),
        _lower,
    ),
)
