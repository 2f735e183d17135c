"""Every sentence about names and types that do not fit, one function for each."""

from collections.abc import Sequence

from .errors import Fault
from .source import Span, clipped, quoted
from .types import Type

EXAMPLE_DATE = '"2026-11-24"'


def unknown_field(
    span: Span,
    name: str,
    suggestion: str,
    parts: Sequence[str] = (),
    instead: str = "",
) -> Fault:
    message = f"There is no field {quoted(name)}."
    if suggestion:
        message += f" Did you mean {suggestion}?"
    elif instead:
        message += f" {instead}"
    elif parts:
        message += f" There are {', '.join(parts[:3])}{' …' if parts[3:] else ''}."
    return Fault("unknown_field", message, span, suggestion, suggestion)


def unknown_function(
    span: Span, name: str, suggestion: str, instead: str = ""
) -> Fault:
    message = f"There is no function {quoted(name)}."
    if suggestion:
        message += f" Did you mean {suggestion}?"
    elif instead:
        message += f" {instead}"
    elif "." in name:
        message += " A field has no functions of its own."
    return Fault("unknown_function", message, span, suggestion, suggestion)


def field_called(span: Span, name: str) -> Fault:
    message = f"{quoted(name)} is a field, not a function. Is a * missing after it?"
    return Fault("field_called", message, span)


def function_not_called(span: Span, name: str, usage: str) -> Fault:
    message = f"{quoted(name)} is a function: write {usage}."
    return Fault("function_not_called", message, span)


def no_operation(
    span: Span, left: tuple[str, Type], right: tuple[str, Type], verb: str
) -> Fault:
    """Two types that an operation cannot take together."""
    for part, kind in (left, right):
        if kind in (Type.TEXT, Type.DATE, Type.YESNO, Type.TABLE):
            message = f"{quoted(part)} is {kind.words}; it cannot be {verb}."
            return Fault("no_meaning", message + _help(kind, verb), span)
    shown = f"{quoted(left[0])} is {left[1].words} and {quoted(right[0])} is "
    message = f"{shown}{right[1].words}; they cannot be {verb}."
    if {left[1], right[1]} == {Type.MONEY, Type.PERCENT} and verb in _SUMS:
        message += f" A percent of it is {product(left, right)}."
    if left[1] is right[1] is Type.MONEY and verb == "multiplied":
        message += " Put a division by money in brackets: a * (b / c)."
    return Fault("no_meaning", message, span)


def day_added(
    span: Span, left: tuple[str, Type], right: tuple[str, Type], verb: str
) -> Fault | None:
    """A number of days that is added to a date, or taken from it, by a sign."""
    day, days = left, right
    if verb == "added" and right[1] is Type.DATE:
        day, days = right, left
    is_sum = verb in _SUMS and day[1] is Type.DATE and days[1] in _DAYS
    if not is_sum:
        return None
    count = days[0]
    if verb == "subtracted":
        is_one = count.replace(".", "").replace("_", "").isalnum()
        count = f"-{count}" if is_one else f"-({count})"
    fix = f"add_days({day[0]}, {count})"
    message = f"Days are not added to a date by a sign. Write {clipped(fix)}."
    return Fault("days_by_sign", message, span, fix, fix)


_DAYS = (Type.NUMBER, Type.PLAIN)
_SUMS = ("added", "subtracted")


def product(left: tuple[str, Type], right: tuple[str, Type]) -> str:
    """Return the product that somebody who adds a percent probably wants."""
    money, share = (left, right) if left[1] is Type.MONEY else (right, left)
    return f"{clipped(money[0])} * {clipped(share[0])}"


def _help(kind: Type, verb: str) -> str:
    if kind is Type.TABLE:
        return " Read it with marginal, whole, rate_at or lookup."
    if kind is Type.YESNO:
        return " Use IF(condition, value, value otherwise)."
    if kind is Type.DATE and verb in _SUMS:
        return " Use add_days(date, days)."
    return ""


def not_comparable(
    span: Span, left: tuple[str, Type], right: tuple[str, Type]
) -> Fault:
    shown = f"{quoted(left[0])} is {left[1].words} and {quoted(right[0])} is "
    message = f"{shown}{right[1].words}; they cannot be compared."
    help_ = _help_to_compare(left, right) or _help_to_compare(right, left)
    return Fault("not_comparable", message + help_, span)


def _help_to_compare(field: tuple[str, Type], other: tuple[str, Type]) -> str:
    """Return how a field is compared that was compared with a text, or with 1 and 0."""
    written = other[0].strip("\"'").lower()
    if other[1] is Type.TEXT and not written:
        return f" Ask is_blank({clipped(field[0])}) instead."
    if field[1] is Type.YESNO and written in _ANSWERS:
        return f" Write {_ANSWERS[written]}, without quotes or digits."
    return ""


