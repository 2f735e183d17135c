"""Checks formulas that come as JSON and answers as JSON, as pages and plans do it."""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from . import EvaluationError, InvalidFormula, Type, check_formula, compile_formula
from .functions.dates import parsed_date
from .tables import Table, TierTable
from .words import plain_number

_TYPES = {
    **{kind.value: kind for kind in Type},
    "yes/no": Type.YESNO,
    "bool": Type.YESNO,
    "boolean": Type.YESNO,
    "decimal": Type.NUMBER,
    "integer": Type.NUMBER,
    "string": Type.TEXT,
}
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")

Answer = dict[str, object]


class BadInput(Exception):
    """A name or value that was handed over is not what it says it is."""


def answer_json(text: str) -> str:
    """Return the answers to a JSON list of formulas as JSON, refused ones included."""
    # Numbers stay exact, and an endless one costs nothing.
    items = json.loads(text, parse_float=str, parse_int=_whole_or_text)
    if not isinstance(items, list):
        items = [items]
    return json.dumps([answer(item) for item in items], ensure_ascii=False, indent=1)


def _whole_or_text(written: str) -> int | str:
    return int(written) if len(written) < 19 else written


def answer(item: object) -> Answer:
    """Check one formula and work it out for the values that came with it."""
    found: Answer = {
        "id": item.get("id") if isinstance(item, Mapping) else None,
        "accepted": False,
        "message": None,
        "line": None,
        "column": None,
        "value": None,
        "error": None,
    }
    try:
        if not isinstance(item, Mapping) or not isinstance(item.get("text"), str):
            raise BadInput("The formula has no text.")
        return _answered(found, item)
    except BadInput as fault:
        return {**found, "message": str(fault)}


def _answered(found: Answer, item: Mapping[str, object]) -> Answer:
    text = str(item["text"])
    names = item.get("names") or {}
    if not isinstance(names, Mapping):
        raise BadInput("The names must be an object of names and values.")
    result = _TYPES.get(str(item.get("result")).lower())
    types = _types_of(text, names, result)
    try:
        formula = compile_formula(text, types, result)
    except InvalidFormula as invalid:
        first = invalid.problems[0]
        place = {"line": first.line, "column": first.column}
        return {**found, "message": first.message, **place}
    found["accepted"] = True
    try:
        values = {
            name: _value(name, names[name], types[name]) for name in formula.names
        }
        found["value"] = as_text(formula.evaluate(values))
    except EvaluationError as fault:
        place = {"line": fault.line, "column": fault.column}
        return {**found, "error": fault.message, **place}
    except BadInput as fault:
        return {**found, "error": str(fault)}
    return found


def as_text(value: object) -> str | None:
    """Return a value as it travels in JSON: exact text, yes/no in words."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return plain_number(value)
    return str(value)


def _types_of(
    text: str, names: Mapping[str, object], result: Type | None
) -> dict[str, Type]:
    """Return the types of the names; a bare "90210" may also turn out to be text."""
    types = {name: _type_of(name, given) for name, given in names.items()}
    problems = len(check_formula(text, types, result))
    for name, given in names.items():
        if problems and isinstance(given, str) and name in text:
            as_written = {**types, name: Type.TEXT}
            left = len(check_formula(text, as_written, result))
            if left < problems:
                types, problems = as_written, left
    return types


def _type_of(name: str, given: object) -> Type:
    if isinstance(given, Mapping):
        kind = _TYPES.get(str(given.get("type")).lower())
        if kind is None:
            raise BadInput(f'"{name}" has the unknown type "{given.get("type")}".')
        return kind
    if isinstance(given, bool):
        return Type.YESNO
    written = str(given or "").strip()
    if written.endswith("%") and _number(written) is not None:
        return Type.PERCENT
    if _number(written) is not None:
        return Type.PLAIN
    return Type.DATE if parsed_date(written) else Type.TEXT


def _value(name: str, given: object, kind: Type) -> object:
    raw = given.get("value") if isinstance(given, Mapping) else given
    if raw is None or (raw == "" and kind is not Type.TEXT):
        return None
    if kind is Type.TABLE:
        return _table(name, raw)
    written = as_text(raw) or ""
    found: object = written
    if kind is Type.YESNO:
        known = written.lower() in _YES + _NO
        found = written.lower() in _YES if known else None
    elif kind is Type.DATE:
        found = parsed_date(written[:10])
    elif kind is not Type.TEXT:
        found = _number(written)
    if found is None:
        raise BadInput(f'The value of "{name}" is not {kind.words}.')
    return found


def _number(written: str) -> Decimal | None:
    share = written.endswith("%")
    try:
        number = Decimal(written.removesuffix("%").strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number.adjusted()) > 40 or len(written) > 60:
        return None
    return number.scaleb(-2) if share else number


def _table(name: str, raw: object) -> Table:
    """Read tiers as [{from, rate}, …] or as text such as "0: 6%, 80000: 8%"."""
    pairs: list[tuple[str, str]] = []
    if isinstance(raw, str):
        for row in raw.replace(";", ",").split(","):
            low, _, rate = row.partition(":")
            pairs.append((low, rate))
    elif isinstance(raw, list):
        for row in raw:
            if isinstance(row, Mapping):
                pairs.append((str(row.get("from")), str(row.get("rate"))))
    rows: list[tuple[Decimal, Decimal]] = []
    for low, rate in pairs:
        start, share = _number(low.strip()), _number(rate.strip())
        if start is None or share is None:
            raise BadInput(
                f'The value of "{name}" has a row that is not a number and a rate.'
            )
        rows.append((start, share))
    try:
        return TierTable(tuple(rows))
    except ValueError as fault:
        raise BadInput(f'The value of "{name}" is not a table: {fault}.') from None
