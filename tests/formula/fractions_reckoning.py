"""A third reckoning of formulas: Python's own grammar and exact fractions, no Decimal.

It shares no line with the language. It knows nothing of types or limits, so it is only
asked about formulas that were accepted; `exact` says whether every value on the way could
be written with 34 digits, so that the answers must be equal to the last digit.
"""

import ast
import datetime
import operator
import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from commissions.formula import KeyedTable, TierTable

F = Fraction
NOTHING = F(0)
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


class NoAnswer(Exception):
    """These values have no answer."""


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
        """Note a number that 34 digits cannot hold."""
        if isinstance(value, Fraction):
            rest = value.denominator
            for prime in (2, 5):
                while rest % prime == 0:
                    rest //= prime
            if rest != 1:
                self.exact = False
            else:
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


def _rows(table: TierTable) -> list[tuple[Fraction, Fraction]]:
    return [(F(start), F(rate)) for start, rate in table.rows]


def _rate_at(total: Fraction, table: TierTable) -> Fraction:
    rows = _rows(table)
    if total < rows[0][0] and rows[0][0] > 0:
        raise NoAnswer
    reached = [
        rate
        for start, rate in rows
        if start < total or (start == total and table.edge == "up")
    ]
    return reached[-1] if reached else rows[0][1]


def _area(total: Fraction, table: TierTable) -> Fraction:
    """Return what everything from 0 to a total earns, as the area under the rates."""
    rows = _rows(table)
    bounds = [None, *(start for start, _ in rows[1:]), None]
    found = F(0)
    for at, (_, rate) in enumerate(rows):
        low, high = bounds[at], bounds[at + 1]
        sides = []
        for end in (total, F(0)):
            end = end if low is None else max(end, low)
            sides.append(end if high is None else min(end, high))
        found += (sides[0] - sides[1]) * rate
    return found


def _marginal(before: Fraction, amount: Fraction, table: TierTable) -> Fraction:
    first = F(table.rows[0][0])
    if amount and first > 0 and min(before, before + amount) < first:
        raise NoAnswer
    return _area(before + amount, table) - _area(before, table)


def _curve(total: Fraction, table: TierTable, outside: str = "") -> Fraction:
    rows = _rows(table)
    below, above = total < rows[0][0], total > rows[-1][0]
    if below or above:
        if outside == "refuse" or (outside == "line" and len(rows) == 1):
            raise NoAnswer
        if outside != "line":
            return rows[0][1] if below else rows[-1][1]
    for (x0, y0), (x1, y1) in pairwise(rows):
        if x0 <= total <= x1 or (below and x0 == rows[0][0]):
            return y0 + (y1 - y0) / (x1 - x0) * (total - x0)
    if above:
        (x0, y0), (x1, y1) = rows[-2:]
        return y0 + (y1 - y0) / (x1 - x0) * (total - x0)
    return rows[-1][1]


def _text_of(key: Any) -> str:
    if isinstance(key, str):
        return key
    number = Decimal(key.numerator) / Decimal(key.denominator)
    return f"{number.normalize():f}"


def _found(table: KeyedTable, keys: tuple[Any, ...]) -> Decimal | None:
    if not isinstance(table, KeyedTable):
        raise NoAnswer
    wanted = [_text_of(key) for key in keys]
    fitting = [
        row
        for row in table.rows
        if len(row) == len(wanted)
        and all(mine in ("*", key) for mine, key in zip(row, wanted, strict=True))
    ]
    # A row with fewer stars first; of equals, the one whose first star comes later.
    fitting.sort(key=lambda row: (row.count("*"), [key == "*" for key in row]))
    return table.rows[fitting[0]] if fitting else None


def _lookup(table: KeyedTable, *keys: Any) -> Fraction:
    found = _found(table, keys)
    if found is None:
        raise NoAnswer
    return F(found)


def _prize(rank: Fraction, tied: Fraction, table: TierTable) -> Fraction:
    if rank.denominator != 1 or tied.denominator != 1 or not 0 <= rank <= 1000:
        raise NoAnswer
    if not 0 <= tied <= 1000 or (rank and not tied):
        raise NoAnswer
    if not rank:
        return F(0)
    return F(sum(_rate_at(rank + at, table) for at in range(int(tied)))) / tied


