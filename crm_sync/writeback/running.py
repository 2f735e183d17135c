"""One run of a write-back: what is wanted is worked out, then what differs is sent."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

from django.db import transaction

from crm_sync.connections.models import Connection
from crm_sync.connections.opening import open_connection
from crm_sync.connections.readers import source_name
from crm_sync.providers.writes import Writes
from crm_sync.writeback.errors import CannotWrite
from crm_sync.writeback.models import WriteBack, WrittenValue
from crm_sync.writeback.sending import due, is_resting, send, waiting
from crm_sync.writeback.wanting import rule_of, work_out
from tenants.accounts.models import Business
from tenants.jobs.lease import Lease
from tenants.jobs.models import Job
from tenants.jobs.services import enqueue
from tenants.schema import current_business, in_business

KIND = "write_back"
_LONGEST_NAP = Decimal(5)


def ask_to_write(row: WriteBack) -> Job:
    """Ask for a run; one that waits already is that run. Call it in a transaction."""
    connection = Connection.objects.get(pk=row.connection_id)
    what = "customer ids" if row.kind == WriteBack.Kind.CUSTOMER_ID else "commission"
    return enqueue(
        kind=KIND,
        title=f"Write {what} into {connection.name}",
        business=current_business(),
        arguments={"write_back": row.pk},
        only_one=f"write back {row.pk}",
    )


def write_what_changed() -> int:
    """Ask for a run of every write-back that the business has on; harmless if repeated.

    Called in the transaction of what may have changed amounts, or soon after it.
    """
    rows = list(WriteBack.objects.exclude(state=WriteBack.State.OFF))
    for row in rows:
        with transaction.atomic():
            ask_to_write(row)
    return len(rows)


def run(lease: Lease) -> dict[str, Any]:
    """Do one run; it may be repeated, and go on where another was cut off."""
    row = WriteBack.objects.filter(pk=lease.arguments["write_back"]).first()
    if row is None or row.state == WriteBack.State.OFF:
        return {"skipped": "off"}
    connection = Connection.objects.get(pk=row.connection_id)
    if connection.state == Connection.State.REMOVED:
        with lease.transaction():
            end(row)  # its key is forgotten: what was written stays there
        return {"skipped": "disconnected"}
    if row.state == WriteBack.State.ON:
        work_out(lease, row)
    if connection.state == Connection.State.PAUSED or is_resting(row, connection):
        return {"skipped": row.problem or connection.state}
    sent = send(lease, row, _opened(connection, lease))
    with lease.transaction():
        _finish(row)
    return {"written": sent.written, "refused": sent.refused}


def _finish(row: WriteBack) -> None:
    row.refresh_from_db()
    if due(row).exists() and row.stopped_at is None:
        ask_to_write(row)  # a long run gives the others their turn
    if row.state != WriteBack.State.CLEARING or waiting(row).exists():
        return
    if not row.values.filter(state=WrittenValue.State.REFUSED).exists():
        end(row)


def end(row: WriteBack) -> None:
    """Be done with a write-back; what stands in the source is nobody's to know."""
    row.values.all().delete()
    WriteBack.objects.filter(pk=row.pk).update(state=WriteBack.State.OFF)


def writer_of(connection: Connection, **given: Any) -> Writes:
    """Return a connection's source, if it takes values of ours."""
    provider = open_connection(connection, **given)
    if not isinstance(provider, Writes) or not provider.writable():
        raise CannotWrite(
            f"{source_name(connection)} takes no values from us.",
            hint="Close does, and a declared source whose document says `write`.",
        )
    return provider


def _opened(connection: Connection, lease: Lease) -> Writes:
    def wait(seconds: Decimal) -> None:
        """Leave the source alone as long as it asks, and say so."""
        if seconds >= 1:
            name = source_name(connection)
            lease.step(f"Waiting {seconds:.0f} s: {name} asks for it")
        while seconds > 0:
            nap = min(seconds, _LONGEST_NAP)
            time.sleep(float(nap))
            seconds -= nap

    return writer_of(connection, wait=wait)


def ask_where_it_was_missed() -> int:
    """Ask for runs that nobody asked for: a worker died in between, a rest is over, or
    another key is there. Beat calls this now and then."""
    asked = 0
    for business in Business.objects.filter(state=Business.State.READY):
        with in_business(business):
            for row in WriteBack.objects.exclude(state=WriteBack.State.OFF):
                if _is_missed(row):
                    with transaction.atomic():
                        ask_to_write(row)
                    asked += 1
    return asked


def _is_missed(row: WriteBack) -> bool:
    connection = Connection.objects.get(pk=row.connection_id)
    if connection.state == Connection.State.REMOVED:
        return True
    if is_resting(row, connection) or connection.state == Connection.State.PAUSED:
        return False
    if due(row).exists():
        return True
    if row.state != WriteBack.State.ON:
        return False
    before = row.mark.get("rule")
    return before is None or dict(rule_of(row).mark()) != before
