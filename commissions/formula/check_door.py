"""Checks formulas that come as JSON and answers as JSON, as pages and plans do it."""

import json
import logging
import re
from collections.abc import Mapping
from decimal import Decimal

from . import EvaluationError, InvalidFormula, Type, check_formula, compile_formula
from .exact import scaleb
from .functions.dates import parsed_date
from .tables import KeyedTable, Table, TierTable
from .words import plain_number

_TYPES = {
    **{kind.value: kind for kind in Type},
    **dict.fromkeys(("amount", "currency"), Type.MONEY),
    **dict.fromkeys(("yes/no", "yes_no", "bool", "boolean"), Type.YESNO),
    **dict.fromkeys(("decimal", "integer", "int", "count"), Type.NUMBER),
    **dict.fromkeys(("percentage", "share", "%"), Type.PERCENT),
    **dict.fromkeys(("string", "str"), Type.TEXT),
    **dict.fromkeys(("day",), Type.DATE),
    **dict.fromkeys(("rate table", "tiers"), Type.TABLE),
}
_KNOWN = "money, number, percent, text, date, yes/no"
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")
_WRITTEN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.+Z-]*)?")
_GUESSES = 24  # names whose type is tried both ways

Answer = dict[str, object]
log = logging.getLogger(__name__)


class BadInput(Exception):
    """A name or value that was handed over is not what it says it is."""


def answer_json(text: str) -> str:
    """Return the answers to a JSON list of formulas as JSON, refused ones included."""
    try:
        # Numbers stay exact, and an endless one costs nothing.
        items = json.loads(
            text.removeprefix("\ufeff"),
            parse_float=str,
            parse_int=_whole_or_text,
            parse_constant=str,
        )
        if isinstance(items, Mapping):
            items = [items]
        if not isinstance(items, list):
            raise BadInput("it must be a list of formulas")
        # Plain ASCII, because an id may hold what no terminal can show.
        return json.dumps([_safe_answer(item) for item in items], indent=1)
    except RecursionError:
        raise BadInput("it is nested too deep") from None


def _safe_answer(item: object) -> Answer:
    """Answer one formula; a fault of ours costs no other formula its answer."""
    try:
        return answer(item)
    except Exception:
        log.exception("A formula could not be answered.")
        words = "This could not be worked out. The fault is ours, not the formula's."
        return {**_nothing(item), "message": words}


def _whole_or_text(written: str) -> int | str:
    return int(written) if len(written) < 19 else written


def answer(item: object) -> Answer:
    """Check one formula and work it out for the values that came with it."""
    found = _nothing(item)
    try:
        if not isinstance(item, Mapping) or not isinstance(item.get("text"), str):
            raise BadInput("The formula has no text.")
        return _answered(found, item)
    except BadInput as fault:
        return {**found, "message": str(fault)}


def _nothing(item: object) -> Answer:
    return {
        "id": item.get("id") if isinstance(item, Mapping) else None,
        "accepted": False,
        "message": None,
        "line": None,
        "column": None,
        "value": None,
        "error": None,
    }


def _answered(found: Answer, item: Mapping[str, object]) -> Answer:
    text = str(item["text"])
    names = item.get("names") or {}
    if not isinstance(names, Mapping):
        raise BadInput("The names must be an object of names and values.")
    result = _wanted(item.get("result"))
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


def _wanted(given: object) -> Type | None:
    """Return the type that the result must have; nothing asks for nothing."""
    if given is None or given == "" or given == "any":
        return None
    kind = _TYPES.get(given.lower()) if isinstance(given, str) else None
    if kind is None:
        raise BadInput(f'The result has the unknown type "{given}"; known: {_KNOWN}.')
    return kind


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
    doubtful = [
        (name, other)
        for name, given in names.items()
        if name in text and (other := _also(given, types[name])) is not None
    ]
    for name, other in doubtful[:_GUESSES]:
        if problems:
            otherwise = {**types, name: other}
            left = len(check_formula(text, otherwise, result))
            if left < problems:
                types, problems = otherwise, left
    return types


def _also(given: object, kind: Type) -> Type | None:
    """Return what a bare value may be as well: 90210 a text, "yes" a yes/no."""
    if given is None:
        return Type.PLAIN
    if not isinstance(given, str):
        return None
    if kind is not Type.TEXT:
        return Type.TEXT
    return Type.YESNO if given.lower() in ("yes", "no", "true", "false") else None


def _type_of(name: str, given: object) -> Type:
    if isinstance(given, Mapping):
        kind = _TYPES.get(str(given.get("type")).lower())
        if kind is None:
            raise BadInput(f'"{name}" has the unknown type "{given.get("type")}".')
        return kind
    if isinstance(given, list):
        raise BadInput(f'"{name}" must be a value or an object of type and value.')
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
    if isinstance(raw, Mapping | list):
        raise BadInput(f'The value of "{name}" is not {kind.words}.')
    written = as_text(raw) or ""
    found: object = written
    if kind is Type.YESNO:
        known = written.lower() in _YES + _NO
        found = written.lower() in _YES if known else None
    elif kind is Type.DATE:
        found = parsed_date(written[:10]) if _DAY.fullmatch(written) else None
    elif kind is not Type.TEXT:
        # Six percent is an amount of nothing.
        is_share = kind is Type.MONEY and written.endswith("%")
        found = None if is_share else _number(written)
    if found is None:
        raise BadInput(f'The value of "{name}" is not {kind.words}.')
    return found


def _number(written: str) -> Decimal | None:
    share = written.endswith("%")
    plain = written.removesuffix("%").strip()
    if len(plain) > 60 or not _WRITTEN.fullmatch(plain):
        return None
    number = Decimal(plain)
    if abs(number.adjusted()) > 40:
        return None
    return scaleb(number, -2) if share else number


def _table(name: str, raw: object) -> Table:
    """Read tiers as [{from, rate}, …], {rows, edge} or "0: 6%, 80000: 8%"; or keyed rows."""
    edge = "up"
    if isinstance(raw, Mapping):
        edge, raw = str(raw.get("edge", "up")), raw.get("rows")
    if isinstance(raw, str):
        parts = [row.partition(":") for row in raw.replace(";", ",").split(",")]
        raw = [{"from": low, "rate": rate} for low, _, rate in parts]
    rows = raw if isinstance(raw, list) else []
    tiers: list[tuple[Decimal, Decimal]] = []
    keyed: dict[tuple[str, ...], Decimal] = {}
    for row in rows:
        keys = row.get("keys") if isinstance(row, Mapping) else None
        rate = _number(_cell(row, "rate"))
        start = _number(_cell(row, "from")) if keys is None else Decimal(0)
        if start is None or rate is None:
            raise BadInput(
                f'The value of "{name}" has a row that is not a number and a rate.'
            )
        if isinstance(keys, list):
            keyed[tuple(str(key) for key in keys)] = rate
        else:
            tiers.append((start, rate))
    try:
        return KeyedTable(keyed) if keyed else TierTable(tuple(tiers), edge)
    except ValueError as fault:
        raise BadInput(f'The value of "{name}" is not a table: {fault}.') from None


def _cell(row: object, key: str) -> str:
    return str(row.get(key)).strip() if isinstance(row, Mapping) else ""
