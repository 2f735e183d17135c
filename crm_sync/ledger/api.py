"""The ledger for programs: every entry as it stands, page after page."""

from __future__ import annotations

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
from tenants.frame.pagination import paginate

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


@machine("GET", roles=EVERY_ROLE)
def entries(request: Any) -> Response:
    """List the entries that the member may see, oldest first by when they came.

    An entry keeps its place for ever, so a page is the same however many come in.
    """
    asked = _asked(request)
    rows = _filtered(entries_visible_to(request.member), asked)
    page = paginate(
        rows,
        order=("id",),
        cursor=asked.get("cursor", ""),
        size=_whole(asked, "limit", _USUAL, least=1, most=_MOST),
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


def _asked(request: Any) -> dict[str, str]:
    for name in request.query_params:
        if name not in _FILTERS:
            known = ", ".join(_FILTERS)
            raise BadRequest(f"“{name}” is no filter.", f"Known: {known}.", name)
    return {name: str(value) for name, value in request.query_params.items()}


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
    if asked.get("deleted") != "all":
        rows = rows.filter(deleted=_yes_no(asked, "deleted") is True)
    return rows


def _yes_no(asked: dict[str, str], name: str) -> bool | None:
    words = {"yes": True, "true": True, "1": True, "no": False, "false": False}
    words["0"] = False
    value = asked.get(name, "").lower()
    if value and value not in words:
        raise BadRequest(f"{name} is yes or no.", field=name)
    return words.get(value)


def _whole(
    asked: dict[str, str], name: str, usual: int, *, least: int = 0, most: int = 2**62
) -> int:
    value = asked.get(name, "")
    if not value:
        return usual
    if not value.isdecimal() or not value.isascii() or not least <= int(value) <= most:
        raise BadRequest(
            f"{name} is a whole number from {least} to {most}.", field=name
        )
    return int(value)
