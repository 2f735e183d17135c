"""Rate tables as they are written, and as the formula language reads them."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from commissions.formula import KeyedTable, Table, TierTable
from commissions.plans.document import Raw
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.money import parse_decimal

KINDS = ("tiers", "keyed")
_KEYS = ("kind", "unit", "edge", "keys", "rows")
_UNITS = ("money", "number", "percent")

Fault = tuple[str, str, str]


def read_number(text: str) -> Decimal:
    """Read 1234.50 or 6% exactly; thousands marks are refused."""
    if text.endswith("%"):
        return parse_decimal(text[:-1]).scaleb(-2)
    return parse_decimal(text)


def check_table(raw: Mapping[str, Raw]) -> list[Fault]:
    """Return what is wrong with a table: where in it, the sentence, a hint."""
    faults = [
        (key, f"“{key}” is not known in a table.", f"Known are {', '.join(_KEYS)}.")
        for key in raw
        if key not in _KEYS
    ]
    kind = raw.get("kind", "tiers")
    if kind not in KINDS:
        faults.append(("kind", f"“{kind}” is not a kind of table.", _kinds()))
        return faults
    if raw.get("unit", "money") not in _UNITS:
        words = f"“{raw.get('unit')}” is not a unit."
        faults.append(("unit", words, f"It is one of {', '.join(_UNITS)}."))
    if faults:
        return faults
    try:
        build_table(raw)
    except ProductError as problem:
        faults.append(("rows", problem.message, problem.hint))
    except ValueError as problem:
        words = str(problem)
        faults.append(("rows", f"{words[0].upper()}{words[1:]}.", ""))
    return faults


def _kinds() -> str:
    return f"It is one of {', '.join(KINDS)}."


def build_table(raw: Mapping[str, Raw]) -> Table:
    """Return the table that formulas read as tiers.<name> or tables.<name>."""
    rows = list(_rows(raw))
    if raw.get("kind", "tiers") == "tiers":
        pairs = tuple((_number(row, "from"), _number(row, "rate")) for row in rows)
        return TierTable(pairs, edge=str(raw.get("edge", "up")))
    names = _key_names(raw)
    found: dict[tuple[str, ...], Decimal] = {}
    for row in rows:
        keys = tuple(_text(row, name) for name in names)
        if keys in found:
            raise ProductError(f"Two rows have the keys {', '.join(keys)}.")
        found[keys] = _number(row, "rate")
    return KeyedTable(found)


def reading_of(name: str, raw: Mapping[str, Raw]) -> str:
    """Return the name under which formulas read a table."""
    return f"{'tables' if raw.get('kind') == 'keyed' else 'tiers'}.{name}"


def _rows(raw: Mapping[str, Raw]) -> Iterable[Mapping[str, Raw]]:
    rows = raw.get("rows", [])
    if not isinstance(rows, list) or not rows:
        raise ProductError("A table needs rows.", hint="Like {from: 0, rate: 6%}.")
    for row in rows:
        if not isinstance(row, Mapping):
            raise ProductError("A row is a set of names and values.")
        yield row


def _key_names(raw: Mapping[str, Raw]) -> list[str]:
    keys = raw.get("keys", [])
    names = (
        [part.strip() for part in keys.split(",")] if isinstance(keys, str) else keys
    )
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ProductError("The keys of a table are a list of names.")
    if not names:
        raise ProductError("A keyed table names its keys.", hint="Like [product].")
    return [str(name) for name in names]


def _text(row: Mapping[str, Raw], name: str) -> str:
    value = row.get(name, "")
    if not isinstance(value, str) or not value:
        raise ProductError(f"A row has no “{name}”.")
    return value


def _number(row: Mapping[str, Raw], name: str) -> Decimal:
    return read_number(_text(row, name))
