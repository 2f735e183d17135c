"""All ids here against all ids at the source: finds what paging has missed.

A listing that is not complete never makes anything deleted, and what a complete one
does not name is asked for once more before it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from django.db.models import Exists, OuterRef, Q, QuerySet

from crm_sync.connections.applying import apply_page, save_page
from crm_sync.connections.differences import compare
from crm_sync.connections.holding import Compared
from crm_sync.connections.models import Connection, SyncRun, UnroutedRecord
from crm_sync.connections.readers import Reader
from crm_sync.contract import (
    Counts,
    Provider,
    RefusedRow,
    RemoteRecord,
    UnreadableRecord,
)
from crm_sync.ledger.models import Entry, RefusedRecord, Revision
from crm_sync.ledger.recording import Outcome
from crm_sync.ledger.refusing import WAITING_OR_IGNORED
from tenants.jobs.lease import Lease
from tenants.schema import in_business

_AT_A_TIME = 50


def compare_ids(
    *,
    reader: Reader,
    provider: Provider,
    object_: str,
    run: SyncRun,
    lease: Lease,
    confirmed: int = 0,
) -> Compared:
    """Read again what differs, and take out what the source has no more.

    Where most is missing at once nothing is taken out, unless a person has `confirmed`
    that so many are gone.
    """
    listing = provider.listed_ids(object_)
    known = known_versions(reader, object_)
    difference = compare(listing, known, confirmed)
    note = (
        f"compared {len(listing.versions)} ids at the source with {len(known)} here"
        if listing.complete
        else "the list of ids was not complete, so nothing was taken for deleted"
    )
    if difference.held:
        note += (
            f"; {difference.held} are missing there, which is most of them: perhaps the"
            " key sees less than before, so nothing was taken for deleted"
        )
    asked = [
        *difference.missing,
        *difference.unknown,
        *difference.stale,
        *difference.ahead,
    ]
    _read_all_again(
        _Asking(reader, provider, object_, run, lease),
        ids=dict.fromkeys(asked),
        known=known,
        note=note,
        requests=listing.requests,
    )
    there = len(listing.versions) if listing.complete else None
    return Compared(there, len(known), difference.held)


def read_back(
    *,
    reader: Reader,
    provider: Provider,
    object_: str,
    ids: Collection[str],
    run: SyncRun,
    lease: Job,
) -> None:
    """Read again what the source lists and is deleted here: it has the last word on
    whether that was a replay of what came before the delete."""
    _read_all_again(
        _Asking(reader, provider, object_, run, lease),
        ids=ids,
        known={},
        note=f"read {len(ids)} again that the source lists and that were deleted here",
    )


def deleted_though_listed(
    reader: Reader, object_: str, records: Sequence[RemoteRecord]
) -> set[str]:
    """Return the ids that the source has just listed and that are deleted here."""
    listed = [r.external_id for r in records if r.object == object_ and not r.deleted]
    deleted = _deleted_here(reader, object_, listed) if listed else set()
    if not deleted:
        return deleted
    asked = {"external_id__in": sorted(deleted)}
    # What has moved to another business is deleted in the one that it has left.
    for business_id in sorted(reader.businesses):
        with in_business(reader.businesses[business_id]):
            for rows in _here(reader, object_):
                found = rows.filter(**asked).values_list("external_id", flat=True)
                deleted -= set(found)
    unrouted = _unrouted(reader, object_).filter(**asked)
    return deleted - set(unrouted.values_list("external_id", flat=True))


def read_under(
    *,
    reader: Reader,
    provider: Provider,
    customers: Sequence[str],
    objects: Sequence[str],
    run: SyncRun,
    lease: Lease,
) -> None:
    """Read again what stands under customers that are gone, or are in others now.

    A source need not say of each call or task that it went with them.
    """
    for object_, known in _known_under(reader, customers).items():
        if object_ in objects:
            _read_all_again(
                _Asking(reader, provider, object_, run, lease),
                ids=known,
                known=known,
                note=f"read {len(known)} again, whose customer is gone or was merged",
            )


class Job(Protocol):
    """What reading again needs of the job that it runs in."""

    def transaction(self) -> AbstractContextManager[None]:
        """Open a transaction that only the holder of the job can commit."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """Who is asked for which records, and in whose name."""

    reader: Reader
    provider: Provider
    object: str
    run: SyncRun
    lease: Job


def _read_all_again(
    asking: _Asking,
    *,
    ids: Iterable[str],
    known: Mapping[str, str],
    note: str,
    requests: int = 0,
) -> None:
    reader, object_ = asking.reader, asking.object
    left, notes = iter(ids), [note]
    while True:
        batch = list(islice(left, _AT_A_TIME))
        if not batch and not notes:
            return
        asked = [_read_again(asking.provider, object_, id_, known) for id_ in batch]
        found = [one for one in asked if isinstance(one, RemoteRecord)]
        refused = [one for one in asked if isinstance(one, RefusedRow)]
        with asking.lease.transaction():
            connection = reader.connection
            Connection.objects.select_for_update().get(pk=connection.pk)
            outcome = _applied(reader, object_, found, known)
            if refused:
                outcome.add(apply_page(reader=reader, records=[], refused=refused))
            forget_refused(reader, [r for r in found if r.deleted])
            save_page(
                connection=connection,
                run=asking.run,
                object_=object_,
                cursor=None,
                outcome=outcome,
                read=len(found) + len(refused),
                requests=requests,
                notes=notes,
            )
        requests, notes = 0, []


def _applied(
    reader: Reader, object_: str, found: list[RemoteRecord], known: Mapping[str, str]
) -> Outcome:
    """Take records that the source was just asked for, one by one.

    Whatever its clock said before, this is how it has them now: what was restored as it
    was, and what was changed after the clock was put back, is no replay.
    """
    back = _deleted_here(reader, object_, [r.external_id for r in found])
    odd = [
        r
        for r in found
        if not r.deleted
        and (r.external_id in back or r.version < known.get(r.external_id, ""))
    ]
    outcome = apply_page(reader=reader, records=[r for r in found if r not in odd])
    if odd:
        outcome.add(apply_page(reader=reader, records=odd, forced=True))
    return outcome


def _deleted_here(reader: Reader, object_: str, ids: list[str]) -> set[str]:
    found: set[str] = set()
    for business_id in sorted(reader.businesses):
        with in_business(reader.businesses[business_id]):
            rows = Entry.objects.filter(
                connection_id=reader.connection.pk,
                object=object_,
                external_id__in=ids,
                deleted=True,
            )
            found |= set(rows.values_list("external_id", flat=True))
    return found


def lost_ones(reader: Reader, provider: Provider, object_: str) -> int:
    """Return how many more records are here than the source says that it has."""
    there = provider.count(object_) if isinstance(provider, Counts) else None
    return 0 if there is None else max(0, known_count(reader, object_) - there)


def known_count(reader: Reader, object_: str) -> int:
    """Return how many records are here: in the ledger, refused or without a place."""
    count = _unrouted(reader, object_).count()
    for business_id in sorted(reader.businesses):
        with in_business(reader.businesses[business_id]):
            entries, refused = _here(reader, object_)
            here_too = entries.filter(external_id=OuterRef("external_id"))
            count += entries.count() + refused.exclude(Exists(here_too)).count()
    return count


def known_versions(reader: Reader, object_: str) -> dict[str, str]:
    """Return every id that is here, with its version: entries, refused, unrouted."""
    known: dict[str, str] = {}

    def take(rows: QuerySet[Any]) -> None:
        for id_, version in rows.values_list("external_id", "version"):
            known[id_] = max(version, known.get(id_, ""))

    for business_id in sorted(reader.businesses):
        with in_business(reader.businesses[business_id]):
            for rows in _here(reader, object_):
                take(rows)
    take(_unrouted(reader, object_))
    return known


def _known_under(reader: Reader, customers: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return what stands under customers: ids and versions, by object."""
    known: dict[str, dict[str, str]] = defaultdict(dict)
    for business_id in sorted(reader.businesses):
        with in_business(reader.businesses[business_id]):
            rows = Revision.objects.filter(
                closed__isnull=True,
                values__customer__in=customers,
                entry__connection_id=reader.connection.pk,
                entry__deleted=False,
            )
            for object_, id_, version in rows.values_list(
                "entry__object", "entry__external_id", "entry__version"
            ):
                known[object_][id_] = max(version, known[object_].get(id_, ""))
    return known


