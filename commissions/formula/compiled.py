"""The checked tree as one code object for the batch path.

The code is built from the tree with invented names and without builtins; none of the
customer's text gets into it. It does not say what went wrong: whoever runs it asks the
explained path, which knows the place.
"""

import ast
from collections.abc import Callable
from decimal import Decimal
from types import CodeType, FunctionType

from . import exact
from .checker import Checked
from .errors import ValueFault
from .functions import CATALOGUE
from .functions.blanks import is_blank
from .inputs import LEAST, MOST, PYTHON_TYPES, refuse_value
from .limits import LIMITS
from .quotient import divided
from .tables import TierTable
from .types import AMOUNTS, Type

Run = Callable[[Callable[[str], object]], object]
_LEAST_PART = -LIMITS.exact
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def compile_tree(tree: ast.expr, checked: Checked) -> Run:
    """Return a function from a look-up of inputs to the result."""
    return _Compiler(checked).build(tree)


def _needed(value: object) -> object:
    if value is None:
        raise ValueFault("no_value", "A field has no value.")
    return value


def _too_large() -> None:
    raise ValueFault("result_too_large", "The result is too large.")


class _Compiler:
    def __init__(self, checked: Checked) -> None:
        self.types = checked.types
        self.names = checked.names
        self.locals = {name: f"a{at}" for at, name in enumerate(checked.names)}
        self.constants: dict[str, object] = {}
        self.known: dict[int, str] = {}
        self.watched = checked.watched
        self.watching = 0

    def build(self, tree: ast.expr) -> Run:
        body: list[ast.stmt] = []
        for name, kind in self.names.items():
            body += self.load(name, kind)
        value = self.value(tree)
        if self.types[tree] in AMOUNTS:
            body += [_assign("r", value), self.bounded()]
            value = ast.BinOp(_load("r"), ast.Add(), self.constant(Decimal(0)))
        body.append(ast.Return(value))
        return self.function(body)

    def function(self, body: list[ast.stmt]) -> Run:
        names = ["get", *self.constants]
        arguments = ast.arguments(
            posonlyargs=[],
            args=[ast.arg(name) for name in names],
            kwonlyargs=[],
            kw_defaults=[],
            defaults=[],
        )
        definition = ast.FunctionDef("formula", arguments, body, [])
        module = ast.Module([definition], [])
        ast.fix_missing_locations(module)
        code = compile(module, "<formula>", "exec")
        inner = next(one for one in code.co_consts if isinstance(one, CodeType))
        nothing: dict[str, object] = {"__builtins__": {}}
        # Constants travel as defaults, because locals are read faster than globals.
        return FunctionType(inner, nothing, "formula", tuple(self.constants.values()))

    def constant(self, value: object) -> ast.Name:
        key = self.known.get(id(value))
        if key is None:
            key = f"k{len(self.constants)}"
            self.constants[key] = value
            self.known[id(value)] = key
        return _load(key)

    def load(self, name: str, kind: Type) -> list[ast.stmt]:
        """Take one input and look at what it is before anything uses it."""
        here = self.locals[name]
        wanted = TierTable if kind is Type.TABLE else PYTHON_TYPES[kind]
        given = ast.Attribute(_load(here), "__class__", ast.Load())
        doubt: ast.expr = ast.Compare(given, [ast.IsNot()], [self.constant(wanted)])
        if kind in AMOUNTS:
            doubt = ast.BoolOp(ast.Or(), [doubt, self.outside(here)])
        elif kind is Type.TEXT:
            most = self.constant(LIMITS.text_value)
            long = ast.Compare(self.call(len, [_load(here)]), [ast.Gt()], [most])
            doubt = ast.BoolOp(ast.Or(), [doubt, long])
        look = self.call(
            refuse_value, [self.constant(name), _load(here), self.constant(kind)]
        )
        taken = ast.Call(_load("get"), [self.constant(name)], [])
        return [_assign(here, taken), ast.If(doubt, [ast.Expr(look)], [])]

    def outside(self, name: str) -> ast.expr:
        least, most = self.constant(LEAST), self.constant(MOST)
        inside = ast.Compare(least, [ast.LtE(), ast.LtE()], [_load(name), most])
        return ast.UnaryOp(ast.Not(), inside)

    def bounded(self) -> ast.stmt:
        return ast.If(self.outside("r"), [ast.Expr(self.call(_too_large, []))], [])

    def call(self, function: Callable[..., object], values: list[ast.expr]) -> ast.expr:
        return ast.Call(self.constant(function), values, [])

    def operand(self, node: ast.expr) -> ast.expr:
        """Return a value for an operation which itself refuses a missing one."""
        if isinstance(node, ast.Name) and self.types[node] in AMOUNTS:
            return _load(self.locals[node.id])
        return self.value(node)

    def value(self, node: ast.expr) -> ast.expr:
        found = self.unwatched(node)
        if node not in self.watched:
            return found
        name = f"_part{self.watching}"
        self.watching += 1
        kept = ast.NamedExpr(ast.Name(name, ast.Store()), found)
        least, most = self.constant(_LEAST_PART), self.constant(LIMITS.exact)
        fine = ast.Compare(least, [ast.LtE(), ast.LtE()], [kept, most])
        refused = self.call(exact.too_large, [_load(name)])
        return ast.IfExp(fine, _load(name), refused)

    def unwatched(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.Constant():
                return self.constant(node.value)
            case ast.Name():
                return self.name(node)
            case ast.BinOp(op=ast.Pow()):
                return self.call(
                    exact.power, [self.value(node.left), self.value(node.right)]
                )
            case ast.BinOp():
                return self.operation(node)
            case ast.UnaryOp():
                return ast.UnaryOp(node.op, self.operand(node.operand))
            case ast.BoolOp():
                return ast.BoolOp(node.op, [self.value(one) for one in node.values])
            case ast.Compare():
                return self.comparison(node)
            case ast.IfExp():
                parts = (node.test, node.body, node.orelse)
                return ast.IfExp(*(self.value(one) for one in parts))
            case ast.Call():
                return self.function_call(node)
        raise AssertionError(f"the checker let a {type(node).__name__} through")

    def name(self, node: ast.Name) -> ast.expr:
        kind, here = self.types[node], _load(self.locals[node.id])
        if kind is Type.YESNO:
            return ast.Compare(here, [ast.Is()], [ast.Constant(True)])
        if kind is Type.TEXT:
            return ast.BoolOp(ast.Or(), [here, ast.Constant("")])
        return self.call(_needed, [here])

    def operation(self, node: ast.BinOp) -> ast.expr:
        left, right = self.operand(node.left), self.operand(node.right)
        if self.types[node.left] is Type.DATE:
            between = CATALOGUE["days_between"].run
            return self.call(between, [self.value(node.right), self.value(node.left)])
        if isinstance(node.op, ast.Div):
            return self.call(divided, [left, right])
        return ast.BinOp(left, node.op, right)

    def comparison(self, node: ast.Compare) -> ast.expr:
        order_only = all(isinstance(sign, _ORDER) for sign in node.ops)
        take = self.operand if order_only else self.value
        return ast.Compare(
            take(node.left), node.ops, [take(one) for one in node.comparators]
        )

    def function_call(self, node: ast.Call) -> ast.expr:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        if name in ("is_blank", "or_else"):
            return self.field_call(node, name)
        run = CATALOGUE[name].run
        literals = [one.value for one in node.args if isinstance(one, ast.Constant)]
        if len(literals) == len(node.args):
            with exact.arithmetic():
                try:
                    return self.constant(run(*literals))
                except (ValueFault, ArithmeticError):
                    pass  # It fails each time it is reached, and only then.
        return self.call(run, [self.value(one) for one in node.args])

    def field_call(self, node: ast.Call, name: str) -> ast.expr:
        field = node.args[0]
        assert isinstance(field, ast.Name)
        test = self.call(is_blank, [_load(self.locals[field.id])])
        if name == "is_blank":
            return test
        return ast.IfExp(test, self.value(node.args[1]), self.value(field))


def _load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _assign(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value)
