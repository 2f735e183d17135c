"""A checked formula as an expression inside a larger piece of generated code."""

import ast
from collections.abc import Mapping

from .compiled import _Compiler
from .inputs import LEAST, MOST, PYTHON_TYPES, refuse_value
from .program import Formula
from .types import AMOUNTS, Type

__all__ = ["AMOUNTS", "LEAST", "MOST", "PYTHON_TYPES", "Type", "inline", "input_types"]


def inline(
    formula: Formula, locals_: Mapping[str, str], constants: dict[str, object]
) -> ast.expr:
    """Return the formula's expression over local variables that were looked at before.

    `constants` grows by what the expression needs; none of the customer's text is in
    it. Whoever runs it bounds a result that is an amount, and adds zero to it.
    """
    compiler = _Compiler(formula._checked)
    compiler.locals = dict(locals_)
    compiler.constants = constants
    compiler.known = {id(value): name for name, value in constants.items()}
    return compiler.value(formula._tree)


def input_types(formula: Formula) -> Mapping[str, Type]:
    """Return the declared type of each name that the formula reads."""
    return formula._checked.names


def is_acceptable(name: str, value: object, kind: Type) -> bool:
    """Say whether a value may be read under this name."""
    try:
        refuse_value(name, value, kind)
    except Exception:
        return False
    return True
