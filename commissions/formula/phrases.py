"""Turns a step into a sentence somebody can check with a pocket calculator."""

import ast
from collections.abc import Sequence

from .functions import CATALOGUE
from .types import AMOUNTS, Type
from .words import value_words

Shown = tuple[object, Type]

_SIGNS: dict[type[ast.operator] | type[ast.cmpop], str] = {
    ast.Add: "+",
    ast.Sub: "−",
    ast.Mult: "×",
    ast.Div: "÷",
    ast.FloorDiv: "÷ (whole)",
    ast.Mod: "remainder of ÷",
    ast.Pow: "to the power",
    ast.Eq: "is",
    ast.NotEq: "is not",
    ast.Lt: "is below",
    ast.LtE: "is at most",
    ast.Gt: "is above",
    ast.GtE: "is at least",
}


def phrases_of(
    node: ast.expr, parts: Sequence[Shown], value: object, kind: Type
) -> tuple[str, ...]:
    """Return the sentences of a step; what is written out needs none."""
    result = value_words(value, kind)
    match node:
        case ast.Name():
            return () if kind is Type.TABLE else (f"{node.id} = {result}",)
        case ast.BinOp():
            left, right = (value_words(*part) for part in parts)
            return (f"{left} {_SIGNS[type(node.op)]} {right} = {result}",)
        case ast.Compare():
            return (_comparison(node, parts, result),)
        case ast.IfExp():
            holds = "holds" if parts[0][0] else "does not hold"
            return (f"the condition {holds}: {result}",)
        case ast.BoolOp():
            word = "all of these" if isinstance(node.op, ast.And) else "one of these"
            return (f"{word}: {result}",)
        case ast.UnaryOp(op=ast.Not()):
            return (f"not {value_words(*parts[0])}: {result}",)
        case ast.UnaryOp(op=ast.USub()) if not isinstance(node.operand, ast.Constant):
            return (f"− {value_words(*parts[0])} = {result}",)
        case ast.Call():
            return _call(node, parts, value, kind)
    return ()


def _comparison(node: ast.Compare, parts: Sequence[Shown], result: str) -> str:
    shown = [value_words(*part) for part in parts]
    words = shown[0]
    # A chain stops at the first comparison that does not hold.
    for sign, right in zip(node.ops, shown[1:], strict=False):
        words += f" {_SIGNS[type(sign)]} {right}"
    return f"{words}: {result}"


def _call(
    node: ast.Call, parts: Sequence[Shown], value: object, kind: Type
) -> tuple[str, ...]:
    assert isinstance(node.func, ast.Name)
    function = CATALOGUE[node.func.id]
    if function.name in ("is_blank", "or_else"):
        return (_of_field(node, function.name, value, kind),)
    if function.phrases is not None:
        return function.phrases([part for part, _ in parts], kind)
    given = [value_words(*part) for part in parts if part[1] is not Type.TABLE]
    joined = " of " if kind in AMOUNTS else " "
    return (f"{function.name}{joined}{', '.join(given)} = {value_words(value, kind)}",)


def _of_field(node: ast.Call, name: str, value: object, kind: Type) -> str:
    field = node.args[0]
    assert isinstance(field, ast.Name)
    if name == "is_blank":
        return f"{field.id} has {'no' if value else 'a'} value"
    return f"{field.id}, or else what stands for it: {value_words(value, kind)}"
