"""Text to a tree: Python's expression grammar cut down, with our own spans and literals.

The nodes are Python's, so that simpleeval and the compiler take the same tree. Their
`col_offset` and `end_col_offset` count characters from the beginning of the text.
"""

import ast
from decimal import Decimal
from typing import TypeVar, cast

from . import exact, hints, syntax_errors
from .errors import Refused
from .lexer import Kind, Token, tokens_of
from .limits import LIMITS
from .source import Span

Node = TypeVar("Node", bound=ast.expr)

TERNARY, OR, AND, NOT, COMPARE, SUM, PRODUCT, UNARY, POWER = range(1, 10)

_BINARY: dict[str, tuple[int, type[ast.operator]]] = {
    "+": (SUM, ast.Add),
    "-": (SUM, ast.Sub),
    "*": (PRODUCT, ast.Mult),
    "/": (PRODUCT, ast.Div),
    "//": (PRODUCT, ast.FloorDiv),
    "%": (PRODUCT, ast.Mod),
    "**": (POWER, ast.Pow),
}
_COMPARISONS: dict[str, type[ast.cmpop]] = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
}
_YES = frozenset({"yes", "true", "True", "TRUE"})
_NO = frozenset({"no", "false", "False", "FALSE"})
ANSWERS = _YES | _NO  # what is written out, and so is never a name
_OPERATOR_WORDS = frozenset({"if", "else", "and", "or", "not"})
_CAPITALS = frozenset({"IF", "AND", "OR", "NOT"})
_USAGE = {
    "IF": "IF(condition, value, value otherwise)",
    "AND": "AND(condition, condition, …)",
    "OR": "OR(condition, condition, …)",
    "NOT": "NOT(condition)",
}


def parse(text: str) -> ast.expr:
    """Return the tree of the text, or raise `Refused` with the first fault."""
    parser = _Parser(tokens_of(text), text)
    tree = parser.expression(TERNARY)
    parser.finish()
    _refuse_large(tree)
    return tree


def placed(node: Node, start: int, end: int) -> Node:
    """Return the node with its place in the text written on it."""
    node.lineno = node.end_lineno = 1
    node.col_offset, node.end_col_offset = start, end
    return node


def literal(value: object, start: int, end: int, kind: str | None = None) -> ast.expr:
    """Return a node with a value that is exact, which Python's own never are."""
    # The cast is for the type checker alone: the tree is never compiled as it is.
    return placed(ast.Constant(cast(str, value), kind), start, end)


def span_of(node: ast.expr) -> Span:
    """Return where a node stands in the text."""
    assert node.end_col_offset is not None
    return Span(node.col_offset, node.end_col_offset)


def _refuse_large(tree: ast.expr) -> None:
    # A long sum nests nothing and still builds a tall tree; walk it without recursion.
    waiting, count = [(tree, 1)], 0
    while waiting:
        node, height = waiting.pop()
        count += 1
        if count > LIMITS.nodes:
            raise Refused(syntax_errors.too_many_parts(span_of(tree), LIMITS.nodes))
        if height > LIMITS.height:
            raise Refused(syntax_errors.too_deep(span_of(node), LIMITS.height))
        waiting += [(child, height + 1) for child in children(node)]


def children(node: ast.expr) -> list[ast.expr]:
    """Return the parts of a node that are values, in the order of the text."""
    match node:
        case ast.BinOp():
            return [node.left, node.right]
        case ast.UnaryOp():
            return [node.operand]
        case ast.BoolOp():
            return list(node.values)
        case ast.Compare():
            return [node.left, *node.comparators]
        case ast.IfExp():
            return [node.body, node.test, node.orelse]
        case ast.Call():
            return list(node.args)
    return []


