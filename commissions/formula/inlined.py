"""A checked formula as an expression inside a larger piece of generated code."""

import ast
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from .compiled import _Compiler, _needed
from .errors import ValueFault
from .functions import CATALOGUE
from .inputs import LEAST, MOST, PYTHON_TYPES
from .program import Formula
from .quotient import plain
from .tables import TierTable
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
    present: Collection[str] = (),
) -> ast.expr:
    """Return the formula's expression over local variables that were looked at before.

    `constants` grows by what the expression needs; none of the customer's text is in
    it. Whoever runs it bounds a result that is an amount, and adds zero to it. `uncut`
    are the names that may hold a quotient, and without `cut` so may the result. Local
    variables that are `present` always hold a value.
    """
    compiler = _Compiler(formula._checked)
    compiler.locals = dict(locals_)
    compiler.constants = constants
    compiler.known = {id(value): name for name, value in constants.items()}
    looking = {key for key, value in constants.items() if value is _needed}
    found = compiler.value(formula._tree)
    looking |= {key for key, value in constants.items() if value is _needed}
    found = _LookedAt(looking, present).visit(found)
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


class _LookedAt(ast.NodeTransformer):
    """Looks whether a variable has a value in place, and calls only where it has none."""

    def __init__(self, looking: Collection[str], present: Collection[str]) -> None:
        self.looking = looking
        self.present = present

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if not (isinstance(node.func, ast.Name) and node.func.id in self.looking):
            return node
        (held,) = node.args
        if not isinstance(held, ast.Name):
            return node
        if held.id in self.present:
            return held
        is_there = ast.Compare(held, [ast.IsNot()], [ast.Constant(None)])
        return ast.IfExp(is_there, held, node)


def _lookup(table: Any, *keys: str | Decimal) -> object:
    # No row has a number as its key, and a table of tiers has no keys at all.
    try:
        return table.rows[keys]
    except (KeyError, TypeError):
        return CATALOGUE["lookup"].run(table, *keys)


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
