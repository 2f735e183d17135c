"""Configured sources of records, and what each sync did; in the public schema."""

from crm_sync.connections.models.routing import (
    Home,
    Move,
    Route,
    RouteTable,
    UnroutedRecord,
)
from crm_sync.connections.models.sending import (
    Delivery,
    Endpoint,
    ObjectSchema,
)
from crm_sync.connections.models.sources import (
    Connection,
    Mapping,
    SourceField,
    SourceUser,
    SyncRun,
    Upload,
)

__all__ = [
    "Connection",
    "Delivery",
    "Endpoint",
    "Home",
    "Mapping",
    "Move",
    "ObjectSchema",
    "Route",
    "RouteTable",
    "SourceField",
    "SourceUser",
    "SyncRun",
    "UnroutedRecord",
    "Upload",
]