def _here(
    reader: Reader, object_: str
) -> tuple[QuerySet[Entry], QuerySet[RefusedRecord]]:
    """Return what is in the ledger and what is refused, of the business we are in."""
    rows = {"connection_id": reader.connection.pk, "object": object_}
    refused = RefusedRecord.objects.filter(**rows, state__in=WAITING_OR_IGNORED)
    return (
        Entry.objects.filter(**rows, deleted=False),
        refused.exclude(version=""),
    )


def _unrouted(reader: Reader, object_: str) -> QuerySet[UnroutedRecord]:
    rows = UnroutedRecord.objects.filter(connection=reader.connection, object=object_)
    return rows.exclude(version="")


def _read_again(
    provider: Provider, object_: str, external_id: str, known: Mapping[str, str]
) -> RemoteRecord | RefusedRow | None:
    """Return the record as it is now, or why it cannot be kept; where it is gone, its
    end."""
    try:
        record = provider.read_one(object_, external_id)
    except UnreadableRecord as problem:
        return problem.row
    if record is not None or external_id not in known:
        return record
    return RemoteRecord(
        object=object_,
        external_id=external_id,
        # The source does not say when, and our clock is not its: whatever it changes
        # from now on is later than what is here.
        version=known[external_id],
        payload={},
        deleted=True,
    )


def forget_refused(reader: Reader, deleted: list[RemoteRecord]) -> None:
    """What was refused and is gone from the source holds nothing up any more."""
    by_object: dict[str, list[str]] = defaultdict(list)
    for record in deleted:
        by_object[record.object].append(record.external_id)
    if not by_object:
        return
    # Two objects of one source may well count their records from 1.
    gone = Q()
    for object_, ids in by_object.items():
        gone |= Q(object=object_, external_id__in=ids)
    for business_id in sorted(reader.businesses):
        with in_business(reader.businesses[business_id]):
            RefusedRecord.objects.filter(
                gone, connection_id=reader.connection.pk
            ).update(state=RefusedRecord.State.RESOLVED)
    UnroutedRecord.objects.filter(gone, connection=reader.connection).delete()
