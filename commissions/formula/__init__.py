"""The formula language: the door; everything else is private by agreement."""

from collections.abc import Mapping

from .checker import check
from .errors import (
    EvaluationError,
    Fault,
    InvalidFormula,
    Problem,
    Refused,
    located,
    render,
)
from .exact import arithmetic
from .explained import Outcome, Step
from .parser import parse
from .program import Formula, build
from .quotient import Quotient, plain
from .suggest import torn_name
from .tables import KeyedTable, Table, TierTable
from .types import Type

# Stored beside what a formula gave: it grows when any formula could mean something else.
LANGUAGE_VERSION = 3

__all__ = [
    "LANGUAGE_VERSION",
    "EvaluationError",
    "Formula",
    "InvalidFormula",
    "KeyedTable",
    "Outcome",
    "Problem",
    "Quotient",
    "Step",
    "Table",
    "TierTable",
    "Type",
    "arithmetic",
    "check_formula",
    "compile_formula",
    "plain",
    "render",
]


def compile_formula(
    text: str, inputs: Mapping[str, Type], result: Type | None
) -> Formula:
    """Return the formula, or raise InvalidFormula with all that is wrong with it."""
    try:
        tree = parse(text)
    except Refused as refused:
        faults = [torn_name(refused.fault, text, inputs)]
        raise InvalidFormula(_problems(faults, text), text) from None
    checked = check(tree, text, inputs, result)
    if checked.faults:
        raise InvalidFormula(_problems(checked.faults, text), text)
    return build(text, tree, checked)


def check_formula(
    text: str, inputs: Mapping[str, Type], result: Type | None
) -> list[Problem]:
    """Return what is wrong with a text, in its order; nothing if it is a formula."""
    try:
        tree = parse(text)
    except Refused as refused:
        return _problems([torn_name(refused.fault, text, inputs)], text)
    return _problems(check(tree, text, inputs, result).faults, text)


def _problems(faults: list[Fault], text: str) -> list[Problem]:
    return [located(fault, text) for fault in faults]
