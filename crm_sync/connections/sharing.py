"""What a group sees of a shared source: where its records go."""

from typing import Any

from crm_sync.connections.models import Connection, Home, Route, UnroutedRecord
from crm_sync.connections.readers import businesses_of
from crm_sync.connections.selectors import values_seen
from crm_sync.ledger.models import Entry
from crm_sync.ledger.selectors import refused_total
from tenants.schema import in_business


def group_facts(connection: Connection) -> dict[str, Any]:
    """Return the routing table with counts, and the records that go nowhere."""
    routes = list(Route.objects.filter(connection=connection).order_by("id"))
    businesses = {row.pk: row for row in businesses_of(connection)}
    counts: dict[int, int] = {}
    refused = 0
    for business in businesses.values():
        with in_business(business):
            counts[business.pk] = Entry.objects.filter(
                connection_id=connection.pk, deleted=False
            ).count()
            refused += refused_total(connection.pk).records
    path = routes[0].path if routes else ""
    known = {route.value for route in routes}
    unrouted = UnroutedRecord.objects.filter(connection=connection)
    return {
        "routes": [
            {
                "value": route.value,
                "business": businesses.get(route.business_id),
                "records": counts.get(route.business_id, 0),
            }
            for route in routes
        ],
        "route_path": path,
        "records": Home.objects.filter(connection=connection).count(),
        "unrouted": unrouted.count(),
        "unrouted_rows": list(unrouted.order_by("-last_seen")[:20]),
        "unknown_values": [v for v in values_seen(connection, path) if v not in known],
        "refused_records": refused,
        "feeds": list(businesses.values()),
    }
