"""The job that reads stored records again, asked for where mapping or routes change."""

from __future__ import annotations

from crm_sync.connections.models import Connection
from tenants.access import Member
from tenants.accounts.models import Business, Group
from tenants.jobs.models import Job
from tenants.jobs.services import enqueue


def was_read(connection: Connection) -> bool:
    """Say whether there may be stored records; the row at hand may be an old one."""
    return bool(Connection.objects.get(pk=connection.pk).cursors)


def ask_to_read_again(
    connection: Connection,
    object_: str,
    business: Business | None,
    by: Member | None,
    what: str,
) -> Job:
    """Ask for the job; `what` has changed: `mapping`, `routes`."""
    author = f" by {by.name}" if by else ""
    return enqueue(
        kind="read_stored_again",
        title=f"Read {connection.name}'s records through the new {what}",
        business=business,
        group=Group.objects.get(pk=connection.group_id),
        arguments={
            "connection": connection.pk,
            "object": object_,
            "business": business.pk if business else 0,
            "words": f"{what} of {connection.name} saved{author}",
        },
        only_one=f"read again {connection.pk} {object_}",
        started_by=by,
    )