class _Parser:
    """Precedence climbing over the tokens; three Python frames for each level."""

    def __init__(self, tokens: list[Token], text: str) -> None:
        self.tokens = tokens
        self.text = text
        self.at = 0
        self.depth = 0
        # What a bracketed value covers with its brackets; the node itself covers less.
        self.wrapped: dict[ast.expr, Span] = {}

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        token = self.token
        self.at += 1
        return token

    def sees(self, text: str) -> bool:
        token = self.token
        return token.text == text and token.kind in (Kind.SIGN, Kind.NAME)

    def finish(self) -> None:
        """Refuse whatever follows a complete formula."""
        if self.token.kind is not Kind.END:
            raise Refused(hints.after_value(self.text, self.tokens, self.at))

    def outer(self, node: ast.expr) -> Span:
        return self.wrapped.get(node) or span_of(node)

    def over(self, node: Node, first: ast.expr, last: ast.expr) -> Node:
        return placed(node, self.outer(first).start, self.outer(last).end)

    def expression(self, least: int) -> ast.expr:
        """Read a value and every operator after it that binds at least so tightly."""
        self.depth += 1
        if self.depth > LIMITS.nesting:
            raise Refused(syntax_errors.too_deep(self.token.span, LIMITS.nesting))
        left = self.prefix(least)
        while (joined := self.infix(left, least)) is not None:
            left = joined
        self.depth -= 1
        return left

    def infix(self, left: ast.expr, least: int) -> ast.expr | None:
        token = self.token
        if token.kind is Kind.SIGN and token.text in _BINARY:
            return self.binary(left, least)
        if token.kind is Kind.SIGN and token.text in _COMPARISONS:
            return self.comparison(left) if least <= COMPARE else None
        if token.kind is not Kind.NAME:
            return None
        if token.text in ("and", "or"):
            return self.junction(left, least)
        if token.text == "if" and least <= TERNARY:
            return self.ternary(left)
        return None

    def binary(self, left: ast.expr, least: int) -> ast.expr | None:
        strength, kind = _BINARY[self.token.text]
        if strength < least:
            return None
        self.next()
        right = self.expression(UNARY if strength == POWER else strength + 1)
        return self.over(ast.BinOp(left, kind(), right), left, right)

    def comparison(self, left: ast.expr) -> ast.expr:
        signs: list[ast.cmpop] = []
        others: list[ast.expr] = []
        while self.token.kind is Kind.SIGN and self.token.text in _COMPARISONS:
            signs.append(_COMPARISONS[self.next().text]())
            others.append(self.expression(COMPARE + 1))
        return self.over(ast.Compare(left, signs, others), left, others[-1])

    def junction(self, left: ast.expr, least: int) -> ast.expr | None:
        word = self.token.text
        strength = AND if word == "and" else OR
        if strength < least:
            return None
        values = [left]
        while self.sees(word) and self.token.kind is Kind.NAME:
            self.next()
            values.append(self.expression(strength + 1))
        kind = ast.And() if word == "and" else ast.Or()
        return self.over(ast.BoolOp(kind, values), left, values[-1])

    def ternary(self, left: ast.expr) -> ast.expr:
        word = self.next()
        test = self.expression(OR)
        if not self.sees("else"):
            if self.token.kind is Kind.END:
                raise Refused(syntax_errors.missing_else(word.span))
            raise Refused(hints.after_value(self.text, self.tokens, self.at))
        self.next()
        orelse = self.expression(TERNARY)
        return self.over(ast.IfExp(test, left, orelse), left, orelse)

    def prefix(self, least: int) -> ast.expr:
        token = self.token
        if token.kind is Kind.NUMBER:
            return self.number()
        if token.kind is Kind.TEXT:
            self.next()
            return literal(token.value, token.start, token.end)
        if token.kind is Kind.NAME:
            return self.word(least)
        if token.text in ("+", "-"):
            self.next()
            operand = self.expression(UNARY)
            sign = ast.USub() if token.text == "-" else ast.UAdd()
            end = self.outer(operand).end
            return placed(ast.UnaryOp(sign, operand), token.start, end)
        if token.text == "(":
            return self.bracketed()
        raise Refused(hints.instead_of_value(self.text, self.tokens, self.at))

    def bracketed(self) -> ast.expr:
        opening = self.next()
        inner = self.expression(TERNARY)
        closing = self.closing(opening)
        self.wrapped[inner] = Span(opening.start, closing.end)
        self.refuse_call()
        return inner

    def closing(self, opening: Token) -> Token:
        if self.sees(")"):
            return self.next()
        if self.token.kind is Kind.END:
            fault = syntax_errors.unclosed_bracket(opening.start)
            raise Refused(syntax_errors.closed_at_end(fault, self.token.start))
        raise Refused(hints.after_value(self.text, self.tokens, self.at))

    def refuse_call(self) -> None:
        if self.sees("("):
            raise Refused(syntax_errors.cannot_call(self.token.span))

    def number(self) -> ast.expr:
        token = self.next()
        assert isinstance(token.value, Decimal)
        self.refuse_call()
        if not (self.sees("%") and self.ends_percent(token)):
            return literal(token.value, token.start, token.end)
        sign = self.next()
        self.refuse_call()
        share = exact.scaleb(token.value, -2)
        return literal(share, token.start, sign.end, "%")

    def ends_percent(self, number: Token) -> bool:
        """Say whether the % after a number makes it a percent: no operand follows."""
        sign, after = self.token, self.tokens[self.at + 1]
        touching = sign.start == number.end
        if after.text in ("+", "-") and after.kind is Kind.SIGN:
            # 6% + 2% is a sum of percents; 10 % -3 is a remainder.
            operand = self.tokens[self.at + 2]
            signed = after.start > sign.end and operand.start == after.end
            if not touching and not signed:
                span = Span(number.start, sign.end)
                raise Refused(syntax_errors.doubtful_percent(span, number.text))
            return touching
        starts_value = after.kind in (Kind.NUMBER, Kind.TEXT) or after.text == "("
        is_name = after.kind is Kind.NAME and after.text not in _OPERATOR_WORDS
        if not (starts_value or is_name):
            return True
        if after.text == "of" or (touching and after.start > sign.end):
            last = after if after.text == "of" else sign
            span = Span(number.start, last.end)
            raise Refused(syntax_errors.percent_of(span, number.text))
        return False

    def word(self, least: int) -> ast.expr:
        token = self.next()
        calls = self.sees("(")
        if token.text == "not":
            if least > NOT:
                raise Refused(syntax_errors.not_needs_brackets(token.span))
            operand = self.expression(NOT)
            end = self.outer(operand).end
            return placed(ast.UnaryOp(ast.Not(), operand), token.start, end)
        if fault := hints.refused_word(token, calls):
            raise Refused(fault)
        if calls:
            return self.call(token)
        if token.text in ANSWERS:
            return placed(ast.Constant(token.text in _YES), token.start, token.end)
        return placed(ast.Name(token.text), token.start, token.end)

    def call(self, name: Token) -> ast.expr:
        opening = self.next()
        values: list[ast.expr] = []
        while not self.sees(")"):
            values.append(self.expression(TERNARY))
            if not self.sees(","):
                break
            self.next()
            if self.sees(")"):
                raise Refused(syntax_errors.expected_value(self.token.span, ")"))
        end = self.closing(opening).end
        if fault := hints.doubtful_comma(self.text, self.tokens, self.at):
            raise Refused(fault)
        self.refuse_call()
        if name.text in _CAPITALS:
            return self.capitals(name, values, end)
        place = placed(ast.Name(name.text), name.start, name.end)
        return placed(ast.Call(place, values, []), name.start, end)

    def capitals(self, name: Token, values: list[ast.expr], end: int) -> ast.expr:
        count, word = len(values), name.text
        right = {"IF": count == 3, "NOT": count == 1}.get(word, count >= 2)
        if not right:
            span = Span(name.start, end)
            usage = _USAGE[word]
            raise Refused(syntax_errors.argument_count(span, word, usage, count))
        node: ast.expr
        if word == "IF":
            node = ast.IfExp(values[0], values[1], values[2])
        elif word == "NOT":
            node = ast.UnaryOp(ast.Not(), values[0])
        else:
            node = ast.BoolOp(ast.And() if word == "AND" else ast.Or(), values)
        return placed(node, name.start, end)
