"""A third reckoning of formulas: Python's own grammar and exact fractions, no Decimal.

It shares no line with the language. It knows nothing of types or limits, so it is only
asked about formulas that were accepted; `exact` says whether every value on the way that
has a last digit could be written with 34 digits, so that the answers must be equal.
"""

import ast
import datetime
import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from tests.formula.fractions_functions import FUNCTIONS, NoAnswer

F = Fraction
_TOKEN = re.compile(
    r"""\s+|"[^"]*"|'[^']*'"""
    r"|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?"
    r"|[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
    r"|\*\*|//|==|!=|<=|>=|."
)
_WORDS = {"and", "or", "not", "if", "else"}
_YES_NO = {"yes": "True", "true": "True", "TRUE": "True", "True": "True",
           "no": "False", "false": "False", "FALSE": "False", "False": "False"}  # fmt: skip


SIGNS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def python_of(text: str) -> str:
    """Return the formula as Python: names and numbers as calls, percents as numbers."""
    tokens = [m.group() for m in _TOKEN.finditer(text)]
    parts: list[str] = []
    for at, token in enumerate(tokens):
        if token.isspace():
            parts.append(" ")
        elif token[0].isdigit() or (token[0] == "." and len(token) > 1):
            parts.append(f'_n("{token}")')
        elif token == "%" and _is_percent(tokens, at):
            opening = max(at for at, one in enumerate(parts) if one[:3] == "_n(")
            parts[opening] = f"(_n('0.01') * {parts[opening]})"
        elif token in _YES_NO:
            parts.append(_YES_NO[token])
        elif token[0].isalpha() and token not in _WORDS:
            following = next((t for t in tokens[at + 1 :] if not t.isspace()), "")
            parts.append(token if following == "(" else f'_v("{token}")')
        else:
            parts.append(token)
    return "".join(parts).strip()


def written(answer: object) -> object:
    """Return an answer as a formula gives it: a fraction is rounded once, to 34 digits."""
    if not isinstance(answer, Fraction):
        return answer
    with localcontext() as context:
        context.prec = 34
        return Decimal(answer.numerator) / Decimal(answer.denominator)


def _is_percent(tokens: list[str], at: int) -> bool:
    before = [t for t in tokens[:at] if not t.isspace()]
    after = [t for t in tokens[at + 1 :] if not t.isspace()]
    if not before or not re.match(r"[0-9.]", before[-1]):
        return False
    touching = not tokens[at - 1].isspace()
    if not after or after[0] in _WORDS - {"not"}:
        return True
    if after[0] in "+-":
        return touching
    return not re.match(r"""[A-Za-z0-9_."'(]""", after[0])


class Reckoner:
    """Walks Python's tree of a formula with fractions."""

    def __init__(self, values: Mapping[str, object], types: Mapping[str, str]) -> None:
        self.values = values
        self.types = types
        self.exact = True

    def answer(self, text: str) -> Any:
        """Return what the formula gives, or raise `NoAnswer`."""
        return self.of(ast.parse(python_of(text).replace("\n", " "), mode="eval").body)

    def kept(self, value: Any) -> Any:
        """Note a number that has a last digit, but more than 34 of them."""
        if isinstance(value, Fraction) and max(map(abs, value.as_integer_ratio())) >= (
            2**1024
        ):
            self.exact = False
        elif isinstance(value, Fraction):
            rest = value.denominator
            for prime in (2, 5):
                while rest % prime == 0:
                    rest //= prime
            # A quotient without a last digit is kept whole.
            if rest == 1:
                places = 0
                while (value * 10**places).denominator != 1:
                    places += 1
                digits = str(abs(int(value * 10**places))).rstrip("0")
                self.exact &= len(digits) <= 34
        return value

    def of(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.Call():
                return self.kept(self.call(node))
            case ast.BinOp():
                return self.kept(
                    self.operation(node.op, self.of(node.left), self.of(node.right))
                )
            case ast.UnaryOp(op=ast.Not()):
                return not self.of(node.operand)
            case ast.UnaryOp():
                value = self.of(node.operand)
                return -value if isinstance(node.op, ast.USub) else value
            case ast.BoolOp():
                found = isinstance(node.op, ast.And)
                for one in node.values:
                    if bool(self.of(one)) is not found:
                        return not found
                return found
            case ast.IfExp():
                return self.of(node.body if self.of(node.test) else node.orelse)
            case ast.Compare():
                return self.comparison(node)
        raise AssertionError(ast.dump(node))

    def comparison(self, node: ast.Compare) -> bool:
        left = self.of(node.left)
        for sign, side in zip(node.ops, node.comparators, strict=True):
            right = self.of(side)
            holds = SIGNS[type(sign)](left, right)
            if not holds:
                return False
            left = right
        return True

    def operation(self, sign: ast.operator, left: Any, right: Any) -> Any:
        match sign:
            case ast.Add():
                return left + right
            case ast.Sub():
                found = left - right
                is_days = isinstance(found, datetime.timedelta)
                return F(found.days) if is_days else found
            case ast.Mult():
                return left * right
            case ast.Pow():
                if not left and right < 0:
                    raise NoAnswer
                return left ** int(right) if right else F(1)
        if not right:
            raise NoAnswer
        quotient = left / right
        if isinstance(sign, ast.Div):
            return quotient
        whole = F(abs(quotient).__floor__()) * (1 if quotient >= 0 else -1)
        return whole if isinstance(sign, ast.FloorDiv) else left - whole * right

    def value(self, name: str) -> Any:
        value = self.values.get(name)
        if isinstance(value, Decimal):
            return F(value)
        if value is None and self.types[name] in ("text", "yesno"):
            return "" if self.types[name] == "text" else False
        if value is None:
            raise NoAnswer
        return value

    def call(self, node: ast.Call) -> Any:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        if name == "_n":
            return F(node.args[0].value.replace("_", ""))  # type: ignore[attr-defined]
        if name == "_v":
            return self.value(node.args[0].value)  # type: ignore[attr-defined]
        if name == "IF":
            test, then, other = node.args
            return self.of(then if self.of(test) else other)
        if name in ("AND", "OR"):
            kind = ast.And() if name == "AND" else ast.Or()
            return self.of(ast.BoolOp(kind, node.args))
        if name in ("is_blank", "or_else"):
            field = node.args[0].args[0].value  # type: ignore[attr-defined]
            blank = self.values.get(field) in (None, "")
            if name == "is_blank":
                return blank
            return self.of(node.args[1] if blank else node.args[0])
        return FUNCTIONS[name](*(self.of(one) for one in node.args))
