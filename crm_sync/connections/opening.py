"""A connection's source, opened with its key."""

import time
from collections.abc import Callable
from decimal import Decimal

from crm_sync.connections.models import Connection
from crm_sync.connections.sealing import open_sealed
from crm_sync.contract import ConnectionSettings, Provider
from crm_sync.providers import open_provider

OURS = ("objects", "statuses")  # options that no provider reads


def open_connection(
    connection: Connection, *, wait: Callable[[Decimal], None] | None = None
) -> Provider:
    """Return the provider of a connection; nothing is asked of the source yet."""
    options = {k: v for k, v in connection.options.items() if k not in OURS}
    return open_provider(
        connection.kind,
        ConnectionSettings(
            base_url=connection.base_url,
            secret=open_sealed(bytes(connection.secret), group_id=connection.group_id),
            options=options,
            wait=wait or _sleep,
        ),
    )


def _sleep(seconds: Decimal) -> None:
    time.sleep(float(seconds))
