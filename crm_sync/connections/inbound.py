"""Inbound webhooks of whoever has no CRM: made with an address, an id and a secret."""

from __future__ import annotations

from django.db import transaction

from crm_sync.connections.connecting import connections_in
from crm_sync.connections.endpoints import (
    INBOUND,
    Shown,
    new_client_secret,
    new_endpoint,
)
from crm_sync.connections.errors import SourceError
from crm_sync.connections.models import Connection
from crm_sync.connections.services import create_connection
from tenants.access import Member
from tenants.accounts.models import Business, Group
from tenants.audit.services import record
from tenants.schema import in_public


def create_inbound(
    *, group: Group, business: Business | None, name: str, by: Member | None
) -> tuple[Connection, Shown]:
    """Add a source that sends its records itself; its secret is shown once."""
    with in_public(), transaction.atomic():
        for row in connections_in(group, business, INBOUND):
            if row.name == name.strip():
                raise SourceError(
                    f"{row.name} is here already.",
                    hint="Open it: New secret shows another. Or choose another name.",
                )
        connection = create_connection(
            group=group,
            business=business,
            kind=INBOUND,
            name=name,
            objects=(),
            options={"people": "payees"},
            by=by,
        )
        shown = opened_to_senders(connection)
    return connection, shown


def opened_to_senders(connection: Connection) -> Shown:
    """Give a connection that is new its address, client id and secret."""
    return new_client_secret(new_endpoint(connection))


def rotate_secret(*, connection: Connection, by: Member) -> Shown:
    """Make another secret; the one before it counts for a day more."""
    with in_public(), transaction.atomic():
        shown = new_client_secret(new_endpoint(connection))
        record(
            action="connections.secret_changed",
            object_kind="connection",
            object_id=connection.pk,
            object_name=connection.name,
            by=by,
            business=Business.objects.filter(pk=connection.business_id or 0).first(),
            group=Group.objects.get(pk=connection.group_id),
        )
    return shown
