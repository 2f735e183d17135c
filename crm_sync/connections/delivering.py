"""What was sent takes effect: each record that a delivery names is read again.

A webhook is a hint: of a source that can be asked only what it says now counts, so that
deliveries may come late, twice or in any order. Only where there is nobody to ask is
what was sent itself the record.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from commissions_saas.lib import clock
from crm_sync.connections.adopting import adopt_owners
from crm_sync.connections.applying import apply_page
from crm_sync.connections.comparing import forget_refused
from crm_sync.connections.directory import NOT_OFFERED
from crm_sync.connections.endpoints import INBOUND
from crm_sync.connections.models import Connection, Delivery
from crm_sync.connections.opening import in_a_job, open_connection
from crm_sync.connections.people_keys import know_people
from crm_sync.connections.readers import Reader, reader_of
from crm_sync.connections.services import start_sync
from crm_sync.connections.strangers import adopts_people
from crm_sync.connections.syncing import LONGEST_WAIT
from crm_sync.contract import (
    ConfigurationProblem,
    Provider,
    RefusedRow,
    RemoteRecord,
    TryAgainLater,
    UnreadableRecord,
)
from crm_sync.ledger.models import Entry, RefusedRecord
from crm_sync.ledger.recording import Outcome
from crm_sync.ledger.standard import DEAL
from crm_sync.moments import as_version
from crm_sync.providers import declared_hook
from tenants.jobs.errors import RunLater
from tenants.jobs.lease import Lease
from tenants.schema import in_business, in_public

_AT_A_TIME = 50
_MOST_TRIES = 20
Key = tuple[str, str]
Found = dict[Key, RemoteRecord | RefusedRow]


def work_deliveries(lease: Lease) -> dict[str, int]:
    """Do what waits, oldest first, until nothing waits."""
    total = Outcome()
    with in_public():
        connection = Connection.objects.get(pk=lease.arguments["connection"])
        if connection.state in (Connection.State.PAUSED, Connection.State.REMOVED):
            return {}
        provider = open_connection(connection, limits=in_a_job(connection))
        reader = reader_of(connection, provider)
        while batch := _waiting(connection):
            began = time.monotonic()
            try:
                records = _records(connection, reader, provider, batch)
            except TryAgainLater as problem:
                _put_off(lease, batch, problem)
                rest = max(_after(problem), _grown(batch[0].tries))
                raise RunLater(problem.message, rest) from problem
            except ConfigurationProblem as problem:
                with lease.transaction():
                    _end(batch, Delivery.State.FAILED, problem.message, began)
                raise
            with lease.transaction():
                Connection.objects.select_for_update().get(pk=connection.pk)
                total.add(_apply(connection, reader, batch, records, began))
            lease.step("Reading what was sent", total.new + total.changed)
            if adopts_people(connection):
                adopt_owners(reader, lease.check)
            with lease.transaction():
                _tell_refused(reader, batch)
    return {"new": total.new, "changed": total.changed, "deleted": total.deleted}


def _waiting(connection: Connection) -> list[Delivery]:
    rows = Delivery.objects.filter(
        endpoint__connection=connection,
        state=Delivery.State.WAITING,
        tries__lt=_MOST_TRIES,
    )
    return list(rows.order_by("id")[:_AT_A_TIME])


def _records(
    connection: Connection,
    reader: Reader,
    provider: Provider,
    batch: Sequence[Delivery],
) -> Found:
    """Return each named record as it is now, or why it cannot be kept; nothing is asked
    in a transaction."""
    if connection.kind == INBOUND:
        return _sent(batch)
    objects = connection.options.get("objects", ["deal"])
    hook = declared_hook(connection.kind, connection.options)
    if hook is not None and hook.takes == "body":
        return _sent([row for row in batch if row.object in objects])
    # However often a record is named, it is as it is now; the latest event says by whom.
    latest = {
        (row.object, row.external_id): row
        for row in sorted(batch, key=_version)
        if row.object in objects
    }
    found: Found = {}
    for key, row in latest.items():
        try:
            record = _read(reader, provider, row)
        except UnreadableRecord as problem:
            found[key] = problem.row
            continue
        except ConfigurationProblem as problem:
            if row.object == DEAL or problem.status not in NOT_OFFERED:
                raise
            continue  # the next sync says why nothing of this kind is read
        if record is not None:
            found[key] = record
    return found


def _sent(batch: Sequence[Delivery]) -> Found:
    found: Found = {}
    for row in batch:
        record = RemoteRecord(
            object=row.object,
            external_id=row.external_id,
            version=_version(row),
            payload=row.data,
            deleted=row.deleted,
            changed_by=row.by or None,
            changed_at=row.happened_at,
        )
        before = found.get((row.object, row.external_id))
        if not isinstance(before, RemoteRecord) or before.version <= record.version:
            found[row.object, row.external_id] = record
    return found


def _read(reader: Reader, provider: Provider, row: Delivery) -> RemoteRecord | None:
    """Return the record with the author that the event names, or its end."""
    record = provider.read_one(row.object, row.external_id)
    if record is not None:
        if row.by and _version(row) >= record.version:
            return replace(record, changed_by=row.by, changed_at=row.happened_at)
        return record
    known = _known_version(reader, row)
    if not row.deleted and not known:
        return None
    return RemoteRecord(
        object=row.object,
        external_id=row.external_id,
        version=max(_version(row), known),
        payload=row.data if row.deleted else {},
        deleted=True,
        changed_by=row.by or None,
        changed_at=row.happened_at,
    )


def _known_version(reader: Reader, row: Delivery) -> str:
    for business_id in sorted(reader.businesses):
        with in_business(reader.businesses[business_id]):
            entry = Entry.objects.filter(
                connection_id=reader.connection.pk,
                object=row.object,
                external_id=row.external_id,
                deleted=False,
            ).first()
        if entry is not None:
            return str(entry.version)
    return ""


def _apply(
    connection: Connection,
    reader: Reader,
    batch: Sequence[Delivery],
    found: Found,
    began: float,
) -> Outcome:
    records = [one for one in found.values() if isinstance(one, RemoteRecord)]
    refused = [one for one in found.values() if isinstance(one, RefusedRow)]
    if connection.kind == INBOUND:
        know_people(reader, records)
    outcome = apply_page(reader=reader, records=records, refused=refused)
    forget_refused(reader, [one for one in records if one.deleted])
    # Of several at once it is not counted which of them did what.
    told = _words(outcome) if len(found) == 1 else "taken"
    about_all = [row for row in batch if not row.object]
    done = [row for row in batch if (row.object, row.external_id) in found]
    left = [row for row in batch if row not in about_all and row not in done]
    _end(done, Delivery.State.DONE, told, began)
    _end(left, Delivery.State.IGNORED, "Nothing of this kind is read here.", began)
    if about_all:
        start_sync(connection=connection)
        _end(about_all, Delivery.State.DONE, "The whole source is read again.", began)
    if outcome.new or outcome.changed or outcome.deleted:
        Connection.objects.filter(pk=connection.pk).update(last_new_data_at=clock.now())
    if connection.kind == INBOUND:
        _seen(connection)
    return outcome


def _tell_refused(reader: Reader, batch: Sequence[Delivery]) -> None:
    """Say of each delivery whether its record is in now, or why it is refused."""
    ids = {row.external_id for row in batch}
    waiting: dict[Key, str] = {}
    for business_id in sorted(reader.businesses):
        with in_business(reader.businesses[business_id]):
            rows = RefusedRecord.objects.filter(
                connection_id=reader.connection.pk,
                external_id__in=ids,
                state=RefusedRecord.State.WAITING,
            )
            waiting |= {(one.object, one.external_id): one.reason for one in rows}
    done = Delivery.objects.filter(
        pk__in=[row.pk for row in batch], state=Delivery.State.DONE
    )
    for row in done:
        reason = waiting.get((row.object, row.external_id))
        if reason is not None:
            done.filter(pk=row.pk).update(result=f"Refused: {reason}")
        elif row.result.endswith("refused"):
            done.filter(pk=row.pk).update(result="taken")


def _seen(connection: Connection) -> None:
    rows = Connection.objects.filter(pk=connection.pk)
    now = clock.now()
    rows.update(last_success_at=now, last_new_data_at=now)
    rows.filter(state=Connection.State.NEW).update(state=Connection.State.ACTIVE)


def _words(outcome: Outcome) -> str:
    counted = {
        "new": outcome.new,
        "changed": outcome.changed,
        "unchanged": outcome.unchanged,
        "deleted": outcome.deleted,
        "refused": outcome.refused,
    }
    return ", ".join(f"{n} {word}" for word, n in counted.items() if n)


def _end(rows: Sequence[Delivery], state: str, words: str, began: float) -> None:
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=state,
        result=words,
        done_at=clock.now(),
        took_ms=int((time.monotonic() - began) * 1000),
    )


def _put_off(lease: Lease, batch: Sequence[Delivery], problem: TryAgainLater) -> None:
    """The next sync finds what was not read here, so this is not tried for ever."""
    with lease.transaction():
        for row in batch:
            row.tries += 1
            row.result = problem.message
            if row.tries >= _MOST_TRIES:
                row.state = Delivery.State.FAILED
        Delivery.objects.bulk_update(batch, ["tries", "result", "state"])


def _after(problem: TryAgainLater) -> timedelta:
    return timedelta(milliseconds=int(problem.after * 1000))


def _grown(tries: int) -> timedelta:
    """Twice as long after each failure: a source that is gone holds up no others."""
    return min(timedelta(seconds=5 * 2 ** min(tries, 10)), LONGEST_WAIT)


def _version(row: Delivery) -> str:
    at = row.happened_at or row.received_at
    return row.version or as_version(at.isoformat())
