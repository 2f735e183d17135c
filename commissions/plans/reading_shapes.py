"""Other ways to write the same thing, turned into the one that is kept.

What an author clearly means is taken: a component under its key, a table as a list of
rows, `percentage` for `percent`. The rest is left as it is, for the reader to refuse.
"""

import re
from calendar import month_name
from collections.abc import Mapping
from typing import Any

from commissions.plans.document import DEFAULT_CREDIT, DEFAULT_OBJECT, PAYS, Raw
from commissions.plans.table_form import tidy_table
from commissions_saas.lib.weeks import read_words, words_of

Given = dict[str, Any]

_TYPES = {
    "percentage": "percent",
    "%": "percent",
    "rate": "percent",
    "amount": "money",
    "currency": "money",
    "decimal": "number",
    "integer": "number",
    "int": "number",
    "string": "text",
    "str": "text",
    "bool": "yesno",
    "boolean": "yesno",
    "yes/no": "yesno",
    "yes_no": "yesno",
    "day": "date",
}
_PLAN_DEFAULTS = {
    "rounding": "half_up",
    "round": "line",
    "pays": "month",
    "convert_on": "day",
    "year_starts": "1",
}
_PART_DEFAULTS: Mapping[str, Raw] = {
    "object": DEFAULT_OBJECT,
    "credit": list(DEFAULT_CREDIT),
    "per": "deal",
    "of": "me",
    "take": "sum",
    "order": "highest",
    "repeat": "no",
    "kind": "earning",
}
_LISTS = ("credit", "component", "replaces")
_WINDOWS = ("month", "half_month", "week", "quarter", "year")
_MONTHS = tuple(name.lower() for name in month_name[1:])
_SIGNS = re.compile(r"[\s-]+")


def tidy_plan(raw: Given) -> Given:
    """Return the plan in the one form that is kept and hashed."""
    raw = dict(raw)
    if "plan" not in raw and isinstance(raw.get("name"), str):
        raw["plan"] = raw.pop("name")
    if isinstance(raw.get("rounding"), str):
        raw["rounding"] = _SIGNS.sub("_", raw["rounding"].lower())
    if isinstance(raw.get("year_starts"), str):
        raw["year_starts"] = _month(raw["year_starts"])
    if isinstance(raw.get("pays"), str):
        raw["pays"] = _calendar(raw["pays"])
    if isinstance(raw.get("variables"), dict):
        raw["variables"] = {
            name: _variable(value) for name, value in raw["variables"].items()
        }
    if isinstance(raw.get("fields"), dict):
        raw["fields"] = _fields(raw["fields"])
    if isinstance(raw.get("measures"), list):
        raw["measures"] = _by_name(raw["measures"])
    if isinstance(raw.get("measures"), dict):
        raw["measures"] = {
            name: _measure(part) for name, part in raw["measures"].items()
        }
    if isinstance(raw.get("components"), dict):
        raw["components"] = [
            {"key": key, **(part if isinstance(part, dict) else {"amount": part})}
            for key, part in raw["components"].items()
        ]
    if isinstance(raw.get("components"), list):
        raw["components"] = [_component(part) for part in raw["components"]]
    if isinstance(raw.get("tables"), dict):
        raw["tables"] = {
            name: tidy_table(table) for name, table in raw["tables"].items()
        }
    if isinstance(raw.get("examples"), list):
        raw["examples"] = [
            {"name": f"Example {at}", **_example(part)}
            if isinstance(part, dict)
            else part
            for at, part in enumerate(raw["examples"], start=1)
        ]
    return {key: v for key, v in raw.items() if v != _PLAN_DEFAULTS.get(key)}


def _month(written: str) -> str:
    """Return the number of a month: `April`, `Apr` and `04` are 4."""
    name = written.strip().lower()
    found = [
        at
        for at, one in enumerate(_MONTHS, 1)
        if len(name) > 2 and one.startswith(name)
    ]
    return str(found[0]) if found else written.strip().removeprefix("0") or written


