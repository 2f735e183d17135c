"""A checked formula as an expression inside a larger piece of generated code."""

import ast
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from .compiled import _Compiler
from .errors import ValueFault
from .functions import CATALOGUE
from .inputs import LEAST, MOST, PYTHON_TYPES
from .program import Formula
from .quotient import plain
from .tables import KeyedTable, Table, TierTable
from .types import AMOUNTS, Type

__all__ = [
    "AMOUNTS",
    "LEAST",
    "MOST",
    "PYTHON_TYPES",
    "Type",
    "ValueFault",
    "divides",
    "inline",
    "input_types",
]


def inline(
    formula: Formula,
    locals_: Mapping[str, str],
    constants: dict[str, object],
    *,
    uncut: Collection[str] = (),
    cut: bool = True,
) -> ast.expr:
    """Return the formula's expression over local variables that were looked at before.

    `constants` grows by what the expression needs; none of the customer's text is in
    it. Whoever runs it bounds a result that is an amount, and adds zero to it. `uncut`
    are the names that may hold a quotient, and without `cut` so may the result.
    """
    compiler = _Compiler(formula._checked)
    compiler.locals = dict(locals_)
    compiler.constants = constants
    compiler.known = {id(value): name for name, value in constants.items()}
    found = compiler.value(formula._tree)
    kept = divides(formula) or not formula.names.isdisjoint(uncut)
    if cut and kept and formula.result in AMOUNTS:
        found = compiler.call(plain, [found])
    for name, value in constants.items():
        constants[name] = _QUICKER.get(value, value) if callable(value) else value
    return found


def divides(formula: Formula) -> bool:
    """Say whether a formula's own result may be a quotient."""
    for node in ast.walk(formula._tree):
        match node:
            case ast.BinOp(op=ast.Div() | ast.Pow()):
                return True
            case ast.Call(func=ast.Name(id=name)) if CATALOGUE[name].divides:
                return True
    return False


def _lookup(table: Table, *keys: str | Decimal) -> object:
    # No row has a number as its key; `Any` lets one be asked for all the same.
    asked: Any = keys
    found = table.rows.get(asked) if isinstance(table, KeyedTable) else None
    return CATALOGUE["lookup"].run(table, *keys) if found is None else found


def _marginal(before: Decimal, amount: Decimal, table: TierTable) -> Decimal:
    return table.marginal(before, amount)


# What answers the same, or fails where the catalogue's own function says why.
_QUICKER: Mapping[object, object] = {
    CATALOGUE["lookup"].run: _lookup,
    CATALOGUE["marginal"].run: _marginal,
    CATALOGUE["max"].run: max,
    CATALOGUE["min"].run: min,
}


def input_types(formula: Formula) -> Mapping[str, Type]:
    """Return the declared type of each name that the formula reads."""
    return formula._checked.names
