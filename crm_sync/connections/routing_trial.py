"""A routing table tried on everything that is stored, with the money it would move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db.models import Count, Max

from crm_sync.connections.homes import SEVERAL
from crm_sync.connections.models import Connection, Home, Route, RouteTable
from crm_sync.connections.models import UnroutedRecord as Unrouted
from crm_sync.connections.readers import Reader, businesses_of, reader_of
from crm_sync.connections.retrying import (
    read_stored_again,
    retry_refused,
    retry_unrouted,
)
from crm_sync.ledger.changes import latest_change, lock_changes
from crm_sync.ledger.money_moved import Moved, booked_in, less, money_moved_in
from crm_sync.ledger.selectors import refused_total
from tenants.accounts.models import Business
from tenants.schema import in_business, in_public

Told = Callable[[int, int], None]
_TRIED = "routes on trial"
_SHOWN = 5


def try_table(table: RouteTable, told: Told | None = None) -> dict[str, Any]:
    """Route everything by a table, see what that moves, and take all of it back.

    Call it in a transaction. The businesses' change numbers are locked in the order of
    their ids, as everything that writes in several of them does.
    """
    connection = table.connection
    businesses = businesses_of(connection)
    found: dict[str, Any] = {}

    def do() -> None:
        before = _Standing(connection, businesses)
        with in_public():
            _put(table)
            _route(reader_of(connection), before.records, told)
        found.update(_difference(before, _Standing(connection, businesses)))

    for business in businesses:
        with in_business(business):
            lock_changes()
    moved = money_moved_in(businesses, do)
    for place in found["places"]:
        place |= _money(moved[place["business"]])
    return found


def how_it_stands(connection: Connection) -> dict[str, Any]:
    """Return what the figures of a trial depend on, to see later whether it moved."""
    rows = Unrouted.objects.filter(connection=connection)
    unrouted = rows.aggregate(n=Count("id"), last=Max("id"))
    changes = {}
    for business in businesses_of(connection):
        with in_business(business):
            changes[str(business.pk)] = latest_change()
    homes = Home.objects.filter(connection=connection)
    return {
        "changes": changes,
        "homes": homes.count(),
        "unrouted": [unrouted["n"], unrouted["last"] or 0],
    }


class _Standing:
    """Where every record lives and what is booked, at one moment of a trial."""

    def __init__(self, connection: Connection, businesses: list[Business]) -> None:
        rows = Home.objects.filter(connection=connection)
        self.homes = {
            (object_, external_id): business
            for object_, external_id, business in rows.values_list(
                "object", "external_id", "business_id"
            )
        }
        unrouted = Unrouted.objects.filter(connection=connection)
        keys = unrouted.values_list("object", "external_id")
        self.unrouted: set[tuple[str, str]] = set(keys)
        several = unrouted.filter(reason__startswith=SEVERAL).values("reason")
        self.several = [
            {"reason": row["reason"], "count": row["n"]}
            for row in several.annotate(n=Count("id")).order_by("-n", "reason")[:_SHOWN]
        ]
        self.booked = {business.pk: booked_in(business) for business in businesses}
        self.refused: dict[int, int] = {}
        for business in businesses:
            with in_business(business):
                self.refused[business.pk] = refused_total(connection.pk).records

    @property
    def records(self) -> int:
        return len(self.homes) + len(self.unrouted)


def _put(table: RouteTable) -> None:
    """Make the table's rows the routes, for as long as the trial lasts."""
    Route.objects.filter(connection=table.connection).delete()
    Route.objects.bulk_create(
        Route(
            connection=table.connection,
            path=table.path,
            value=value,
            business_id=target,
        )
        for value, target in table.values.items()
    )


def _route(reader: Reader, records: int, told: Told | None) -> None:
    done = 0
    for object_ in reader.connection.options.get("objects", ["deal"]):
        before = done

        def progress(more: int, before: int = before) -> None:
            nonlocal done
            done = before + more
            if told is not None:
                told(min(done, records), records)

        read_stored_again(
            reader=reader, object_=object_, words=_TRIED, progress=progress
        )
    retry_refused(reader=reader)
    retry_unrouted(reader=reader)


def _difference(before: _Standing, after: _Standing) -> dict[str, Any]:
    """Return which records have moved from where to where, and what that books."""
    moves: Counter[tuple[int, int]] = Counter()
    for key in before.homes.keys() | after.homes.keys():
        old, new = before.homes.get(key, 0), after.homes.get(key, 0)
        if old != new:
            moves[old, new] += 1
    return {
        "records": before.records,
        "moves": [
            {"from": old, "to": new, "count": count}
            for (old, new), count in sorted(moves.items())
        ],
        "unrouted": len(after.unrouted),
        "several": after.several,
        "places": [
            {
                "business": pk,
                "booked": _texts(less(after.booked[pk], before.booked[pk])),
                "refused": after.refused[pk] - before.refused[pk],
            }
            for pk in before.booked
        ],
    }


def _money(moved: Moved) -> dict[str, Any]:
    return {
        "lines": moved.lines,
        "statements": moved.statements,
        "net": _texts(moved.net),
        "proposals": moved.proposals + moved.posted,
    }


def _texts(amounts: Any) -> dict[str, str]:
    return {currency: f"{amount:f}" for currency, amount in sorted(amounts.items())}
