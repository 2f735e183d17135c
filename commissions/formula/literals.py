"""What the literals of a tree are."""

import ast
from decimal import Decimal

from .types import Type


def constant_type(node: ast.Constant) -> Type:
    """Return the type of a literal; a number without % may stand for money."""
    if isinstance(node.value, bool):
        return Type.YESNO
    if isinstance(node.value, str):
        return Type.TEXT
    return Type.PERCENT if node.kind == "%" else Type.PLAIN


def whole_literal(node: ast.expr) -> int | None:
    """Return the whole number that is written here, with its sign, or None."""
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign = -1 if isinstance(node.op, ast.USub) else 1
        node = node.operand
    if not isinstance(node, ast.Constant) or node.kind == "%":
        return None
    # Python's own constants are never decimals, as the type checker knows; ours are.
    value: object = node.value
    if not isinstance(value, Decimal) or value != int(value):
        return None
    return sign * int(value)
