"""Rate tables as they are written, and as the formula language reads them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from commissions.formula import KeyedTable, Table, TierTable
from commissions.plans.document import Raw
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.money import parse_decimal

KINDS = ("tiers", "keyed")
_KEYS = ("kind", "unit", "edge", "keys", "rows", "versions")
_VERSION_KEYS = ("from", "edge", "rows")
_UNITS = ("money", "number", "percent")
_EDGES = ("up", "down")
_VALUES = ("rate", "value", "amount", "percent")
_TIER_KEYS = frozenset({"from", "to", "rate"})

Fault = tuple[str, str, str]
Versions = tuple[tuple[date, Table], ...]


def read_number(text: str) -> Decimal:
    """Read 1234.50 or 6% exactly; thousands marks are refused."""
    if text.endswith("%"):
        return parse_decimal(text[:-1]).scaleb(-2)
    return parse_decimal(text)


def read_day(text: str, what: str) -> date:
    """Read 2026-11-04, or say how a day is written."""
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        hint = "Write it like 2026-11-04."
        raise ProductError(f"{what}: “{text[:40]}” is not a day.", hint=hint) from None


def tidy_table(given: Any) -> Any:
    """Return a table in the form that is kept; what is not understood stays."""
    if isinstance(given, list):
        given = {"rows": given}
    if not isinstance(given, dict):
        return given
    if given and not set(given) & {*_KEYS} and all(map(_is_number, given.values())):
        given = {"rows": given}
    table = dict(given)
    if isinstance(table.get("versions"), list):
        table["versions"] = [
            {**part, "rows": _tidy_rows(part.get("rows"), table)}
            if isinstance(part, dict)
            else part
            for part in table["versions"]
        ]
    else:
        table["rows"] = _tidy_rows(table.get("rows"), table)
    if table.get("kind") == "tiers":
        del table["kind"]
    if table.get("edge") == "up":
        del table["edge"]
    return {key: value for key, value in table.items() if value is not None}


def _rows_of_mapping(
    rows: dict[str, Any], table: dict[str, Any]
) -> list[dict[str, Any]]:
    if table.get("kind") != "keyed" and all(_is_number(key) for key in rows):
        return [{"from": key, "rate": value} for key, value in rows.items()]
    table.setdefault("keys", ["key"])
    keys = table["keys"]
    name = keys[0] if isinstance(keys, list) and keys else str(keys)
    return [{str(name): key, "rate": value} for key, value in rows.items()]


def _tidy_rows(rows: Any, table: dict[str, Any]) -> Any:
    """Give every row a `rate`, and a table found by keys its kind and keys."""
    if isinstance(rows, dict):
        rows = _rows_of_mapping(rows, table)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return rows
    found = [_tidy_row(row) for row in rows]
    if isinstance(table.get("keys"), str):
        table["keys"] = [part.strip() for part in table["keys"].split(",")]
    tiers = any(_TIER_KEYS & row.keys() - {"rate"} for row in found)
    if "kind" not in table and ("keys" in table or (found and not tiers)):
        table["kind"] = "keyed"
    if table.get("kind") == "keyed":
        if "keys" not in table and found:
            table["keys"] = [key for key in found[0] if key != "rate"]
        return found
    return _with_bounds(found)


def _tidy_row(row: dict[str, Any]) -> dict[str, Any]:
    row = {("to" if key == "up_to" else key): value for key, value in row.items()}
    values = [key for key in _VALUES if key in row]
    if len(values) == 1 and values[0] != "rate":
        key = values[0]
        row = {("rate" if name == key else name): value for name, value in row.items()}
    return row


def _with_bounds(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Let rows that say only where they end begin where the one before them ends."""
    found = []
    start: Any = "0"
    for row in rows:
        last = row is rows[-1] and len(rows) > 1
        if "from" not in row and start is not None and ("to" in row or last):
            row = {"from": start, **row}
        start = row.get("to")
        found.append(row)
    return found


def _is_number(text: object) -> bool:
    try:
        read_number(str(text))
    except ProductError:
        return False
    return True


