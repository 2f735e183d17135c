"""Lists: filters, order, paging and the choice of fields, as Close does them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from commissions_saas.demo.close_server import values
from commissions_saas.demo.close_server.store import Doc, Store

MAX_SKIP = 250_000
_DEFAULT_LIMIT = 100
_MAX_LIMIT = 200
_OPERATORS = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<", "": "="}
_MOMENTS = {"date_created": "created", "date_updated": "updated"}
_ORDERS = _MOMENTS | {
    name: f"json_extract(doc, '$.{name}')"
    for name in ("date_won", "confidence", "value")
}
_OF_STATUS = (
    "json_extract(doc, '$.status_id') IN (SELECT id FROM object"
    " WHERE kind = 'status' AND json_extract(doc, '$.{0}') IN ({1}))"
)
_COLUMNS = {
    "opportunity": {
        "lead_id": "lead",
        "user_id": "owner",
        "status_id": "json_extract(doc, '$.status_id')",
        "value_period": "json_extract(doc, '$.value_period')",
    },
}
_OF_ALL = {"id": "id", "lead_id": "lead"}
ACTIVITIES = ("meeting", "call", "email", "sms", "note", "custom")

Params = Mapping[str, str]


class BadRequest(Exception):
    """The request cannot be answered, and why."""


def list_rows(
    store: Store, *, kind: str, org: str, params: Params, owner: str | None
) -> tuple[list[sqlite3.Row], bool, int]:
    """Return a page of rows, whether there are more, and how many in all.

    A parameter that is not known is ignored without a word, as Close does.
    """
    where, bound = _where(kind, params)
    where += ["kind = ?", "org = ?"]
    bound += [kind, org]
    if owner is not None:
        where.append("owner = ?")
        bound.append(owner)
    condition = " AND ".join(where)
    limit = min(whole(params, "_limit", _DEFAULT_LIMIT), _MAX_LIMIT)
    skip = whole(params, "_skip", 0)
    if skip > MAX_SKIP:
        raise BadRequest(
            "The skip you set is larger than the maximum skip for this resource"
            f" (max_skip = {MAX_SKIP}). Please refine your search query."
        )
    # The conditions and orders are texts of this module; what was asked is bound.
    sql = f"FROM object WHERE {condition}"
    tie = "random()" if store.shuffles_ties else "id"
    order = f"ORDER BY {_order(kind, params, tie)} LIMIT ? OFFSET ?"
    found = store.rows(f"SELECT * {sql} {order}", [*bound, limit + 1, skip])
    total = store.rows(f"SELECT count(*) AS n {sql}", bound)
    return found[:limit], len(found) > limit, int(total[0]["n"])


def choose_fields(doc: Doc, params: Params) -> Doc:
    """Keep only the fields asked for with `_fields`; `custom` means all of those."""
    if not params.get("_fields"):
        return doc
    wanted = set(params["_fields"].split(","))
    return {
        key: value
        for key, value in doc.items()
        if key in wanted or ("custom" in wanted and key.startswith("custom."))
    }


def _where(kind: str, params: Params) -> tuple[list[str], list[Any]]:
    where: list[str] = []
    bound: list[Any] = []
    for name, value in params.items():
        field, _, operator = name.partition("__")
        if field in _moments_of(kind) and operator in _OPERATORS:
            where.append(f"{_MOMENTS[field]} {_OPERATORS[operator]} ?")
            bound.append(moment(name, value))
        elif field == "date_won" and kind == "opportunity" and operator in _OPERATORS:
            where.append(f"{_ORDERS[field]} {_OPERATORS[operator]} ?")
            bound.append(value)
        elif operator in ("", "in"):
            choices = value.split(",") if operator else [value]
            marks = ", ".join("?" * len(choices))
            columns = _COLUMNS.get(kind, _OF_ALL)
            if field in columns:
                where.append(f"{columns[field]} IN ({marks})")
                bound += choices
            elif field in ("status_type", "status_label") and kind == "opportunity":
                where.append(_OF_STATUS.format(field.removeprefix("status_"), marks))
                bound += choices
    return where, bound


def _moments_of(kind: str) -> tuple[str, ...]:
    # Activities cannot be asked for what changed, only for what is new.
    if kind in ACTIVITIES:
        return ("date_created",)
    return ("date_created", "date_updated") if kind in ("opportunity", "task") else ()


def _order(kind: str, params: Params, tie: str) -> str:
    name = params.get("_order_by", "-date_created")
    field = name.removeprefix("-")
    if field not in _ORDERS or (kind != "opportunity" and field not in _MOMENTS):
        raise BadRequest(f"Cannot order by {field}.")
    way = "DESC" if name.startswith("-") else "ASC"
    return f"{_ORDERS[field]} {way}, {tie} {way}"


def moment(name: str, value: str) -> str:
    """Return a parameter that is a moment, as a stamp."""
    try:
        return values.stamp_of(value)
    except ValueError:
        raise BadRequest(f"{name}: {value} is not a date.") from None


def whole(params: Params, name: str, default: int) -> int:
    """Return a parameter that is a whole number."""
    text = params.get(name, "")
    if text and not text.isdecimal():
        raise BadRequest(f"{name} must be a whole number.")
    return int(text) if text else default
