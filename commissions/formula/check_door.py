"""Checks formulas that come as JSON and answers as JSON, as pages and plans do it."""

import json
import logging
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from . import (
    EvaluationError,
    Formula,
    InvalidFormula,
    Type,
    check_formula,
    compile_formula,
)
from .exact import scaleb
from .functions.dates import parsed_date
from .limits import LIMITS
from .parser import ANSWERS
from .source import clipped
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
_MOST_DIGITS = 60  # of a value that is handed over

Answer = dict[str, object]
log = logging.getLogger(__name__)


class BadInput(Exception):
    """A name or value that was handed over is not what it says it is."""


class _Pairs(dict[str, object]):
    """A JSON object that remembers which key it was given twice."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        counted = Counter(key for key, _ in pairs)
        self.twice = next((key for key in counted if counted[key] > 1), None)


def answer_json(given: str | bytes) -> str:
    """Return the answers to a JSON list of formulas as JSON, refused ones included."""
    try:
        # Numbers stay exact, and an endless one costs nothing.
        items = json.loads(
            _decoded(given),
            object_pairs_hook=_Pairs,
            parse_float=_Written,
            parse_int=_whole_or_text,
            parse_constant=_Written,
        )
        if isinstance(items, Mapping):
            items = [items]
        if not isinstance(items, list):
            raise BadInput("it must be a list of formulas")
        # Plain ASCII, because an id may hold what no terminal can show.
        return json.dumps([_safe_answer(item) for item in items], indent=1)
    except RecursionError:
        raise BadInput("it is nested too deep") from None


def _decoded(given: str | bytes) -> str:
    """Return the text of the input; a byte that is none spoils its own formula only."""
    if isinstance(given, bytes):
        given = given.decode(json.detect_encoding(given), "surrogateescape")
    return given.removeprefix("\ufeff")


def _safe_answer(item: object) -> Answer:
    """Answer one formula; a fault of ours costs no other formula its answer."""
    try:
        return answer(item)
    except Exception:
        log.exception("A formula could not be answered.")
        words = "This could not be worked out. The fault is ours, not the formula's."
        return {**_nothing(item), "message": words}


class _Written(str):
    """A JSON number as it was written, because a float would lose its digits."""


def _whole_or_text(written: str) -> int | str:
    return int(written) if len(written) < 19 else _Written(written)


def _given_back(found: object) -> object:
    """Return an id as the number that it was; one too long for Python stays text."""
    try:
        return json.loads(found) if isinstance(found, _Written) else found
    except ValueError:
        return found


def answer(item: object) -> Answer:
    """Check one formula and work it out for the values that came with it."""
    found = _nothing(item)
    try:
        if not isinstance(item, Mapping) or not isinstance(item.get("text"), str):
            raise BadInput("The formula has no text.")
        _refuse_twice(item, "The formula has")
        return _answered(found, item)
    except BadInput as fault:
        return {**found, "message": str(fault)}


def _refuse_twice(given: object, who: str) -> None:
    """Refuse a key that stands twice: nobody knows which of its values was meant."""
    if isinstance(given, _Pairs) and given.twice is not None:
        raise BadInput(f'{who} "{clipped(given.twice)}" twice.')


def _nothing(item: object) -> Answer:
    return {
        "id": _given_back(item.get("id")) if isinstance(item, Mapping) else None,
        "accepted": False,
        "message": None,
        "line": None,
        "column": None,
        "value": None,
        "error": None,
    }


def _answered(found: Answer, item: Mapping[str, object]) -> Answer:
    text = str(item["text"])
    given = item.get("names")
    names = {} if given is None else given
    if not isinstance(names, Mapping):
        raise BadInput("The names must be an object of names and values.")
    _refuse_twice(names, "The names have")
    for name in sorted(ANSWERS & set(names)):
        if re.search(rf"(?<![\w.]){name}(?![\w.])", text):
            raise BadInput(f'"{name}" is an answer, so it cannot be a name.')
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
        values = _values(formula, names, types)
        found["value"] = as_text(formula.evaluate(values))
    except EvaluationError as fault:
        place = {"line": fault.line, "column": fault.column}
        return {**found, "error": fault.message, **place}
    return found


def _values(
    formula: Formula, names: Mapping[str, object], types: Mapping[str, Type]
) -> dict[str, object]:
    """Read the values that a formula uses; a wrong one is blamed where it is used first."""
    found: dict[str, object] = {}
    for name in sorted(formula.names, key=lambda one: formula.place_of(one).start):
        try:
            found[name] = _value(name, names[name], types[name])
        except BadInput as fault:
            span = formula.place_of(name)
            raise EvaluationError("bad_value", str(fault), span, formula.text) from None
    return found


def _wanted(given: object) -> Type | None:
    """Return the type that the result must have; nothing asks for nothing."""
    if given is None or given == "" or given == "any":
        return None
    kind = _kind(given)
    if kind is None:
        shown = clipped(str(given))
        raise BadInput(f'The result has the unknown type "{shown}"; known: {_KNOWN}.')
    return kind


def _kind(given: object) -> Type | None:
    return _TYPES.get(given.strip().lower()) if isinstance(given, str) else None


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
    doubtful = [
        (name, other)
        for name, given in names.items()
        if name in text and (other := _also(given, types[name])) is not None
    ]
    problems = len(check_formula(text, types, result)) if doubtful else 0
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
    if not isinstance(given, str | int) or isinstance(given, bool):
        return None
    if kind is not Type.TEXT:
        return Type.TEXT
    return Type.YESNO if str(given).lower() in ("yes", "no", "true", "false") else None


def _type_of(name: str, given: object) -> Type:
    if isinstance(given, Mapping):
        return _declared(name, given)
    if isinstance(given, list):
        raise BadInput(
            f'"{_named(name)}" must be a value or an object of type and value.'
        )
    if isinstance(given, bool):
        return Type.YESNO
    written = "" if given is None else str(given).strip()
    if _digits(written) is not None:
        return Type.PERCENT if written.endswith("%") else Type.PLAIN
    return Type.DATE if parsed_date(written) else Type.TEXT


def _declared(name: str, given: Mapping[str, object]) -> Type:
    _refuse_twice(given, f'"{_named(name)}" has')
    if "type" not in given:
        raise BadInput(f'"{_named(name)}" has no type; known: {_KNOWN}.')
    kind = _kind(given["type"])
    if kind is None:
        shown = clipped(str(given["type"]))
        raise BadInput(
            f'"{_named(name)}" has the unknown type "{shown}"; known: {_KNOWN}.'
        )
    return kind


def _named(name: str) -> str:
    return clipped(name, 80)


def _value(name: str, given: object, kind: Type) -> object:
    raw = given.get("value") if isinstance(given, Mapping) else given
    if kind is Type.TEXT:
        written = as_text(raw)
    else:
        written = raw.strip() if isinstance(raw, str) else as_text(raw)
    if written is None or (written == "" and kind is not Type.TEXT):
        return None
    if kind is Type.TABLE:
        return _table(name, raw)
    if isinstance(raw, Mapping | list):
        raise BadInput(f'The value of "{name}" is not {kind.words}.')
    try:
        found = _read(written, kind)
    except ValueError as fault:
        raise BadInput(f'The value of "{name}" {fault}.') from None
    if found is None:
        raise BadInput(f'The value of "{name}" is not {kind.words}.')
    return found


def _read(written: str, kind: Type) -> object:
    """Return a value of a type from its text, or None where it is not of that type."""
    if kind is Type.TEXT:
        return written
    if kind is Type.YESNO:
        known = written.lower() in _YES + _NO
        return written.lower() in _YES if known else None
    if kind is Type.DATE:
        return _day(written)
    if kind is Type.MONEY and written.endswith("%"):
        return None  # Six percent is an amount of nothing.
    return _number(written)


def _day(written: str) -> date | None:
    """Return the day of a date or of a moment, in the zone in which it is written."""
    try:
        moment = datetime.fromisoformat(written) if _DAY.fullmatch(written) else None
    except ValueError:
        return None
    return moment.date() if moment else None


def _digits(written: str) -> str | None:
    """Return what stands before a % if it is a number; a number of any length is one."""
    plain = written.removesuffix("%").strip()
    return plain if _WRITTEN.fullmatch(plain) else None


def _number(written: str) -> Decimal | None:
    """Return the number that a text holds; ValueError tells which one is too long."""
    plain = _digits(written)
    if plain is None:
        return None
    if "." in plain and "e" not in plain.lower():
        plain = plain.rstrip("0")
    if len(plain) > _MOST_DIGITS:
        raise ValueError(f"has more than {_MOST_DIGITS} digits")
    number = Decimal(plain)
    if number and number.adjusted() > _MOST_DIGITS:
        # The formula refuses it, and says where it stands.
        return (LIMITS.largest * 10).copy_sign(number)
    if number and number.adjusted() < -_MOST_DIGITS:
        raise ValueError(f"has more than {_MOST_DIGITS} decimal places")
    return scaleb(number, -2) if written.endswith("%") else number


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
        rate = _row_number(row, "rate")
        start = _row_number(row, "from") if keys is None else Decimal(0)
        if start is None or rate is None:
            raise BadInput(
                f'The value of "{name}" has a row that is not a number and a rate.'
            )
        if isinstance(keys, list):
            keyed[tuple(as_text(key) or "" for key in keys)] = rate
        else:
            tiers.append((start, rate))
    try:
        if keyed and len(keyed) < len(rows):
            raise ValueError("two rows have the same keys, or one has none")
        return KeyedTable(keyed) if keyed else TierTable(tuple(tiers), edge)
    except ValueError as fault:
        raise BadInput(f'The value of "{name}" is not a table: {fault}.') from None


def _row_number(row: object, key: str) -> Decimal | None:
    written = str(row.get(key)).strip() if isinstance(row, Mapping) else ""
    try:
        return _number(written)
    except ValueError:
        return None
