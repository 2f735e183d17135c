"""Files that people send: looked at without writing, then committed row by row.

Good rows go in; bad rows go into a file that can be corrected and sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db import transaction
from redis.exceptions import RedisError

from commissions_saas.lib import clock
from crm_sync.connections import errors
from crm_sync.connections.applying import apply_page
from crm_sync.connections.directory import refresh_directory
from crm_sync.connections.mapping import document_of
from crm_sync.connections.models import (
    Connection,
    Mapping,
    SourceField,
    SyncRun,
    Upload,
)
from crm_sync.connections.people_keys import know_people
from crm_sync.connections.publishing import publish_fields
from crm_sync.connections.readers import Reader, mapping_for, reader_of
from crm_sync.contract import ConnectionSettings, Provider, RefusedRow, RemoteRecord
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.models import Change, Entry, RefusedRecord
from crm_sync.ledger.reading import Incoming
from crm_sync.ledger.recording import Outcome
from crm_sync.ledger.tables import csv_of
from crm_sync.providers import open_provider
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.audit.services import record as audit
from tenants.schema import in_business, in_public


@dataclass(slots=True)
class Preview:
    """What committing a file would do, with its totals."""

    outcome: Outcome
    rows: int
    changes: list[str] = field(default_factory=list)
    """What would change, in words; the first of many."""
    more: int = 0
    amount: dict[str, Decimal] = field(default_factory=dict)
    refused: list[dict[str, str]] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)  # whom rows name, no payee here
    unpaid: int = 0
    """Deals that go in and pay nobody, because they are not won."""


_SHOWN = 100


class _Undo(Exception):
    """Ends a trial: nothing that it wrote stays."""


def look_at_file(
    *,
    business: Business,
    object_: str,
    name: str,
    content: bytes,
    by: Member,
) -> tuple[Upload, Preview]:
    """Keep a file and say what committing it would do; the ledger is not changed."""
    with in_public():
        connection = file_connection(business, by)
        upload = Upload(
            connection=connection,
            business_id=business.pk,
            object=object_,
            name=name[:200],
            content=content,
            sha256=hashlib.sha256(content).hexdigest(),
            made_by_id=by.user_id,
            made_by=by.name,
            made_at=clock.now(),
        )
        provider = _provider(upload)
        with transaction.atomic():
            upload.save()
            new = _know_columns(connection, provider, object_)
            _map_columns(connection, provider, object_, new)
        preview = preview_of(upload=upload, business=business)
        Upload.objects.filter(pk=upload.pk).update(refused=preview.refused)
        upload.refused = preview.refused
        with suppress(RedisError):  # it can be looked at again
            cache.set(_key(upload), preview, timeout=60)
    return upload, preview


def first_preview(*, upload: Upload, business: Business) -> Preview:
    """Return what was just seen, once: a large file is not tried again for its page."""
    seen: Preview | None = None
    with in_public(), suppress(RedisError):
        seen = cache.get(_key(upload))
        cache.delete(_key(upload))
    return seen or preview_of(upload=upload, business=business)


def _key(upload: Upload) -> str:
    return f"upload:{upload.pk}:{upload.sha256}"


def preview_of(*, upload: Upload, business: Business) -> Preview:
    """Commit the file on trial and take everything back."""
    found: list[Preview] = []
    try:
        with transaction.atomic():
            found.append(_apply(upload, business, None))
            raise _Undo
    except _Undo:
        return found[0]


def commit_upload(*, upload: Upload, business: Business, by: Member) -> Preview:
    """Take the good rows in; sending the same file again changes nothing."""
    with in_public(), transaction.atomic():
        claimed = Upload.objects.filter(pk=upload.pk, state=Upload.State.LOOKED_AT)
        if claimed.update(state=Upload.State.COMMITTED) != 1:
            raise errors.BadUpload(
                "This file was committed or left already.", hint="Send it again."
            )
        preview = _apply(upload, business, by)
        now = clock.now()
        outcome = preview.outcome
        SyncRun.objects.create(
            connection=upload.connection,
            kind="file",
            state=SyncRun.State.DONE,
            started_at=now,
            finished_at=now,
            read=preview.rows,
            new=outcome.new,
            changed=outcome.changed,
            unchanged=outcome.unchanged,
            refused=len(preview.refused),
            deleted=outcome.deleted,
            log=[{"at": now.isoformat(), "words": f"{upload.name} by {by.name}"}],
        )
        Connection.objects.filter(pk=upload.connection_id).update(
            last_success_at=now, last_new_data_at=now, state=Connection.State.ACTIVE
        )
        Upload.objects.filter(pk=upload.pk).update(refused=preview.refused)
        audit(
            action="connections.file_committed",
            object_kind="upload",
            object_id=upload.pk,
            object_name=upload.name,
            after={
                "sha256": upload.sha256,
                "new": outcome.new,
                "changed": outcome.changed,
                "refused": len(preview.refused),
            },
            by=by,
            business=business,
        )
    return preview


def leave_upload(*, upload: Upload) -> None:
    """Do nothing with the file."""
    with in_public():
        Upload.objects.filter(pk=upload.pk, state=Upload.State.LOOKED_AT).update(
            state=Upload.State.LEFT
        )


def bad_rows(upload: Upload) -> str:
    """Return the refused rows as a file that can be corrected and sent again."""
    provider = _provider(upload)
    header = [field.key for field in provider.fields(upload.object)]
    by_id = {row["id"]: row["reason"] for row in upload.refused if row["id"]}
    by_row = {row["row"]: row["reason"] for row in upload.refused if row["row"]}
    rows = []
    for remote in _records(provider, upload.object):
        if isinstance(remote, RefusedRow):
            reason = by_row.get(str(remote.row), remote.reason)
        elif remote.external_id in by_id:
            reason = by_id[remote.external_id]
        else:
            continue
        cells = [str(remote.payload.get(name, "")) for name in header]
        rows.append([*cells, reason])
    return csv_of([*header, "reason"], rows)


def file_connection(business: Business, by: Member | None) -> Connection:
    """Return the business's own connection for files, made when first needed."""
    with in_public():
        connection, _ = Connection.objects.get_or_create(
            group_id=business.group_id,
            business_id=business.pk,
            kind="files",
            defaults={
                "name": "Files",
                "options": {"objects": ["deal"]},
                "created_by_id": by.user_id if by else None,
            },
        )
    return connection


