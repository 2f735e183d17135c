"""All ids here against all ids at the source: finds what paging has missed.

A listing that is not complete never makes anything deleted, and what a complete one
does not name is asked for once more before it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from django.db.models import Exists, OuterRef

from crm_sync.connections.applying import apply_page, save_page
from crm_sync.connections.models import Connection, SyncRun, UnroutedRecord
from crm_sync.connections.readers import Reader
from crm_sync.contract import Counts, Provider, RemoteRecord, compare
from crm_sync.ledger.models import Entry, RefusedRecord
from crm_sync.ledger.recording import Outcome
from crm_sync.ledger.refusing import WAITING_OR_IGNORED
from tenants.jobs.lease import Lease
from tenants.schema import in_business

_AT_A_TIME = 50


def compare_ids(
    *, reader: Reader, provider: Provider, object_: str, run: SyncRun, lease: Lease
) -> int | None:
    """Read again what differs, and take out what the source has no more.

    Returns how many the source has, if it said so for certain.
    """
    listing = provider.listed_ids(object_)
    known = known_versions(reader, object_)
    difference = compare(listing, known)
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
    asked: Iterable[str] = iter(
        dict.fromkeys(
            [
                *difference.missing,
                *difference.unknown,
                *difference.stale,
                *difference.ahead,
            ]
        )
    )
    first = True
    there = len(listing.versions) if listing.complete else None
    while True:
        batch = list(islice(asked, _AT_A_TIME))
        if not batch and not first:
            return there
        records = [_read_again(provider, object_, id_, known) for id_ in batch]
        found = [record for record in records if record is not None]
        with lease.transaction():
            connection = reader.connection
            Connection.objects.select_for_update().get(pk=connection.pk)
            outcome = _applied(reader, object_, found, known)
            forget_refused(reader, [r for r in found if r.deleted])
            save_page(
                connection=connection,
                run=run,
                object_=object_,
                cursor=None,
                outcome=outcome,
                read=len(found),
                requests=listing.requests if first else 0,
                notes=[note] if first else [],
            )
        first = False


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
    connection = reader.connection
    unrouted = UnroutedRecord.objects.filter(connection=connection, object=object_)
    count = unrouted.exclude(version="").count()
    for business_id in sorted(reader.businesses):
        with in_business(reader.businesses[business_id]):
            entries = Entry.objects.filter(
                connection_id=connection.pk, object=object_, deleted=False
            )
            refused = RefusedRecord.objects.filter(
                connection_id=connection.pk,
                object=object_,
                state__in=WAITING_OR_IGNORED,
            ).exclude(version="")
            here_too = entries.filter(external_id=OuterRef("external_id"))
            count += entries.count() + refused.exclude(Exists(here_too)).count()
    return count


def known_versions(reader: Reader, object_: str) -> dict[str, str]:
    """Return every id that is here, with its version: entries, refused, unrouted."""
    known: dict[str, str] = {}
    connection = reader.connection
    for business_id in sorted(reader.businesses):
        with in_business(reader.businesses[business_id]):
            entries = Entry.objects.filter(
                connection_id=connection.pk, object=object_, deleted=False
            )
            refused = RefusedRecord.objects.filter(
                connection_id=connection.pk,
                object=object_,
                state__in=WAITING_OR_IGNORED,
            ).exclude(version="")
            for rows in (entries, refused):
                for id_, version in rows.values_list("external_id", "version"):
                    known[id_] = max(version, known.get(id_, ""))
    rows_unrouted = UnroutedRecord.objects.filter(
        connection=connection, object=object_
    ).exclude(version="")
    for id_, version in rows_unrouted.values_list("external_id", "version"):
        known[id_] = max(version, known.get(id_, ""))
    return known


def _read_again(
    provider: Provider, object_: str, external_id: str, known: dict[str, str]
) -> RemoteRecord | None:
    """Return the record as it is now; where it is gone, its end."""
    record = provider.read_one(object_, external_id)
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
    if not deleted:
        return
    for business_id in sorted(reader.businesses):
        with in_business(reader.businesses[business_id]):
            RefusedRecord.objects.filter(
                connection_id=reader.connection.pk,
                external_id__in=[record.external_id for record in deleted],
            ).update(state=RefusedRecord.State.RESOLVED)
    UnroutedRecord.objects.filter(
        connection=reader.connection,
        external_id__in=[record.external_id for record in deleted],
    ).delete()
