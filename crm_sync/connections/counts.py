"""How many records are here, and how many the source has."""

from __future__ import annotations

from collections.abc import Mapping as Document
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from crm_sync.connections.models import Connection
from crm_sync.ledger.models import Entry


def counts_here(connection: Connection) -> list[dict[str, Any]]:
    """Return how many entries of each object the business has from a connection."""
    rows = (
        Entry.objects.filter(connection_id=connection.pk, deleted=False)
        .values("object")
        .annotate(entries=Count("id"), counting=Count("id", filter=Q(counts=True)))
        .order_by("object")
    )
    return [dict(row) | _there(connection, row) for row in rows]


def _there(connection: Connection, row: Document[str, Any]) -> dict[str, Any]:
    """Return how many the source had when all ids were compared, if it feeds only us."""
    counted = connection.cursors.get("counted", {}).get(row["object"])
    if counted is None or connection.business_id is None:
        return {"there": None}
    difference = counted["there"] - row["entries"]
    return {
        "there": counted["there"],
        "difference": abs(difference),
        "missing": difference > 0,
        "compared_at": datetime.fromisoformat(counted["at"]),
    }
