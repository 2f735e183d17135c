"""The jobs of connections, and the task by which beat looks for sources that are due."""

from typing import Any

from celery import shared_task

from crm_sync.connections import routing, services, syncing, uploads
from crm_sync.connections.delivering import work_deliveries
from crm_sync.connections.endpoints import forget_old_deliveries, not_told_yet
from crm_sync.connections.models import Connection, RouteTable
from crm_sync.connections.readers import reader_of
from crm_sync.connections.retrying import (
    read_stored_again,
    retry_refused,
    retry_unrouted,
)
from crm_sync.connections.telling import tell_load_ended
from crm_sync.ledger.settling import settle_all
from tenants.accounts.models import Business
from tenants.jobs.handlers import handles
from tenants.jobs.lease import Lease
from tenants.schema import in_public


@handles("sync")
def sync(lease: Lease) -> dict[str, Any]:
    """Read a source."""
    return syncing.sync(lease)


@handles("deliveries")
def deliveries(lease: Lease) -> dict[str, Any]:
    """Read what was sent."""
    return dict(work_deliveries(lease))


@handles("load_ended")
def load_ended(lease: Lease) -> dict[str, Any]:
    """Tell by mail that a first load has ended."""
    return tell_load_ended(lease)


@handles("try_routes")
def try_routes(lease: Lease) -> dict[str, Any]:
    """See what a routing table would move, for a person who waits for it."""
    rows = RouteTable.objects.select_related("connection")
    table = rows.filter(pk=lease.arguments["table"], version__isnull=True).first()
    if table is None:
        return {"forgotten": True}

    def told(done: int, total: int) -> None:
        lease.step("Routing records on trial", done, total)

    routing.compute(table, told)
    return {"state": table.state}


@handles(uploads.LOOK)
def look_at_file(lease: Lease) -> dict[str, Any]:
    """Look at a large file that somebody sent."""
    return uploads.look_in_job(lease)


@handles(uploads.COMMIT)
def commit_file(lease: Lease) -> dict[str, Any]:
    """Take a large file in."""
    return uploads.commit_in_job(lease)


@handles("settle_sources")
def settle_sources(lease: Lease) -> dict[str, Any]:
    """Let stored records count or stand back by a new rule."""
    settled = settle_all(
        object_=lease.arguments["object"],
        words=lease.arguments["words"],
        within=lease.transaction,
        told=lambda done, total: lease.step("Settling records", done, total),
    )
    return {"records": settled.records, "changed": settled.changed}


@handles("read_stored_again")
def read_again(lease: Lease) -> dict[str, Any]:
    """Read what is stored through a new mapping or new routes."""
    arguments = lease.arguments
    with in_public():
        connection = Connection.objects.get(pk=arguments["connection"])
        business = Business.objects.filter(pk=arguments.get("business") or 0).first()
        outcome = read_stored_again(
            reader=reader_of(connection),
            object_=arguments["object"],
            words=arguments["words"],
            business=business,
            progress=lambda done: lease.step("Reading stored records again", done),
            check=lease.check,
        )
        reader = reader_of(connection)
        outcome.add(retry_refused(reader=reader, check=lease.check))
        outcome.add(retry_unrouted(reader=reader, check=lease.check))
    return {"changed": outcome.changed, "refused": outcome.refused}


@shared_task(name="crm_sync.connections.tasks.poll")
def poll() -> None:
    """Ask for a sync of each connection that is due; beat calls this every minute."""
    services.sync_what_is_due()
    for connection in not_told_yet():
        services.start_sync(connection=connection)
    forget_old_deliveries()
