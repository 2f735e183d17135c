"""Reading the event log: newest first, by cursor, thirty days back."""

from __future__ import annotations

import base64
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

from commissions_saas.demo.close_server import values
from commissions_saas.demo.close_server.listing import (
    BadRequest,
    Params,
    moment,
    whole,
)
from commissions_saas.demo.close_server.present import Presenter
from commissions_saas.demo.close_server.store import Doc, Store

_KEPT_FOR = timedelta(days=30)
_DETAILS_FOR = timedelta(hours=1)
_PER_PAGE = 50
_NAMES = ("object_type", "object_id", "action", "lead_id", "user_id")
_SIGNS = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}
# Which filters may be joined; the type alone is not among them.
_JOINED: tuple[set[str], ...] = (
    set(),
    {"object_type", "object_id"},
    {"object_type", "action"},
    {"object_id", "action"},
    {"lead_id"},
    {"lead_id", "object_type"},
    {"lead_id", "object_type", "action"},
    {"user_id"},
)


def list_events(store: Store, *, org: str, params: Params, sees_details: bool) -> Doc:
    """Answer a request for events; who is not an admin sees details for an hour."""
    if params.get("object_type") in store.does_not_log:
        raise BadRequest(f"{params['object_type']} is not logged.")
    where, bound = _where(org, params, values.stamp(store.now() - _KEPT_FOR))
    limit = min(whole(params, "_limit", _PER_PAGE), _PER_PAGE)
    # The conditions are texts of this module; what was asked for is bound.
    sql = f"SELECT * FROM event WHERE {' AND '.join(where)}"  # noqa: S608
    sql += " ORDER BY updated DESC, id DESC LIMIT ?"
    rows = store.rows(sql, [*bound, limit + 1])
    shown = Presenter(store, org)
    now = store.now()
    data = [event_doc(shown, row, sees_details, now) for row in rows[:limit]]
    older = _cursor(rows[limit - 1]) if len(rows) > limit else None
    return {"data": data, "cursor_next": older, "cursor_previous": None}


def _where(org: str, params: Params, oldest: str) -> tuple[list[str], list[Any]]:
    given = [name for name in _NAMES if name in params]
    if set(given) not in _JOINED:
        raise BadRequest(f"Cannot filter by {' and '.join(given)}.")
    where = ["org = ?", "updated >= ?"]
    bound: list[Any] = [org, oldest]
    for name in given:
        where.append(f"{name} = ?")
        bound.append(params[name])
    for operator, sign in _SIGNS.items():
        name = f"date_updated__{operator}"
        if name in params:
            where.append(f"updated {sign} ?")
            bound.append(moment(name, params[name]))
    if "_cursor" in params:
        where.append("(updated, id) < (?, ?)")
        bound += _read_cursor(params["_cursor"])
    return where, bound


def event_doc(
    shown: Presenter, row: sqlite3.Row, sees_details: bool, now: datetime
) -> Doc:
    """Print an event."""
    event: Doc = values.read_json(row["doc"])
    at = datetime.fromisoformat(row["updated"]).replace(tzinfo=UTC)
    if not sees_details and at < now - _DETAILS_FOR:
        event |= {"data": None, "previous_data": None}
    elif "value_period" in event["data"]:
        event["data"] |= shown.of_deal(event["data"])
    return {
        "id": row["id"],
        "organization_id": row["org"],
        "object_type": row["object_type"],
        "object_id": row["object_id"],
        "lead_id": row["lead_id"],
        "user_id": row["user_id"],
        "action": row["action"],
        "date_created": values.shown(row["created"], offset=False),
        "date_updated": values.shown(row["updated"], offset=False),
        **event,
    }


def _cursor(row: sqlite3.Row) -> str:
    return base64.urlsafe_b64encode(f"{row['updated']} {row['id']}".encode()).decode()


def _read_cursor(text: str) -> list[str]:
    try:
        updated, id = base64.urlsafe_b64decode(text.encode()).decode().split(" ")
    except ValueError:
        raise BadRequest("The cursor is not valid.") from None
    return [updated, id]
