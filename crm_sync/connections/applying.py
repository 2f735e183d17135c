"""One page of records, in one transaction, in every business that it touches."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from commissions_saas.lib import clock
from crm_sync.connections.following import (
    Following,
    customers_first,
    followers,
)
from crm_sync.connections.homes import Settled, homes_of, keep_unreadable, settle
from crm_sync.connections.models import Connection, SyncRun
from crm_sync.connections.moving import Moving
from crm_sync.connections.own_fields import tell_what_is_shown
from crm_sync.connections.readers import Reader
from crm_sync.connections.strangers import adopt_named, adopts_people
from crm_sync.contract import Cursor, RefusedRow, RemoteRecord
from crm_sync.ledger import refusing
from crm_sync.ledger.reading import Incoming, Refusal
from crm_sync.ledger.recording import Outcome, record
from tenants.schema import in_business

Key = tuple[str, str]


def apply_page(
    *,
    reader: Reader,
    records: Sequence[RemoteRecord],
    refused: Sequence[RefusedRow] = (),
    words: str = "",
    forced: bool = False,
) -> Outcome:
    """Bring records into the ledgers of their businesses; call it in a transaction.

    Businesses are visited in the order of their ids, always: two pages that touch the
    same businesses then wait for each other and never in a ring. A record that has
    moved leaves one business and enters the other in the same transaction.
    """
    reader.take_routes_of_now()
    homes = homes_of(reader, records)
    work: dict[int, list[Incoming]] = defaultdict(list)
    settled, moving = Settled(), Moving(reader)
    following, outcome = Following(reader, records), Outcome()
    for remote in customers_first(_newest(records)):
        key = (remote.object, remote.external_id)
        home, version = homes.get(key, (None, ""))
        if remote.version < version and not forced:
            outcome.unchanged += 1
            continue
        target = _target(reader, following, remote, home)
        following.note(remote, home, target)
        if home is not None and home != target and home in reader.businesses:
            work[home].append(_removal(reader, remote, target))
            if not remote.deleted:
                moving.note(key, remote.version, home, target)
        if target is not None:
            incoming, came_from = reader.read(remote, target), moving.left(key)
            work[target].append(
                replace(incoming, moved_from=came_from) if came_from else incoming
            )
        settled.note(remote, target, reader.value_of(remote.payload))
    outcome.refused += len(settled.unrouted)
    outcome.add(
        _written(reader, work, _broken_rows(reader, refused), moving, words, forced)
    )
    settle(reader, settled)
    moving.save(words)
    for under in followers(reader, following.left):
        outcome.add(apply_page(reader=reader, records=under, words=words, forced=True))
    return outcome


def _written(
    reader: Reader,
    work: Mapping[int, list[Incoming]],
    broken: Mapping[int, list[tuple[Incoming, Refusal]]],
    moving: Moving,
    words: str,
    forced: bool,
) -> Outcome:
    outcome = Outcome()
    for business_id in sorted({*work, *broken}):
        records, rows = work.get(business_id, []), broken.get(business_id, [])
        with in_business(reader.businesses[business_id]):
            moving.look_before(business_id)
            if adopts_people(reader.connection):
                adopt_named(reader, records)
            outcome.add(
                record(
                    records=records,
                    origin=reader.origin(words, forced=forced),
                )
            )
            moving.look_after(business_id)
            tell_what_is_shown(reader.connection.pk, records)
            refusing.refuse(rows, reader.connection.pk)
            outcome.refused += len(rows)
    return outcome


def _newest(records: Sequence[RemoteRecord]) -> list[RemoteRecord]:
    """A page may hold a record twice, and then only its newest version moves it."""
    newest: dict[Key, RemoteRecord] = {}
    for remote in records:
        key = (remote.object, remote.external_id)
        have = newest.get(key)
        if have is None or (remote.version, remote.deleted) >= (
            have.version,
            have.deleted,
        ):
            newest[key] = remote
    return list(newest.values())


def _target(
    reader: Reader, following: Following, remote: RemoteRecord, home: int | None
) -> int | None:
    """A deleted record may have no payload left to route by: it is where it was."""
    if reader.connection.business_id is not None:
        target: int | None = reader.connection.business_id
    elif remote.deleted:
        target = home
    else:
        target = reader.business_of(remote.payload) or following.target(remote)
    return target if target in reader.businesses else None


def _removal(reader: Reader, remote: RemoteRecord, target: int | None) -> Incoming:
    business = reader.businesses.get(target) if target is not None else None
    return Incoming(
        object=remote.object,
        external_id=remote.external_id,
        version=remote.version,
        deleted=True,
        moved_to=business.name if business else "no business",
        changed_by=reader.directory.get(remote.changed_by or "", ("", ""))[0],
        changed_at=remote.changed_at,
    )


def _broken_rows(
    reader: Reader, refused: Sequence[RefusedRow]
) -> dict[int, list[tuple[Incoming, Refusal]]]:
    """What could not even become a record is refused where it would have gone."""
    found: dict[int, list[tuple[Incoming, Refusal]]] = defaultdict(list)
    # Pages may repeat a row, and one that a list has may be named by an event as well.
    last = {(row.object, row.external_id or _place_of(row)): row for row in refused}
    for (_, external_id), row in last.items():
        business_id = reader.business_of(row.payload)
        if business_id is None or business_id not in reader.businesses:
            keep_unreadable(reader, row, external_id)
            continue
        incoming = Incoming(
            object=row.object,
            external_id=external_id,
            version="",
            payload=row.payload,
        )
        found[business_id].append(
            (incoming, Refusal("unreadable", row.field, row.reason))
        )
    return found


def _place_of(row: RefusedRow) -> str:
    """What a row without an id is kept under: its place in a file, else what it says."""
    if row.row is not None:
        return f"row {row.row}"
    said = json.dumps(row.payload, sort_keys=True, default=str)
    return f"row {hashlib.sha256(said.encode()).hexdigest()[:12]}"


def save_page(
    *,
    connection: Connection,
    run: SyncRun,
    object_: str,
    cursor: Cursor | None,
    outcome: Outcome,
    read: int,
    requests: int = 0,
    waited_ms: int = 0,
    notes: Sequence[str] = (),
) -> None:
    """Move the cursor and the run's counts on, in the transaction of the page."""
    run.read += read
    run.new += outcome.new
    run.changed += outcome.changed
    run.unchanged += outcome.unchanged
    run.deleted += outcome.deleted
    run.refused += outcome.refused
    run.requests += requests
    run.waited_ms += waited_ms
    if read or notes:
        run.log = [*run.log, _line(object_, outcome, read, notes)][-200:]
    run.save(
        update_fields=[
            "read",
            "new",
            "changed",
            "unchanged",
            "deleted",
            "refused",
            "requests",
            "waited_ms",
            "log",
        ]
    )
    fields = []
    if cursor is not None:
        connection.cursors = {**connection.cursors, object_: cursor}
        fields.append("cursors")
    if outcome.new or outcome.changed or outcome.deleted:
        connection.last_new_data_at = clock.now()
        fields.append("last_new_data_at")
    if fields:
        connection.save(update_fields=fields)


def _line(
    object_: str, outcome: Outcome, read: int, notes: Sequence[str]
) -> dict[str, str]:
    words = (
        f"{object_}: read {read}, new {outcome.new}, changed {outcome.changed},"
        f" unchanged {outcome.unchanged}, refused {outcome.refused},"
        f" deleted {outcome.deleted}"
    )
    return {"at": clock.now().isoformat(), "words": ". ".join([words, *notes])}
