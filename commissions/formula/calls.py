"""Checks the calls of functions against their declarations."""

import ast
import re
from typing import Protocol

from . import meaning_errors as wrong
from .errors import Fault
from .functions import CATALOGUE
from .functions.dates import likely_date, parsed_date
from .functions.declare import Accepts, Function
from .literals import whole_literal
from .parser import span_of
from .suggest import instead_of
from .types import Type, joined

LEAST_PLACES, MOST_PLACES = -15, 10


class Walker(Protocol):
    """What the checker offers to those who check a part of the tree for it."""

    def type_of(self, node: ast.expr) -> Type | None:
        """Find the type of a part."""

    def report(self, fault: Fault) -> None:
        """Note a problem."""

    def part(self, node: ast.expr) -> str:
        """Return the text of a part."""

    def bare_date(self, node: ast.expr) -> Fault | None:
        """Return the fault of a date that is written without quotes."""

    def function_suggestion(self, name: str) -> str:
        """Return the function that was probably meant."""

    def is_field(self, name: str) -> bool:
        """Say whether a name is a declared input."""


def call_type(walker: Walker, node: ast.Call) -> Type | None:
    """Return what a call gives, after reporting all that is wrong with it."""
    assert isinstance(node.func, ast.Name)
    function = CATALOGUE.get(node.func.id)
    if function is None:
        for value in node.args:
            walker.type_of(value)
        _report_unknown(walker, node.func)
        return None
    kinds = [_value_type(walker, node, function, at) for at in range(len(node.args))]
    if not _count_fits(walker, node, function):
        return None
    common, fine = Type.NUMBER, None not in kinds
    seen: Type | None = None
    for at, kind in enumerate(kinds):
        if kind is None or not function.place(at).alike:
            continue
        if seen is None:
            seen = kind
        elif (both := joined(seen, kind)) is not None:
            seen = both
        else:
            span, usage = span_of(node.args[at]), function.usage
            day = walker.bare_date(node.args[at]) if seen is Type.DATE else None
            walker.report(day or wrong.values_differ(span, usage, seen, kind))
            fine = False
    return function.result(seen or common) if fine else None


def _report_unknown(walker: Walker, name: ast.Name) -> None:
    span = span_of(name)
    if walker.is_field(name.id):
        walker.report(wrong.field_called(span, name.id))
    else:
        suggestion = walker.function_suggestion(name.id)
        instead = instead_of(name.id)
        walker.report(wrong.unknown_function(span, name.id, suggestion, instead))


def _count_fits(walker: Walker, node: ast.Call, function: Function) -> bool:
    given, span = len(node.args), span_of(node)
    if given < function.least:
        walker.report(wrong.too_few_values(span, function.usage, given))
        return False
    if function.most is not None and given > function.most:
        walker.report(wrong.too_many_values(span, function.usage, given))
        return False
    return True


def _value_type(
    walker: Walker, node: ast.Call, function: Function, at: int
) -> Type | None:
    value, place = node.args[at], function.place(at)
    if _is_bare_choice(walker, value, place.choices):
        walker.report(wrong.text_without_quotes(span_of(value), walker.part(value)))
        return None
    kind = walker.type_of(value)
    if kind is None:
        return None
    span, usage, part = span_of(value), function.usage, walker.part(value)
    if not place.accepts.takes(kind):
        wanted = place.takes
        fault = wrong.wrong_value(span, part, kind, place.name, usage, wanted)
        if place.accepts is Accepts.DATE and _is_date_text(value):
            fault = wrong.date_as_text(span, part)
        if place.accepts is Accepts.DATE:
            fault = walker.bare_date(value) or fault
        if function.name == "date" and walker.bare_date(value):
            day = "-".join(re.split(r"[-/.]", part))
            fault = wrong.date_without_quotes(span, day)
        walker.report(fault)
        return None
    if place.accepts is Accepts.FIELD and not isinstance(value, ast.Name):
        walker.report(wrong.not_a_field(span, part, usage))
        return None
    if place.accepts is Accepts.CHOICE and not _is_choice(value, place.choices):
        near = [word for word in place.choices if word == part.strip("\"'").lower()]
        walker.report(wrong.no_choice(span, part, usage, place.takes, near))
        return None
    if place.accepts is Accepts.WHOLE:
        places = whole_literal(value)
        if places is None or not LEAST_PLACES <= places <= MOST_PLACES:
            limits = LEAST_PLACES, MOST_PLACES
            walker.report(wrong.not_written_out(span, usage, *limits))
            return None
    if function.name == "date" and _is_wrong_date(value):
        assert isinstance(value, ast.Constant) and isinstance(value.value, str)
        walker.report(wrong.bad_date(span, part, likely_date(value.value)))
        return None
    return kind


def _is_bare_choice(walker: Walker, value: ast.expr, choices: tuple[str, ...]) -> bool:
    is_word = isinstance(value, ast.Name) and value.id in choices
    return is_word and not walker.is_field(walker.part(value))


def _is_choice(value: ast.expr, choices: tuple[str, ...]) -> bool:
    return isinstance(value, ast.Constant) and value.value in choices


def _is_date_text(value: ast.expr) -> bool:
    if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
        return False
    return parsed_date(value.value) is not None


def _is_wrong_date(value: ast.expr) -> bool:
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return is_text and not _is_date_text(value)