_ANSWERS = {
    "1": "yes",
    "yes": "yes",
    "true": "yes",
    "0": "no",
    "no": "no",
    "false": "no",
}


def date_as_text(span: Span, written: str) -> Fault:
    fix = f"date({written})"
    message = f"{quoted(written)} is text. Write {clipped(fix)} for the date."
    return Fault("date_as_text", message, span, fix, fix)


def text_without_quotes(span: Span, name: str) -> Fault:
    fix = f'"{name}"'
    message = f"There is no field {quoted(name)}. For the text write {clipped(fix)}."
    return Fault("text_without_quotes", message, span, fix, fix)


def not_ordered(span: Span, part: str, kind: Type) -> Fault:
    message = f"{quoted(part)} is {kind.words}; it is neither larger nor smaller."
    return Fault("not_ordered", message + " Use == or !=.", span)


def not_a_condition(span: Span, part: str, kind: Type, after_or: bool) -> Fault:
    message = f"{quoted(part)} is {kind.words}; a condition must be yes/no."
    if kind in (Type.MONEY, Type.NUMBER, Type.PERCENT):
        message += f" Did you mean {clipped(part)} > 0?"
    if kind is Type.TEXT:
        message += " For one of several texts write is_one_of(field, one, another, …)."
    if kind is Type.PLAIN and after_or:
        message += (
            " For one of several numbers write is_one_of(field, one, another, …)."
        )
    return Fault("not_a_condition", message, span)


def branches_differ(span: Span, left: Type, right: Type) -> Fault:
    message = (
        f"This gives {left.words} in one case and {right.words} in the other; "
        "both must be alike."
    )
    return Fault("branches_differ", message, span)


def bad_exponent(span: Span, limit: int) -> Fault:
    message = (
        f"A power must be a whole number written out, {limit} at most, as in ** 2."
    )
    return Fault("bad_exponent", message, span)


def no_power(span: Span, part: str, kind: Type) -> Fault:
    message = f"{quoted(part)} is {kind.words}; it cannot be raised to a power."
    return Fault("no_power", message, span)


def too_few_values(span: Span, usage: str, given: int) -> Fault:
    return Fault("too_few_values", f"{_given(given)}; write {usage}.", span)


def too_many_values(span: Span, usage: str, given: int) -> Fault:
    return Fault("too_many_values", f"{_given(given)}; write {usage}.", span)


def _given(count: int) -> str:
    if not count:
        return "No value is given"
    return f"{count} value is given" if count == 1 else f"{count} values are given"


def wrong_value(
    span: Span, part: str, kind: Type, place: str, usage: str, wanted: str
) -> Fault:
    message = (
        f"{quoted(part)} is {kind.words}, but {place} in {usage} must be {wanted}."
    )
    return Fault("wrong_value", message, span)


def values_differ(span: Span, usage: str, left: Type, right: Type) -> Fault:
    message = (
        f"{usage} takes values of one kind, but this is {right.words} "
        f"and the one before it is {left.words}."
    )
    return Fault("values_differ", message, span)


def not_a_field(span: Span, part: str, usage: str) -> Fault:
    message = f"{quoted(part)} is not a field; {usage} needs the name of one."
    return Fault("not_a_field", message, span)


def no_choice(
    span: Span, part: str, usage: str, choices: str, near: Sequence[str]
) -> Fault:
    message = f"{quoted(part)} has no meaning in {usage}; write {choices}."
    fix = f'"{near[0]}"' if near else ""
    return Fault("no_choice", message, span, fix, fix)


def not_written_out(span: Span, usage: str, least: int, most: int) -> Fault:
    message = (
        f"The places in {usage} must be a whole number written out, {least} to {most}."
    )
    return Fault("not_written_out", message, span)


def too_dear(span: Span, limit: int) -> Fault:
    message = (
        f"With this the formula may take more than {limit:,} steps. "
        "Split it into smaller ones."
    )
    return Fault("too_dear", message, span)


def date_without_quotes(span: Span, written: str) -> Fault:
    fix = f'"{written}"'
    message = f"A date stands in quotes: write {fix}."
    return Fault("date_without_quotes", message, span, fix, fix)


def bad_date(span: Span, written: str, likely: str = "") -> Fault:
    fix = f'"{likely}"' if likely else ""
    message = (
        f"{quoted(written)} is not a date; write year-month-day, "
        f"as in {fix or EXAMPLE_DATE}."
    )
    return Fault("bad_date", message, span, fix, fix)


def wrong_result(span: Span, given: Type, wanted: Type) -> Fault:
    message = f"This gives {given.words}, but {wanted.words} is needed here."
    if wanted is Type.MONEY and given in (Type.NUMBER, Type.PERCENT):
        message += " Multiply it by an amount of money."
    if wanted is Type.YESNO and given is not Type.TABLE:
        message += " Compare it with something, as in a > b or a == b."
    return Fault("wrong_result", message, span)
