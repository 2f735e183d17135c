"""A connection's source, opened with its key."""

import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings

from crm_sync.connections.models import Connection
from crm_sync.connections.sealing import open_sealed, seal
from crm_sync.contract import ConnectionSettings, Provider
from crm_sync.providers import open_provider

OURS = (
    "objects",
    "statuses",
    "people",
    "offered",
    "webhooks",
    "members",
)  # options that no provider reads


def open_connection(
    connection: Connection, *, wait: Callable[[Decimal], None] | None = None
) -> Provider:
    """Return the provider of a connection; nothing is asked of the source yet."""

    def keep(secret: str) -> None:
        """Some sources give a new key with each use of the old one."""
        Connection.objects.filter(pk=connection.pk).update(
            secret=seal(secret, group_id=connection.group_id)
        )

    return opened(
        connection.kind,
        connection.base_url,
        open_sealed(bytes(connection.secret), group_id=connection.group_id),
        connection.options,
        wait=wait,
        keep=keep,
    )


def opened(
    kind: str,
    base_url: str,
    secret: str,
    options: Mapping[str, Any],
    *,
    wait: Callable[[Decimal], None] | None = None,
    keep: Callable[[str], None] | None = None,
) -> Provider:
    """Return the provider of a source, which may be inside if the operator says so."""
    given = {k: v for k, v in options.items() if k not in OURS}
    if settings.ALLOW_PRIVATE_SOURCES:
        given |= {"allow_loopback": True, "allow_private": True}
    return open_provider(
        kind,
        ConnectionSettings(
            base_url=base_url,
            secret=secret,
            options=given,
            wait=wait or _sleep,
            keep=keep or _forget,
        ),
    )


def _sleep(seconds: Decimal) -> None:
    time.sleep(float(seconds))


def _forget(secret: str) -> None:
    """A source that is only tried keeps nothing."""
