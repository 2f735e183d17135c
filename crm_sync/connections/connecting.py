"""A source becomes a connection once it has answered, and only once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from crm_sync.connections import errors
from crm_sync.connections.models import Connection
from crm_sync.connections.opening import IN_A_REQUEST, opened
from crm_sync.connections.sealing import open_sealed
from crm_sync.connections.services import (
    CLOSE_API,
    create_connection,
    test_connection,
)
from crm_sync.contract import Probe
from tenants.access import Member
from tenants.accounts.models import Business, Group
from tenants.schema import in_public

_SAYS_WHAT = ("document", "preset")  # options that say what a source is


def connect(
    *,
    group: Group,
    business: Business | None,
    kind: str,
    name: str,
    secret: str,
    objects: Sequence[str],
    base_url: str = "",
    allow_loopback: bool = False,
    people: bool = False,
    members: str = "",
    by: Member,
) -> tuple[Connection, Probe]:
    """Look at a source first, and keep the connection only if it answers."""
    options: dict[str, Any] = {"allow_loopback": True} if allow_loopback else {}
    if people:
        options["people"] = "payees"
    if members:
        options["members"] = members
    address = base_url.strip() or CLOSE_API
    opened(kind, address, secret.strip(), {**options, **IN_A_REQUEST}).probe()
    connection = create_once(
        group=group,
        business=business,
        kind=kind,
        name=name,
        secret=secret,
        base_url=address,
        objects=objects,
        options=options,
        by=by,
    )
    return connection, test_connection(connection=connection)


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
    connection = create_once(
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


def create_once(
    *,
    group: Group,
    business: Business | None,
    kind: str,
    base_url: str,
    secret: str,
    options: Mapping[str, Any],
    **more: Any,
) -> Connection:
    """Add a source, unless it is read with this key already: what it holds would count
    twice."""
    with in_public(), transaction.atomic():
        for row in read_already(group, business, kind, base_url, secret, options):
            raise errors.SourceError(
                f"{row.name} reads this source with this key already.",
                hint="Open it under Connections, or disconnect it first.",
            )
        return create_connection(
            group=group,
            business=business,
            kind=kind,
            base_url=base_url,
            secret=secret,
            options=options,
            **more,
        )


def read_already(
    group: Group,
    business: Business | None,
    kind: str,
    base_url: str,
    secret: str,
    options: Mapping[str, Any],
) -> list[Connection]:
    """Return the connections that read this source with this key for the same business;
    nobody adds one meanwhile. Call it in a transaction."""
    address = base_url.strip() or (CLOSE_API if kind == "close" else "")
    return [
        row
        for row in connections_in(group, business, kind)
        if row.base_url == address
        and _key_of(row) == secret.strip()
        and all(row.options.get(n) == options.get(n) for n in _SAYS_WHAT)
    ]


def connections_in(
    group: Group, business: Business | None, kind: str
) -> list[Connection]:
    """Return the connections of a kind in a business, or those that are the group's;
    nobody adds one meanwhile. Call it in a transaction."""
    Group.objects.select_for_update(no_key=True).get(pk=group.pk)
    rows = Connection.objects.filter(
        group_id=group.pk, business_id=business.pk if business else None, kind=kind
    )
    return list(rows.exclude(state=Connection.State.REMOVED))


def _key_of(connection: Connection) -> str:
    try:
        sealed = bytes(connection.secret)
        return open_sealed(sealed, group_id=connection.group_id)
    except errors.CannotOpenSecret:
        return ""
