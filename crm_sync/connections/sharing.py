"""What an owner sees of a shared source: where its records go, and what has moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from commissions_saas.lib import clock
from crm_sync.connections.models import (
    Connection,
    Home,
    Move,
    Route,
    RouteTable,
    SourceField,
    UnroutedRecord,
)
from crm_sync.connections.own_fields import what_is_written
from crm_sync.connections.places import READS
from crm_sync.connections.readers import businesses_of
from crm_sync.connections.selectors import values_seen
from crm_sync.ledger.selectors import refused_total
from tenants.access import Member, member_of
from tenants.accounts.models import Business
from tenants.schema import in_business, in_public
from tenants.urls_for import business_url

SHOWN = 20
ELSEWHERE = "no business"


def group_facts(connection: Connection) -> dict[str, Any]:
    """Return the routing table with counts, and the records that go nowhere."""
    routes = list(Route.objects.filter(connection=connection).order_by("id"))
    businesses = {row.pk: row for row in businesses_of(connection)}
    counts = _counts(connection)
    refused = 0
    for business in businesses.values():
        with in_business(business):
            refused += refused_total(connection.pk).records
    path = routes[0].path if routes else ""
    known = {route.value for route in routes}
    unrouted = UnroutedRecord.objects.filter(connection=connection)
    moves = Move.objects.filter(connection=connection).order_by("-id")
    return {
        "routes": [
            {
                "value": route.value,
                "business": businesses.get(route.business_id),
                "records": counts.get(route.value, 0),
            }
            for route in routes
        ],
        "route_label": label_of(connection, path),
        "records": Home.objects.filter(connection=connection).count(),
        "unrouted": unrouted.count(),
        "unrouted_rows": list(
            unrouted.order_by(F("amount").desc(nulls_last=True), "id")[:SHOWN]
        ),
        "unrouted_worth": _worth(unrouted),
        "unknown_values": [v for v in values_seen(connection, path) if v not in known],
        "refused_records": refused,
        "feeds": list(businesses.values()),
        "moves": [_both_sides(move, businesses) for move in moves[:SHOWN]],
    }


def written_wrong(connection: Connection, member: Member) -> list[dict[str, Any]]:
    """Return what is wrong with the fields that businesses fill at a source, with a way
    there for who is a member of the business."""
    found: list[dict[str, Any]] = []
    for business in businesses_of(connection):
        with in_business(business):
            wrong = [one for one in what_is_written(connection.pk) if one.problem]
        found += [{"business": business, "field": one} for one in wrong]
    open_to = _open_to(member, {row["business"] for row in found})
    for row in found:
        is_open = row["business"].pk in open_to
        args = ("writeback:values", connection.pk, row["field"].number)
        row["url"] = business_url(row["business"], *args) if is_open else ""
    return found


def _worth(unrouted: QuerySet[UnroutedRecord]) -> dict[str, Decimal]:
    rows = unrouted.exclude(amount=None).values("currency").annotate(sum=Sum("amount"))
    return {row["currency"]: row["sum"] for row in rows.order_by("currency")}


def moves_here(
    connection: Connection, business: Business, member: Member
) -> list[dict[str, Any]]:
    """Return what has left a business and come to it: of the other only its name, and
    a way there for who is a member of both."""
    rows = Move.objects.filter(connection=connection)
    rows = rows.filter(Q(from_business_id=business.pk) | Q(to_business_id=business.pk))
    found = list(rows.order_by("-id")[:SHOWN])
    names = {row.pk: row for row in businesses_of(connection)}
    open_to = _open_to(member, names.values())
    return [_one_side(move, business, names, open_to) for move in found]


def figures_of(table: RouteTable) -> dict[str, Any]:
    """Return what a trial found, with the names of its businesses and the sums."""
    names = {row.pk: row for row in businesses_of(table.connection)}
    figures = table.figures
    places = [
        {
            **place,
            "business": names[place["business"]],
            "booked": _amounts(place["booked"]),
            "net": _amounts(place["net"]),
        }
        for place in figures.get("places", ())
        if place["business"] in names
    ]
    return {
        "records": figures.get("records", 0),
        "moves": [
            {
                "from": _name(names, move["from"]),
                "to": _name(names, move["to"]),
                "count": move["count"],
            }
            for move in figures.get("moves", ())
        ],
        "moved": sum(move["count"] for move in figures.get("moves", ())),
        "places": [place for place in places if _is_touched(place)],
        "booked": _sum(place["booked"] for place in places),
        "net": _sum(place["net"] for place in places),
        "proposals": sum(place["proposals"] for place in places),
        "refused": sum(max(place["refused"], 0) for place in places),
        "unrouted": figures.get("unrouted", 0),
        "several": figures.get("several", []),
    }


def label_of(connection: Connection, path: str) -> str:
    """Return what the source calls the field at a path."""
    rows = SourceField.objects.filter(connection=connection, path=path)
    return rows.values_list("label", flat=True).first() or path


def route_rows(table: RouteTable, businesses: Sequence[Business]) -> list[Any]:
    """Return a table's values, each with the name of its business."""
    names = {row.pk: row.name for row in businesses}
    return [(value, names.get(pk, "–")) for value, pk in table.values.items()]


def _counts(connection: Connection) -> dict[str, int]:
    rows = Home.objects.filter(connection=connection).values("value")
    return {row["value"]: row["n"] for row in rows.annotate(n=Count("id"))}


def _both_sides(move: Move, names: dict[int, Business]) -> dict[str, Any]:
    return {
        "move": move,
        "from": names.get(move.from_business_id),
        "to": names.get(move.to_business_id or 0),
        "from_url": _deal_url(names.get(move.from_business_id), move.from_entry_id),
        "to_url": _deal_url(names.get(move.to_business_id or 0), move.to_entry_id),
    }


def _one_side(
    move: Move, here: Business, names: dict[int, Business], open_to: set[int]
) -> dict[str, Any]:
    left = move.from_business_id == here.pk
    other = names.get((move.to_business_id if left else move.from_business_id) or 0)
    entry = move.from_entry_id if left else move.to_entry_id
    there = move.to_entry_id if left else move.from_entry_id
    taken = -move.taken if move.taken is not None else None
    reachable = other if other is not None and other.pk in open_to else None
    return {
        "move": move,
        "left": left,
        "other": other.name if other else ELSEWHERE,
        "other_url": _deal_url(reachable, there),
        "url": _deal_url(here, entry),
        "amount": taken if left else move.given,
        "currency": move.taken_currency if left else move.given_currency,
    }


def _open_to(member: Member, businesses: Iterable[Business]) -> set[int]:
    """Return the businesses whose records the reader may see."""
    found = set()
    with in_public():
        for business in businesses:
            day = clock.today(business.time_zone)
            there = member_of(user=member.user, business=business, day=day)
            if there is not None and there.has(*READS):
                found.add(business.pk)
    return found


def _deal_url(business: Business | None, entry_id: int | None) -> str:
    if business is None or entry_id is None:
        return ""
    return business_url(business, "statements:deal", entry_id)


def _name(names: dict[int, Business], pk: int) -> str:
    return names[pk].name if pk in names else ELSEWHERE


def _is_touched(place: dict[str, Any]) -> bool:
    keys = ("booked", "net", "lines", "proposals", "refused")
    return any(place[key] for key in keys)


def _amounts(texts: dict[str, str]) -> dict[str, Decimal]:
    return {currency: Decimal(text) for currency, text in texts.items()}


def _sum(parts: Any) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for part in parts:
        for currency, amount in part.items():
            total[currency] = total.get(currency, Decimal(0)) + amount
    return total
