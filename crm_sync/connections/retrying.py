"""Refused and unrouted records are read again from what is stored, without the source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from django.db import transaction

from crm_sync.connections.applying import apply_page
from crm_sync.connections.following import Following
from crm_sync.connections.homes import tell_why
from crm_sync.connections.models import UnroutedRecord
from crm_sync.connections.readers import Reader
from crm_sync.contract import RemoteRecord
from crm_sync.ledger.models import RefusedRecord, Revision
from crm_sync.ledger.recording import Outcome, record
from tenants.accounts.models import Business
from tenants.schema import in_business

_AT_A_TIME = 200


def retry_refused(
    *,
    reader: Reader,
    business: Business | None = None,
    code: str = "",
    detail: str = "",
    check: Callable[[], None] = lambda: None,
) -> Outcome:
    """Try waiting records again: all, or those of one reason in one business."""
    total = Outcome()
    for one in reader.businesses.values():
        if business is not None and one.pk != business.pk:
            continue
        with in_business(one):
            rows = RefusedRecord.objects.filter(
                connection_id=reader.connection.pk, state=RefusedRecord.State.WAITING
            ).exclude(version="")
            if code:
                rows = rows.filter(code=code, detail=detail)
            ids = iter(list(rows.order_by("id").values_list("id", flat=True)))
            while batch := list(islice(ids, _AT_A_TIME)):
                with transaction.atomic():
                    check()
                    total.add(_retry(reader, one, batch))
    return total


def _retry(reader: Reader, business: Business, ids: list[int]) -> Outcome:
    rows = RefusedRecord.objects.filter(pk__in=ids, state=RefusedRecord.State.WAITING)
    incoming = [
        reader.read(
            _remote(row.object, row.external_id, row.version, row.payload), business.pk
        )
        for row in rows
    ]
    return record(records=incoming, origin=reader.origin())


def retry_unrouted(
    *, reader: Reader, check: Callable[[], None] = lambda: None
) -> Outcome:
    """Try again to find a business for records that have none."""
    total = Outcome()
    rows = UnroutedRecord.objects.filter(connection=reader.connection)
    ids = iter(
        list(rows.exclude(version="").order_by("id").values_list("id", flat=True))
    )
    while batch := list(islice(ids, _AT_A_TIME)):
        with transaction.atomic():
            check()
            waiting = {row.pk: row for row in rows.filter(pk__in=batch)}
            found = {
                pk: _remote(row.object, row.external_id, row.version, row.payload)
                for pk, row in waiting.items()
            }
            following = Following(reader, found.values())
            routed = {
                pk: r
                for pk, r in found.items()
                if reader.business_of(r.payload) is not None
                or following.target(r) is not None
            }
            total.add(apply_page(reader=reader, records=list(routed.values())))
            tell_why(reader, [waiting[pk] for pk in waiting.keys() - routed.keys()])
    return total


def read_stored_again(
    *,
    reader: Reader,
    object_: str,
    words: str,
    business: Business | None = None,
    progress: Callable[[int], None] = lambda done: None,
    check: Callable[[], None] = lambda: None,
) -> Outcome:
    """Read every stored payload through the mapping and routes of now.

    The source is not asked. An entry whose content comes out the same is left alone.
    """
    total = Outcome()
    done = 0
    for one in list(reader.businesses.values()):
        if business is not None and one.pk != business.pk:
            continue
        for batch in _stored(reader, one, object_):
            with transaction.atomic():
                check()
                total.add(
                    apply_page(reader=reader, records=batch, words=words, forced=True)
                )
            done += len(batch)
            progress(done)
    return total


def _stored(
    reader: Reader, business: Business, object_: str
) -> Iterator[list[RemoteRecord]]:
    last = 0
    while True:
        with in_business(business):
            rows = list(
                Revision.objects.filter(
                    closed__isnull=True,
                    deleted=False,
                    entry__connection_id=reader.connection.pk,
                    entry__object=object_,
                    entry_id__gt=last,
                )
                .select_related("entry")
                .order_by("entry_id")[:_AT_A_TIME]
            )
        if not rows:
            return
        last = rows[-1].entry_id
        yield [
            _remote(object_, row.entry.external_id, row.entry.version, row.payload)
            for row in rows
        ]


def _remote(
    object_: str, external_id: str, version: str, payload: dict[str, object]
) -> RemoteRecord:
    return RemoteRecord(object_, external_id, version, payload)
