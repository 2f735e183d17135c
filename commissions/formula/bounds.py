"""How large the parts of a formula can become, and which of them must be looked at.

With 34 digits a value up to 10^23 keeps ten places. Beyond it a sum would lose digits
without a word, and `a + b - a` would not be `b`.
"""

import ast
import decimal
from decimal import Decimal

from . import exact
from .functions import CATALOGUE
from .limits import LIMITS
from .literals import whole_literal
from .types import AMOUNTS, Type

ENDLESS = Decimal("Infinity")
_LOSES_DIGITS = (ast.Add, ast.Sub, ast.FloorDiv, ast.Mod)


def parts_to_watch(tree: ast.expr, types: dict[ast.expr, Type]) -> frozenset[ast.expr]:
    """Return the parts that may pass 10^23 where digits after the point count."""
    found: set[ast.expr] = set()
    with exact.arithmetic():
        _bound(tree, types, found)
    return frozenset(found)


def _bound(
    node: ast.expr, types: dict[ast.expr, Type], found: set[ast.expr]
) -> Decimal:
    """Return what the size of a value never passes, and note the parts to watch."""
    parts = [(one, _bound(one, types, found)) for one in _parts(node)]
    if isinstance(node, ast.Call) or _loses_digits(node):
        for one, bound in parts:
            if types.get(one) in AMOUNTS and bound > LIMITS.exact:
                found.add(one)
        parts = [(one, min(bound, LIMITS.exact)) for one, bound in parts]
    if types.get(node) not in AMOUNTS:
        return Decimal(0)
    try:
        return _of(node, [bound for _, bound in parts])
    except decimal.DecimalException:
        return ENDLESS


def _loses_digits(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, _LOSES_DIGITS)


def _parts(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.BinOp():
            return [node.left, node.right]
        case ast.UnaryOp():
            return [node.operand]
        case ast.BoolOp():
            return node.values
        case ast.Compare():
            return [node.left, *node.comparators]
        case ast.IfExp():
            return [node.test, node.body, node.orelse]
        case ast.Call():
            return node.args
    return []


def _of(node: ast.expr, parts: list[Decimal]) -> Decimal:
    match node:
        case ast.Constant():
            value: object = node.value
            return abs(value) if isinstance(value, Decimal) else Decimal(0)
        case ast.Name():
            return LIMITS.largest
        case ast.BinOp():
            return _of_operation(node, *parts)
        case ast.Call():
            assert isinstance(node.func, ast.Name)
            return CATALOGUE[node.func.id].reach(parts)
    return max(parts)


def _of_operation(node: ast.BinOp, left: Decimal, right: Decimal) -> Decimal:
    match node.op:
        case ast.Add() | ast.Sub():
            return left + right
        case ast.Mult():
            return left * right if left and right else Decimal(0)
        case ast.Mod():
            return min(left, right)
        case ast.Pow():
            power = whole_literal(node.right) or 0
            return max(left, Decimal(1)) ** power if power >= 0 else ENDLESS
        case ast.Div() | ast.FloorDiv() if isinstance(node.right, ast.Constant):
            return left / right if right else ENDLESS
    return ENDLESS