def _clamp(value: Any, least: Any, most: Any) -> Any:
    if least > most:
        raise NoAnswer
    return sorted((least, value, most))[1]


def _round(value: Fraction, places: Fraction = NOTHING) -> Fraction:
    scaled = abs(value) * F(10) ** int(places)
    found = F((scaled + F(1, 2)).__floor__()) / F(10) ** int(places)
    return found if value >= 0 else -found


def _prorate(amount: Fraction, part: Fraction, whole: Fraction) -> Fraction:
    if not whole:
        raise NoAnswer
    return amount / whole * part


def _added_months(day: datetime.date, months: int) -> datetime.date:
    year, month = day.year, day.month + months
    while month > 12:
        year, month = year + 1, month - 12
    while month < 1:
        year, month = year - 1, month + 12
    if not 1 <= year <= 9999:
        raise NoAnswer
    return datetime.date(year, month, min(day.day, monthrange(year, month)[1]))


def _months(first: datetime.date, last: datetime.date) -> Fraction:
    if last < first:
        return -_months(last, first)
    count = 0
    while True:
        try:
            if _added_months(first, count + 1) > last:
                return F(count)
        except NoAnswer:
            return F(count)
        count += 1


def _months_begun(first: datetime.date, last: datetime.date) -> Fraction:
    if last <= first:
        return F(0)
    whole = _months(first, last)
    return whole + (_added_months(first, int(whole)) < last)


def _shifted(
    how: Callable[[datetime.date, int], datetime.date],
) -> Callable[[datetime.date, Fraction], datetime.date]:
    def shifted(day: datetime.date, count: Fraction) -> datetime.date:
        if count.denominator != 1 or abs(count) > 100_000:
            raise NoAnswer
        try:
            return how(day, int(count))
        except OverflowError:
            raise NoAnswer from None

    return shifted


def _blended(before: Fraction, amount: Fraction, table: TierTable) -> Fraction:
    if not amount:
        return _rate_at(before, table)
    return _marginal(before, amount, table) / amount


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "NOT": lambda one: not one,
    "min": lambda *all_: min(all_),
    "max": lambda *all_: max(all_),
    "abs": abs,
    "round": _round,
    "floor": lambda one: F(one.__floor__()),
    "ceil": lambda one: F(one.__ceil__()),
    "clamp": _clamp,
    "prorate": _prorate,
    "marginal": _marginal,
    "whole": lambda total, amount, table: amount * _rate_at(total, table),
    "rate_at": _rate_at,
    "curve": _curve,
    "blended_rate": _blended,
    "prize": _prize,
    "lookup": _lookup,
    "has_row": lambda table, *keys: _found(table, keys) is not None,
    "is_one_of": lambda one, *others: any(one == other for other in others),
    "contains": lambda text, part: part.casefold() in text.casefold(),
    "starts_with": lambda text, part: (
        text.casefold()[: len(part.casefold())] == part.casefold()
    ),
    "ends_with": lambda text, part: text.casefold().endswith(part.casefold()),
    "lower": str.lower,
    "date": lambda text: datetime.date(*map(int, text.split("-"))),
    "days_between": lambda first, last: F(last.toordinal() - first.toordinal()),
    "days_including": lambda first, last: F(
        max(0, last.toordinal() - first.toordinal() + 1)
    ),
    "months_between": _months,
    "months_begun": _months_begun,
    "add_days": _shifted(lambda day, days: day + datetime.timedelta(days)),
    "add_months": _shifted(_added_months),
    "month_start": lambda day: datetime.date(day.year, day.month, 1),
    "month_end": lambda day: (
        _added_months(day.replace(day=1), 1) - datetime.timedelta(1)
    ),
    "days_in_month": lambda day: F(
        (
            _added_months(day.replace(day=1), 1) - datetime.date(day.year, day.month, 1)
        ).days
    ),
    "quarter": lambda day: F(1 + (day.month > 3) + (day.month > 6) + (day.month > 9)),
    "year": lambda day: F(day.year),
    "month": lambda day: F(day.month),
    "day": lambda day: F(day.day),
}
