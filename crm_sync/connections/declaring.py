"""A declared source becomes a connection once its document and address are right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_sync.connections.models import Connection
from crm_sync.connections.opening import IN_A_REQUEST, opened
from crm_sync.connections.services import create_connection, test_connection
from tenants.access import Member
from tenants.accounts.models import Business, Group


def connect_declared(
    *,
    group: Group,
    business: Business | None,
    name: str,
    base_url: str,
    secret: str,
    options: Mapping[str, Any],
    by: Member,
) -> Connection:
    """Look at a declared source first, and keep the connection only if it answers."""
    provider = opened("rest", base_url, secret, {**options, **IN_A_REQUEST})
    provider.probe()
    connection = create_connection(
        group=group,
        business=business,
        kind="rest",
        name=name,
        secret=secret,
        base_url=base_url,
        objects=[one.name for one in provider.objects()],
        options={**options, "people": "payees"},
        by=by,
    )
    test_connection(connection=connection)
    return connection
