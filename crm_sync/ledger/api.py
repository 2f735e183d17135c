"""The ledger for programs: every entry as it stands, page after page."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.response import Response

from crm_sync.ledger.api_json import entries_json
from crm_sync.ledger.models import Entry
from crm_sync.ledger.selectors import entries_visible_to
from tenants.access import EVERY_ROLE
from tenants.api.errors import BadRequest
from tenants.api.pages import machine
from tenants.frame.pagination import leads_somewhere, paginate

_USUAL, _MOST = 100, 200
_FILTERS = [
    "object",
    "connection",
    "external_id",
    "counts",
    "deleted",
    "changed_since",
    "limit",
    "cursor",
    "payload",
]
_OF_A_PAGE = ("limit", "cursor", "payload")  # the others say which list it is
_ORDER = ("id",)


@machine("GET", roles=EVERY_ROLE, filters=_FILTERS)
def entries(request: Any) -> Response:
    """List the entries that the member may see, oldest first by when they came.

    An entry keeps its place for ever, so a page is the same however many come in.
    """
    asked = {name: str(value) for name, value in request.query_params.items()}
    rows = _filtered(entries_visible_to(request.member), asked)
    cursor, scope = asked.get("cursor", ""), _scope(request, asked)
    if cursor and not leads_somewhere(cursor, order=_ORDER, scope=scope):
        raise BadRequest(
            "This cursor is not of this list.",
            "Begin without a cursor, then send `next` as it came, with the same filters.",
            "cursor",
        )
    page = paginate(
        rows,
        order=_ORDER,
        cursor=cursor,
        size=_whole(asked, "limit", _USUAL, least=1, most=_MOST),
        scope=scope,
    )
    with_payload = _yes_no(asked, "payload") is True and request.member.sees_all_pay
    return Response(
        {
            "entries": entries_json(
                page.rows, member=request.member, with_payload=with_payload
            ),
            "total": page.total,
            "next": page.next_cursor or None,
        }
    )


@machine("GET", roles=EVERY_ROLE)
def entry(request: Any, id: int) -> Response:
    """Show one entry with the payload that the source gave."""
    row = get_object_or_404(entries_visible_to(request.member), pk=id)
    member = request.member
    found = entries_json([row], member=member, with_payload=member.sees_all_pay)
    return Response(found[0])


def _scope(request: Any, asked: dict[str, str]) -> str:
    """Return what a cursor counts for: the business, and the filters that were sent."""
    filters = {k: v for k, v in asked.items() if v and k not in _OF_A_PAGE}
    return json.dumps([request.business.pk, sorted(filters.items())])


def _filtered(rows: QuerySet[Entry], asked: dict[str, str]) -> QuerySet[Entry]:
    if asked.get("object"):
        rows = rows.filter(object=asked["object"])
    if asked.get("connection"):
        rows = rows.filter(connection_id=_whole(asked, "connection", 0))
    if asked.get("external_id"):
        rows = rows.filter(external_id=asked["external_id"])
    if asked.get("changed_since"):
        rows = rows.filter(changed__gt=_whole(asked, "changed_since", 0))
    counts = _yes_no(asked, "counts")
    if counts is not None:
        rows = rows.filter(counts=counts)
    if asked.get("deleted", "").lower() != "all":
        deleted = _yes_no(asked, "deleted", others="all")
        rows = rows.filter(deleted=deleted is True)
    return rows


def _yes_no(asked: dict[str, str], name: str, *, others: str = "") -> bool | None:
    words = {"yes": True, "true": True, "1": True, "no": False, "false": False}
    words["0"] = False
    value = asked.get(name, "").lower()
    if value and value not in words:
        known = f"yes, no or {others}" if others else "yes or no"
        hint = f"Send {name}={others or 'yes'}, or leave it out."
        raise BadRequest(f"{name} is {known}.", hint, name)
    return words.get(value)


def _whole(
    asked: dict[str, str], name: str, usual: int, *, least: int = 0, most: int = 2**62
) -> int:
    value = asked.get(name, "")
    if not value:
        return usual
    is_digits = value.isdecimal() and value.isascii() and len(value) < 20
    if not is_digits or not least <= int(value) <= most:
        bound = f"from {least} to {most}" if most < 2**62 else f"of {least} or more"
        hint = "Write it in digits alone, or leave it out."
        raise BadRequest(f"{name} is a whole number {bound}.", hint, name)
    return int(value)
