"""Names, types and numbers of values: reports every problem of a tree, not the first."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from . import meaning_errors as wrong
from . import types
from .bounds import parts_to_watch
from .calls import call_type
from .errors import Fault
from .functions import CATALOGUE
from .lexer import bare_date_at
from .limits import LIMITS
from .literals import constant_type, whole_literal
from .parser import span_of
from .source import Span
from .suggest import field_like, function_like, instead_of, number_of
from .syntax_errors import percent_of
from .types import Type

_OPERATIONS: dict[
    type[ast.operator], tuple[str, Callable[[Type, Type], Type | None]]
] = {
    ast.Add: ("added", types.added),
    ast.Sub: ("subtracted", types.subtracted),
    ast.Mult: ("multiplied", types.multiplied),
    ast.Div: ("divided", types.divided),
    ast.FloorDiv: ("divided", types.divided),
    ast.Mod: ("divided", types.remaining),
}


@dataclass
class Checked:
    """What checking found: the type of each part, the inputs used, the problems."""

    types: dict[ast.expr, Type] = field(default_factory=dict)
    names: dict[str, Type] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    operations: int = 0
    watched: frozenset[ast.expr] = frozenset()


def check(
    tree: ast.expr, text: str, inputs: Mapping[str, Type], result: Type | None
) -> Checked:
    """Find the type of every part and all problems of names and types."""
    checker = _Checker(text, inputs)
    found = checker.type_of(tree)
    checked = checker.checked
    if found is not None and result is not None and not types.fits(found, result):
        checked.faults.append(wrong.wrong_result(span_of(tree), found, result))
    elif found is Type.TABLE:
        checked.faults.append(wrong.wrong_result(span_of(tree), found, Type.NUMBER))
    checked.faults.sort(key=lambda fault: (fault.span.start, fault.span.end))
    del checked.faults[LIMITS.problems :]
    if not checked.faults:
        checked.watched = parts_to_watch(tree, checked.types)
    return checked


class _Checker:
    """Walks the tree; None for a type means that a problem was already reported."""

    def __init__(self, text: str, inputs: Mapping[str, Type]) -> None:
        self.text = text
        self.inputs = inputs
        self.checked = Checked()
        self.likely: dict[str, str] = {}

    def type_of(self, node: ast.expr) -> Type | None:
        found = self._type_of(node)
        if found is not None:
            self.checked.types[node] = found
        self.count(node)
        return found

    def count(self, node: ast.expr) -> None:
        """Add what a part may cost; report the one that is too much."""
        cost = 1
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            function = CATALOGUE.get(node.func.id)
            cost += function.cost if function else 0
        before = self.checked.operations
        self.checked.operations = before + cost
        if before <= LIMITS.operations < before + cost:
            self.report(wrong.too_dear(span_of(node), LIMITS.operations))

    def _type_of(self, node: ast.expr) -> Type | None:
        match node:
            case ast.Constant():
                return constant_type(node)
            case ast.Name():
                return self.name(node)
            case ast.BinOp(op=ast.Pow()):
                return self.power(node)
            case ast.BinOp():
                return self.operation(node)
            case ast.UnaryOp():
                return self.sign(node)
            case ast.BoolOp():
                return self.junction(node)
            case ast.Compare():
                return self.comparison(node)
            case ast.IfExp():
                return self.choice(node)
            case ast.Call():
                return call_type(self, node)
        raise AssertionError(f"the parser made a {type(node).__name__}")

    def report(self, fault: Fault) -> None:
        self.checked.faults.append(fault)

    def is_field(self, name: str) -> bool:
        return name in self.inputs

    def part(self, node: ast.expr) -> str:
        span = span_of(node)
        return self.text[span.start : span.end]

    def bare_date(self, node: ast.expr) -> Fault | None:
        return bare_date_at(self.text, span_of(node))

    def named(self, node: ast.expr, kind: Type) -> tuple[str, Type]:
        return self.part(node), kind

    def name(self, node: ast.Name) -> Type | None:
        kind = self.inputs.get(node.id)
        if kind is not None:
            self.checked.names[node.id] = kind
            return kind
        if function := CATALOGUE.get(node.id):
            span = span_of(node)
            self.report(wrong.function_not_called(span, node.id, function.usage))
            return None
        suggestion = self.suggestion(node.id)
        if (small := node.id.lower()) in ("yes", "no", "true", "false"):
            suggestion = small
        parts: list[str] = []
        if node.id in self.likely:
            start = f"{node.id}."
            parts = sorted(one for one in self.inputs if one.startswith(start))
        if parts:
            suggestion = parts[0] if len(parts) == 1 else ""
        instead = instead_of(node.id) or number_of(node.id)
        self.report(
            wrong.unknown_field(span_of(node), node.id, suggestion, parts, instead)
        )
        return None

    def suggestion(self, name: str) -> str:
        # Looking for likenesses is the slow part; a text full of faults gets a few.
        if name not in self.likely and len(self.likely) < LIMITS.suggestions:
            self.likely[name] = field_like(name, self.inputs)
        return self.likely.get(name, "")

    def function_suggestion(self, name: str) -> str:
        key = f"{name}()"
        if key not in self.likely and len(self.likely) < LIMITS.suggestions:
            self.likely[key] = function_like(name)
        return self.likely.get(key, "")

    def operation(self, node: ast.BinOp) -> Type | None:
        left, right = self.type_of(node.left), self.type_of(node.right)
        if left is None or right is None:
            return None
        verb, rule = _OPERATIONS[type(node.op)]
        found = rule(left, right)
        of_money = isinstance(node.op, ast.Mod) and right is Type.MONEY
        if found is not None and of_money and not self.is_remainder(node.left):
            return None
        if found is None:
            culprit = self.culprit(node, left)
            sides = self.named(node.left, left), self.named(node.right, right)
            fault = wrong.day_added(span_of(node), *sides, verb)
            self.report(fault or wrong.no_operation(span_of(culprit), *sides, verb))
        return found

    def is_remainder(self, left: ast.expr) -> bool:
        """Report 6%deal.amount: nobody wants what is left of 6 after so much money."""
        span = span_of(left)
        touches = self.text[span.end : span.end + 1] == "%"
        if not touches or not isinstance(left, ast.Constant) or left.kind:
            return True
        self.report(percent_of(Span(span.start, span.end + 1), self.part(left)))
        return False

    def culprit(self, node: ast.BinOp, left: Type) -> ast.expr:
        """Return the side that can never be reckoned with, or else the whole."""
        if left not in types.AMOUNTS:
            return node.left
        right = self.checked.types[node.right]
        return node if right in types.AMOUNTS else node.right

    def power(self, node: ast.BinOp) -> Type | None:
        base = self.type_of(node.left)
        exponent = whole_literal(node.right)
        if exponent is None or abs(exponent) > LIMITS.exponent:
            self.report(wrong.bad_exponent(span_of(node.right), LIMITS.exponent))
            return None
        self.type_of(node.right)
        if base is None:
            return None
        if base not in types.COUNTS:
            span = span_of(node.left)
            self.report(wrong.no_power(span, self.part(node.left), base))
            return None
        return Type.PLAIN if base is Type.PLAIN else Type.NUMBER

    def sign(self, node: ast.UnaryOp) -> Type | None:
        if isinstance(node.op, ast.Not):
            self.condition(node.operand)
            return Type.YESNO
        found = self.type_of(node.operand)
        if found is None or found in types.AMOUNTS:
            return found
        side = self.named(node.operand, found)
        verb = "negated" if isinstance(node.op, ast.USub) else "given a sign"
        self.report(wrong.no_operation(span_of(node.operand), side, side, verb))
        return None

    def condition(self, node: ast.expr, after_or: bool = False) -> None:
        found = self.type_of(node)
        if found is not None and found is not Type.YESNO:
            part = self.part(node)
            self.report(wrong.not_a_condition(span_of(node), part, found, after_or))

    def junction(self, node: ast.BoolOp) -> Type:
        for value in node.values:
            after_or = isinstance(node.op, ast.Or) and value is not node.values[0]
            self.condition(value, after_or)
        return Type.YESNO

    def choice(self, node: ast.IfExp) -> Type | None:
        self.condition(node.test)
        left, right = self.type_of(node.body), self.type_of(node.orelse)
        if left is None or right is None:
            return None
        found = types.joined(left, right)
        if found is None:
            self.report(wrong.branches_differ(span_of(node), left, right))
        return found

    def comparison(self, node: ast.Compare) -> Type:
        sides = [node.left, *node.comparators]
        if self.text_without_quotes(sides):
            return Type.YESNO
        kinds = [self.type_of(side) for side in sides]
        for at, sign in enumerate(node.ops):
            left, right = kinds[at], kinds[at + 1]
            if left is not None and right is not None:
                self.compared((sides[at], left), (sides[at + 1], right), sign)
        return Type.YESNO

    def text_without_quotes(self, sides: list[ast.expr]) -> bool:
        """Report a word that is no field where it is compared with a text field."""
        if len(sides) != 2:
            return False
        for word, other in (sides, sides[::-1]):
            if not isinstance(word, ast.Name) or not isinstance(other, ast.Name):
                continue
            known = word.id in self.inputs or word.id in CATALOGUE or "." in word.id
            if known or self.inputs.get(other.id) is not Type.TEXT:
                continue
            if not self.suggestion(word.id):
                span = span_of(word)
                self.report(wrong.text_without_quotes(span, self.part(word)))
                return True
        return False

    def compared(
        self, left: tuple[ast.expr, Type], right: tuple[ast.expr, Type], sign: ast.cmpop
    ) -> None:
        if self.date_written_as_text(left, right[1]):
            return
        if self.date_written_as_text(right, left[1]):
            return
        if self.date_written_bare(left, right[1]):
            return
        if self.date_written_bare(right, left[1]):
            return
        if not types.alike(left[1], right[1]):
            first, last = span_of(left[0]), span_of(right[0])
            span = type(first)(first.start, last.end)
            sides = self.named(*left), self.named(*right)
            self.report(wrong.not_comparable(span, *sides))
        elif not isinstance(sign, ast.Eq | ast.NotEq) and left[1] not in _ORDERED:
            part = self.part(left[0])
            self.report(wrong.not_ordered(span_of(left[0]), part, left[1]))

    def date_written_as_text(self, side: tuple[ast.expr, Type], other: Type) -> bool:
        node, _ = side
        if other is not Type.DATE or not isinstance(node, ast.Constant):
            return False
        if not isinstance(node.value, str):
            return False
        self.report(wrong.date_as_text(span_of(node), self.part(node)))
        return True

    def date_written_bare(self, side: tuple[ast.expr, Type], other: Type) -> bool:
        node, kind = side
        fault = self.bare_date(node)
        if fault is None or other is not Type.DATE or kind not in types.AMOUNTS:
            return False
        self.report(fault)
        return True


_ORDERED = types.AMOUNTS | {Type.DATE}
