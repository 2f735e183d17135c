"""simpleeval walking the checked tree, keeping every step and saying what went wrong."""

import ast
import decimal
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from simpleeval import SimpleEval

from . import exact, inputs
from .checker import Checked
from .errors import EvaluationError, ValueFault
from .functions import CATALOGUE
from .functions.blanks import is_blank
from .parser import span_of
from .phrases import phrases_of
from .quotient import plain
from .source import quoted
from .types import Type
from .words import value_words


@dataclass(frozen=True)
class Step:
    """One part of the formula, its value, and the parts below it that were needed."""

    start: int
    end: int
    text: str
    value: object
    kind: Type
    children: tuple["Step", ...] = ()
    phrases: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """Return the value as a receipt shows it."""
        return value_words(self.value, self.kind)


@dataclass(frozen=True)
class Outcome:
    """A result and how it came about."""

    value: object
    root: Step

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return every part that is not written out, each after the parts it needs."""
        found: list[Step] = []
        _gather(self.root, found)
        return tuple(found)


def _gather(step: Step, found: list[Step]) -> None:
    for child in step.children:
        _gather(child, found)
    if step.phrases or step.children:
        found.append(step)


def explain_tree(
    tree: ast.expr, checked: Checked, text: str, values: Mapping[str, object]
) -> Outcome:
    """Work the formula out step by step, or raise an error that says where."""
    with exact.arithmetic():
        names = inputs.taken(values, checked.names, tree, text)
        recorder = _Recorder(checked, text, names)
        value = recorder.eval(text, previously_parsed=tree)
        try:
            value = inputs.finished(plain(value))
        except ValueFault as fault:
            span = span_of(tree)
            raise EvaluationError(fault.code, fault.message, span, text) from None
        return Outcome(value, recorder.steps[-1][0])


def _subtracted(left: object, right: object) -> object:
    if isinstance(left, date) and isinstance(right, date):
        return CATALOGUE["days_between"].run(right, left)
    return operator.sub(left, right)


_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: _subtracted,
    ast.Mult: operator.mul,
    ast.Div: exact.divided,
    ast.FloorDiv: exact.divided_whole,
    ast.Mod: exact.remainder,
    ast.Pow: exact.power,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS = {name: function.run for name, function in CATALOGUE.items()}


class _Recorder(SimpleEval):
    """Keeps a step for each part; knows nothing but our operators and functions."""

    def __init__(
        self, checked: Checked, text: str, names: Mapping[str, object]
    ) -> None:
        # Not simpleeval's own __init__: it offers nodes that no formula has, and it
        # changes the process's warning filters, which threads share.
        self.operators = _OPERATORS
        self.functions = _FUNCTIONS
        self.names = names
        self.allowed_attrs: dict[type, set[str]] = {}
        self.nodes = {
            ast.BinOp: self._eval_binop,
            ast.BoolOp: self._eval_boolop,
            ast.Call: self._eval_call,
            ast.Compare: self._eval_compare,
            ast.Constant: self._eval_constant,
            ast.IfExp: self._eval_ifexp,
            ast.Name: self._eval_name,
            ast.UnaryOp: self._eval_unaryop,
        }
        self.checked = checked
        self.text = text
        self.steps: list[list[Step]] = [[]]

    def _eval(self, node: ast.expr) -> object:
        self.steps.append([])
        try:
            value: object = super()._eval(node)
            if node in self.checked.watched:
                exact.watched(value)
        except ValueFault as fault:
            blamed = _blamed(node, fault.argument)
            message = fault.about(self._table_of(node))
            if fault.code == "division_by_zero" and blamed is not node:
                message = self._zero(node, blamed) or message
            span = span_of(blamed)
            raise EvaluationError(fault.code, message, span, self.text) from None
        except decimal.Underflow:
            message, span = "This becomes too small to reckon with.", span_of(node)
            raise EvaluationError("too_small", message, span, self.text) from None
        except decimal.DecimalException:
            message, span = "This becomes too large to reckon with.", span_of(node)
            raise EvaluationError("too_large", message, span, self.text) from None
        self._keep(node, plain(value))
        return value

    def _keep(self, node: ast.expr, value: object) -> None:
        children = tuple(self.steps.pop())
        kind = self.checked.types[node]
        span = span_of(node)
        part = self.text[span.start : span.end]
        shown = [(child.value, child.kind) for child in children]
        phrases = phrases_of(node, shown, value, kind)
        step = Step(span.start, span.end, part, value, kind, children, phrases)
        self.steps[-1].append(step)

    def _zero(self, node: ast.expr, divisor: ast.expr) -> str:
        """Name what is zero and what therefore has no answer."""
        if isinstance(divisor, ast.Constant):
            return ""
        parts = [
            self.text[span_of(one).start : span_of(one).end] for one in (divisor, node)
        ]
        return f"{quoted(parts[0])} is 0, so {quoted(parts[1])} cannot be worked out."

    def _table_of(self, node: ast.expr) -> str:
        """Return the name of the table that a call reads."""
        for value in node.args if isinstance(node, ast.Call) else ():
            if isinstance(value, ast.Name) and self.checked.types[value] is Type.TABLE:
                return value.id
        return ""

    def _eval_name(self, node: ast.Name) -> object:
        kind = self.checked.types[node]
        return inputs.read(node.id, self.names[node.id], kind)

    def _eval_call(self, node: ast.Call) -> object:
        assert isinstance(node.func, ast.Name)
        if node.func.id not in ("is_blank", "or_else"):
            return super()._eval_call(node)
        field = node.args[0]
        assert isinstance(field, ast.Name)
        blank = is_blank(self.names[field.id])
        if blank:
            self.steps.append([])
            self._keep(field, self.names[field.id])
        if node.func.id == "is_blank":
            return blank
        return self._eval(node.args[1] if blank else field)


def _blamed(node: ast.expr, argument: int | None) -> ast.expr:
    if argument is not None and isinstance(node, ast.BinOp):
        return (node.left, node.right)[argument]
    if argument is not None and isinstance(node, ast.Call):
        return node.args[argument]
    return node
