"""Takes a formula's inputs out of the values it is given, and refuses wrong kinds."""

import ast
import datetime
from collections.abc import Mapping
from decimal import Decimal

from .errors import EvaluationError, ValueFault
from .limits import LIMITS
from .quotient import Quotient
from .source import Span
from .tables import Table
from .types import AMOUNTS, Type

PYTHON_TYPES: dict[Type, type] = {
    **dict.fromkeys(AMOUNTS, Decimal),
    Type.TEXT: str,
    Type.DATE: datetime.date,
    Type.YESNO: bool,
    Type.TABLE: Table,
}
LEAST, MOST = -LIMITS.largest, LIMITS.largest


def refuse_value(name: str, value: object, kind: Type) -> None:
    """Refuse a value that is not of the declared type; no value at all is fine."""
    if value is None:
        return
    wanted = PYTHON_TYPES[kind]
    # A datetime is a date to Python, and its time would be lost without a word.
    fits = isinstance(value, Table) if wanted is Table else type(value) is wanted
    if wanted is Decimal and isinstance(value, Quotient):
        fits, value = True, value.nearest()
    if not fits:
        given = type(value).__name__
        raise TypeError(f"{name} is declared as {kind.value} but a {given} was given")
    if isinstance(value, str) and len(value) > LIMITS.text_value:
        longest = f"{LIMITS.text_value:,}"
        message = f'The text of "{name}" has more than {longest} characters.'
        raise ValueFault("input_too_long", message)
    if isinstance(value, Decimal) and not (value.is_finite() and abs(value) <= MOST):
        raise ValueFault(
            "input_too_large", f'The value of "{name}" is beyond 1,000,000,000,000,000.'
        )


def taken(
    values: Mapping[str, object], names: Mapping[str, Type], tree: ast.expr, text: str
) -> dict[str, object]:
    """Return the inputs that a formula uses, each of its declared type or None."""
    found: dict[str, object] = {}
    for name, kind in names.items():
        value = values.get(name)
        try:
            refuse_value(name, value, kind)
        except ValueFault as fault:
            span = first_use(tree, name)
            raise EvaluationError(fault.code, fault.message, span, text) from None
        found[name] = value
    return found


def first_use(tree: ast.expr, name: str) -> Span:
    """Return where a name stands first; a function of the same name is none."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    places = [
        node.col_offset
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == name and id(node) not in called
    ]
    return Span(min(places), min(places) + len(name))


def read(name: str, value: object, kind: Type) -> object:
    """Return what a field stands for; a blank text is empty, a blank yes/no is no."""
    if value is not None:
        return value
    if kind is Type.TEXT:
        return ""
    if kind is Type.YESNO:
        return False
    raise ValueFault("no_value", f'"{name}" has no value here.{_help(kind)}')


def _help(kind: Type) -> str:
    return "" if kind is Type.TABLE else " Use or_else to say what counts instead."


def finished(value: object) -> object:
    """Return a result that a line can store: bounded, and never a negative zero."""
    if not isinstance(value, Decimal):
        return value
    if not LEAST <= value <= MOST:
        raise ValueFault(
            "result_too_large", "The result is beyond 1,000,000,000,000,000."
        )
    return value + 0