def _know_columns(connection: Connection, provider: Provider, object_: str) -> set[str]:
    """Keep what kinds of records and columns files have had, and return the new ones;
    one that this file lacks is not gone from anywhere."""
    columns = SourceField.objects.filter(connection=connection, object=object_)
    known = set(columns.values_list("path", flat=True))
    seen = list(connection.options.get("objects", []))
    if object_ not in seen:
        connection.options = {**connection.options, "objects": [*seen, object_]}
        connection.save(update_fields=["options"])
    every = connection.options
    connection.options = {**every, "objects": [object_]}
    refresh_directory(connection=connection, provider=provider)
    connection.options = every
    columns.exclude(vanished_at__isnull=True).update(vanished_at=None)
    return {field.key for field in provider.fields(object_)} - known


def _map_columns(
    connection: Connection, provider: Provider, object_: str, new: set[str]
) -> None:
    """Follow the columns of this file: new ones are mapped by their names, and one that
    is called otherwise fills its field. What somebody left out stays out."""
    fields = provider.fields(object_)
    names = {field.key for field in fields}
    mapping = mapping_for(connection, connection.business_id, object_)
    if mapping is None:
        return
    changed = dict(mapping.document)
    suggested = document_of(object_, provider.default_mapping(object_, fields))
    for key, row in suggested.items():
        have = changed.get(key)
        if have is None:
            if row["source"] in new:
                changed[key] = row
        elif have.get("source") and have["source"] not in names:
            from_file = {k: row[k] for k in ("source", "currency_from") if k in row}
            # What is here was read under the name that it had, and is read again so.
            before = [p for p in (have["source"], *have.get("also", [])) if p]
            also = [path for path in before if path != row["source"]]
            changed[key] = {**have, **from_file, "also": also}
    if changed == mapping.document:
        return
    Mapping.objects.create(
        connection=connection,
        business_id=mapping.business_id,
        object=object_,
        version=mapping.version + 1,
        document=changed,
    )
    publish_fields(connection, object_, changed, mapping.business_id)