def _calendar(written: str) -> str:
    """Return a pay calendar of weeks in the words that are kept, others in their own."""
    kind = read_words(written)
    plain = _SIGNS.sub("_", written.lower())
    return words_of(kind) if kind else plain if plain in PAYS else written


def _variable(value: Any) -> Any:
    if isinstance(value, str):
        return _TYPES.get(value.lower(), value)
    if isinstance(value, dict):
        value = dict(value)
        if isinstance(value.get("type"), str):
            value["type"] = _TYPES.get(value["type"].lower(), value["type"])
        if set(value) == {"type"}:
            return value["type"]
    return value


def _fields(given: Given) -> Given:
    """Write `deal: {fee: money}` as `deal.fee: money`; an owner is a payee."""
    found: Given = {}
    for name, value in given.items():
        inner = value if isinstance(value, dict) else None
        if inner is not None and "." not in name:
            for key, kind in inner.items():
                found[_field(f"{name}.{key}")] = _variable(kind)
        else:
            found[_field(name)] = _variable(value)
    return found


def _field(name: str) -> str:
    owner, dot, key = name.partition(".")
    return (
        f"payee.{key}" if dot and owner in ("owner", "below", "highest_below") else name
    )


def _by_name(parts: list[Any]) -> Any:
    """Return measures written as a list under their names, where each has its own."""
    found: Given = {}
    for part in parts:
        name = part.get("name") if isinstance(part, dict) else None
        if not isinstance(name, str) or name in found:
            return parts
        found[name] = {key: value for key, value in part.items() if key != "name"}
    return found


def _measure(part: Any) -> Any:
    if isinstance(part, str):
        return {"sum": part}
    if not isinstance(part, dict):
        return part
    part = _lists(part)
    if isinstance(part.get("type"), str):
        part["type"] = _TYPES.get(part["type"].lower(), part["type"])
    defaults = dict(_PART_DEFAULTS)
    if "value" in part:
        per = "deal" if "by" in part else "period"
        defaults |= {"per": per, "over": "always"}
    elif "measure" not in part:
        defaults["over"] = "period"
    return {key: v for key, v in part.items() if v != defaults.get(key)}


def _component(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    part = _lists(part)
    name = part.get("name")
    if "key" not in part and isinstance(name, str):
        part["key"] = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if part.get("per") in _WINDOWS and "over" not in part:
        part |= {"per": "period", "over": part["per"]}
    if isinstance(part.get("steps"), dict):
        part["steps"] = [{name: text} for name, text in part["steps"].items()]
    defaults = {**_PART_DEFAULTS, "over": "period"}
    return {key: v for key, v in part.items() if v != defaults.get(key)}


def _example(part: Given) -> Given:
    """Turn sets whose order says something into lists: a set has none when stored."""
    part = dict(part)
    payees = part.get("payees")
    if isinstance(payees, dict) and "name" not in payees:
        part["payees"] = [
            {"name": name, **body} if isinstance(body, dict) else {"name": name}
            for name, body in payees.items()
        ]
    for key in ("deals", "entries"):
        if isinstance(part.get(key), list):
            part[key] = [_entry(entry) for entry in part[key]]
    return part


def _entry(entry: Any) -> Any:
    credits = entry.get("credits") if isinstance(entry, dict) else None
    if not isinstance(credits, dict) or "payee" in credits:
        return entry
    # The first who is named owns the deal, the others have a split of it.
    listed = [
        {"payee": name, "share": share, "role": "split" if at else "owner"}
        for at, (name, share) in enumerate(credits.items())
    ]
    return {**entry, "credits": listed}


def _lists(part: Given) -> Given:
    part = dict(part)
    for key in _LISTS:
        if isinstance(part.get(key), str):
            part[key] = [word.strip() for word in part[key].split(",") if word.strip()]
    return part