def check_table(raw: Mapping[str, Raw]) -> list[Fault]:
    """Return what is wrong with a table: where in it, the sentence, a hint."""
    faults = _unknown(raw, _KEYS, "")
    kind = raw.get("kind", "tiers")
    if kind not in KINDS:
        faults.append(("kind", f"“{kind}” is not a kind of table.", _among(KINDS)))
        return faults
    for key, among in (("unit", _UNITS), ("edge", _EDGES)):
        if key in raw and raw[key] not in among:
            words = f"“{raw[key]}” is not possible for “{key}”."
            faults.append((key, words, _among(among)))
    if "versions" in raw and "rows" in raw:
        words = "A table has rows, or versions with rows, not both."
        faults.append(("versions", words, ""))
    versions = raw.get("versions", [])
    for part in versions if isinstance(versions, list) else ():
        if isinstance(part, Mapping):
            faults += _unknown(part, _VERSION_KEYS, "versions")
    if faults:
        return faults
    try:
        build_versions(raw, strict=True)
    except ProductError as problem:
        faults.append(("rows", problem.message, problem.hint))
    except ValueError as problem:
        words = str(problem)
        faults.append(("rows", f"{words[0].upper()}{words[1:]}.", ""))
    return faults


def _unknown(raw: Mapping[str, Raw], keys: Sequence[str], where: str) -> list[Fault]:
    return [
        (
            where or key,
            f"“{key}” is not known in a table.",
            f"Known are {', '.join(keys)}.",
        )
        for key in raw
        if key not in keys
    ]


def _among(words: Sequence[str]) -> str:
    return f"It is one of {', '.join(words)}."


def build_table(raw: Mapping[str, Raw]) -> Table:
    """Return the table that formulas read as tiers.<name> or tables.<name>.

    Of a table with versions, the one that was written last.
    """
    return build_versions(raw)[-1][1]


def build_versions(raw: Mapping[str, Raw], *, strict: bool = False) -> Versions:
    """Return what a table reads from which day on; one that is not dated, always.

    `strict` refuses columns that nothing reads.
    """
    versions = raw.get("versions", [])
    if not versions:
        return ((date.min, _built(raw, strict)),)
    if not isinstance(versions, list):
        raise ProductError("The versions of a table are a list.")
    found: list[tuple[date, Table]] = []
    for part in versions:
        if not isinstance(part, Mapping):
            raise ProductError("A version of a table has a day and rows.")
        start = read_day(_text(part, "from", "A version"), "The version of a table")
        if found and start <= found[-1][0]:
            raise ProductError("The days of a table's versions must rise.")
        found.append((start, _built({**raw, **part}, strict)))
    return tuple(found)


def _built(raw: Mapping[str, Raw], strict: bool) -> Table:
    rows = list(_rows(raw))
    names = [] if raw.get("kind", "tiers") == "tiers" else _key_names(raw)
    for row in rows if strict else ():
        _only(row, {*names, "rate"} if names else _TIER_KEYS)
    if not names:
        if strict:
            _check_ends(rows)
        pairs = tuple((_number(row, "from"), _number(row, "rate")) for row in rows)
        return TierTable(pairs, edge=str(raw.get("edge", "up")))
    found: dict[tuple[str, ...], Decimal] = {}
    for row in rows:
        keys = tuple(_text(row, name) for name in names)
        if keys in found:
            raise ProductError(f"Two rows have the keys {', '.join(keys)}.")
        found[keys] = _number(row, "rate")
    return KeyedTable(found)


def _only(row: Mapping[str, Raw], keys: Iterable[str]) -> None:
    for key in row:
        if key not in keys:
            known = ", ".join(sorted(keys))
            hint = f"Its columns are {known}. A second number goes into a second table."
            raise ProductError(f"A row has a column “{key}”.", hint=hint)


def _check_ends(rows: Sequence[Mapping[str, Raw]]) -> None:
    """Hold each `to` against the next `from`; 79,999.99 or 79,999 ends at 80,000."""
    for row, following in pairwise(rows):
        if "to" not in row:
            continue
        gap = _number(following, "from") - _number(row, "to")
        if gap not in (0, 1, Decimal("0.01"), Decimal("0.0001")):
            end, start = row["to"], following["from"]
            words = f"A row ends at {end} and the next begins at {start}."
            raise ProductError(words, hint="Leave “to” out: a row ends at the next.")


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


def _text(row: Mapping[str, Raw], name: str, what: str = "A row") -> str:
    value = row.get(name, "")
    if not isinstance(value, str) or not value:
        raise ProductError(f"{what} has no “{name}”.")
    return value


def _number(row: Mapping[str, Raw], name: str) -> Decimal:
    return read_number(_text(row, name))