def _provider(upload: Upload) -> Provider:
    options = {
        "content": bytes(upload.content),
        "object": upload.object,
        "name": upload.name,
        "uploaded_at": upload.made_at.isoformat(),
    }
    return open_provider("files", ConnectionSettings(options=options))


def _records(provider: Provider, object_: str) -> list[RemoteRecord | RefusedRow]:
    found: list[RemoteRecord | RefusedRow] = []
    for page in provider.pages(object_, {}):
        found += [*page.records, *page.refused]
    return found


def _apply(upload: Upload, business: Business, by: Member | None) -> Preview:
    reader = reader_of(upload.connection)
    records = _records(_provider(upload), upload.object)
    good = [one for one in records if isinstance(one, RemoteRecord)]
    broken = [one for one in records if isinstance(one, RefusedRow)]
    know_people(reader, good, by)
    with in_business(business):
        before = latest_change()
    words = f"uploaded by {upload.made_by} in {upload.name}"
    outcome = apply_page(reader=reader, records=good, words=words)
    with in_business(business):
        preview = Preview(outcome, rows=len(records))
        made = Change.objects.filter(number__gt=before, source=words).order_by("number")
        preview.changes = list(made.values_list("words", flat=True)[:_SHOWN])
        preview.more = made.count() - len(preview.changes)
        preview.refused = [_broken(row) for row in broken]
        waiting = _waiting(upload, good)
        preview.refused += [_refused_row(row) for row in waiting]
        preview.strangers = sorted(
            {row.detail for row in waiting if row.code == "unknown_owner"}
        )
        _drop_refused(upload, good)
        preview.unpaid = _unpaid(upload, good)
        preview.amount = _amounts(reader, business, good, preview.refused)
    outcome.refused = len(preview.refused)
    return preview


def _unpaid(upload: Upload, records: Sequence[RemoteRecord]) -> int:
    """Count the deals among these that are here and do not count."""
    if upload.object != "deal":
        return 0
    return Entry.objects.filter(
        connection_id=upload.connection_id,
        object=upload.object,
        counts=False,
        deleted=False,
        external_id__in=[remote.external_id for remote in records],
    ).count()


def _waiting(
    upload: Upload, records: Sequence[RemoteRecord]
) -> Sequence[RefusedRecord]:
    rows = RefusedRecord.objects.filter(
        connection_id=upload.connection_id,
        object=upload.object,
        state=RefusedRecord.State.WAITING,
        external_id__in=[remote.external_id for remote in records],
    )
    return list(rows.order_by("id"))


def _refused_row(row: RefusedRecord) -> dict[str, str]:
    return {"row": "", "id": row.external_id, "field": row.field, "reason": row.reason}


def _drop_refused(upload: Upload, records: Sequence[RemoteRecord]) -> None:
    """A file's bad rows are handed back; they wait for nobody here."""
    RefusedRecord.objects.filter(
        connection_id=upload.connection_id,
        object=upload.object,
        external_id__in=[remote.external_id for remote in records],
    ).delete()


def _broken(row: RefusedRow) -> dict[str, str]:
    place = str(row.row) if row.row is not None else ""
    return {"row": place, "id": "", "field": row.field, "reason": row.reason}


def _amounts(
    reader: Reader,
    business: Business,
    records: Sequence[RemoteRecord],
    refused: Sequence[dict[str, Any]],
) -> dict[str, Decimal]:
    """Add up what the good rows say, by currency."""
    bad = {row["id"] for row in refused}
    totals: dict[str, Decimal] = {}
    for remote in records:
        if remote.external_id in bad:
            continue
        incoming: Incoming = reader.read(remote, business.pk)
        amount = incoming.values.get("amount")
        currency = str(incoming.values.get("currency") or business.currency)
        if isinstance(amount, Decimal):
            totals[currency] = totals.get(currency, Decimal(0)) + amount
    return totals
