"""What taking a file in does: its rows brought into the ledger, and told in figures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from crm_sync.connections.applying import apply_page
from crm_sync.connections.mapping import Document
from crm_sync.connections.models import Upload
from crm_sync.connections.people_keys import know_named
from crm_sync.connections.readers import reader_of
from crm_sync.contract import (
    ConnectionSettings,
    Provider,
    RefusedRow,
    RemoteRecord,
    field_name,
)
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.models import Change, Entry, RefusedRecord
from crm_sync.ledger.reading import Incoming
from crm_sync.ledger.recording import Outcome
from crm_sync.ledger.tables import csv_of
from crm_sync.providers import open_provider
from crm_sync.providers.files.columns import HOPED_FOR, NEEDED
from crm_sync.providers.files.table import note_of
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.schema import in_business

_SHOWN = 100  # changes in words
_STAGES = 5


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
    note: str = ""
    """What a person must know of how the file was read."""
    own_currency: str = ""
    """The business's, where amounts are taken to be in it for want of a column."""
    presumed: int = 0
    """Deals taken as won because they have a day, which may be one that is hoped for."""
    day_column: str = ""
    stages: list[str] = field(default_factory=list)  # what the file says of those deals
    missing: list[str] = field(default_factory=list)
    """What each record needs and no column of the file is known as."""

    @property
    def mark(self) -> str:
        """Return what stands for the figures that a person saw."""
        kept = self.as_json()
        said = json.dumps([kept["outcome"], kept["amount"]], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        """Return what is kept of it; refused rows are kept beside it."""
        amount = {currency: str(total) for currency, total in self.amount.items()}
        return {**asdict(self), "amount": amount, "refused": None}

    @classmethod
    def of(cls, upload: Upload) -> Preview | None:
        """Return what was seen of a file last."""
        if not upload.preview:
            return None
        kept = dict(upload.preview)
        kept["outcome"] = Outcome(**kept["outcome"])
        kept["amount"] = {key: Decimal(n) for key, n in kept["amount"].items()}
        return cls(**{**kept, "refused": upload.refused})


def take_in(upload: Upload, business: Business, by: Member | None) -> Preview:
    """Bring a file's good rows into the ledger; call it in a transaction."""
    provider = provider_of(upload)
    reader = reader_of(upload.connection)
    columns = frozenset(one.key for one in provider.fields(upload.object))
    reader.columns = columns
    rows = _rows(provider, upload.object)
    good = [one for one in rows if isinstance(one, RemoteRecord)]
    broken = [_broken(one) for one in rows if isinstance(one, RefusedRow)]
    padded = _padded(upload, business, good)
    broken += [_other_zeros(id, here) for id, here in padded.items()]
    good = [one for one in good if one.external_id not in padded]
    words = f"uploaded by {upload.made_by} in {upload.name}"
    read = [reader.read(one, business.pk) for one in good]
    with in_business(business):
        know_named(reader, read, by)
        before = latest_change()
    outcome = apply_page(reader=reader, records=good, words=words)
    with in_business(business):
        preview = Preview(outcome, rows=len(rows), note=note_of(bytes(upload.content)))
        made = Change.objects.filter(number__gt=before, source=words).order_by("number")
        preview.changes = list(made.values_list("words", flat=True)[:_SHOWN])
        preview.more = made.count() - len(preview.changes)
        waiting = _taken_back(upload, {one.external_id for one in good})
        preview.refused = broken + [_refused_row(row) for row in waiting]
        preview.strangers = sorted(
            {row.detail for row in waiting if row.code == "unknown_owner"}
        )
        bad = {row.external_id for row in waiting}
        preview.unpaid = _unpaid(upload, {one.external_id for one in good} - bad)
        taken = [one for one in read if one.external_id not in bad]
        preview.amount = _amounts(taken, business)
        if any(one.no_currency and "amount" in one.values for one in taken):
            preview.own_currency = business.currency
        mapping = reader.mapping(business.pk, upload.object)
        document = mapping.document if mapping else {}
        preview.missing = _missing(upload.object, document, columns)
        if upload.object == "deal":
            _note_presumed(preview, document, columns, taken)
    outcome.refused = len(preview.refused)
    return preview


def provider_of(upload: Upload) -> Provider:
    """Open a file as the source that it is."""
    options = {
        "content": bytes(upload.content),
        "object": upload.object,
        "name": upload.name,
        "uploaded_at": upload.made_at.isoformat(),
    }
    return open_provider("files", ConnectionSettings(options=options))


def _rows(provider: Provider, object_: str) -> list[RemoteRecord | RefusedRow]:
    found: list[RemoteRecord | RefusedRow] = []
    for page in provider.pages(object_, {}):
        found += [*page.records, *page.refused]
    return found


def _padded(
    upload: Upload, business: Business, records: Sequence[RemoteRecord]
) -> dict[str, str]:
    """Return ids that are here with other zeros before them, and as what: a spreadsheet
    takes 007 for the number 7, and each deal would be here twice."""
    ids = {one.external_id for one in records if one.external_id.isdecimal()}
    if not ids:
        return {}
    with in_business(business):
        rows = Entry.objects.filter(
            connection_id=upload.connection_id, object=upload.object, deleted=False
        ).values_list("external_id", flat=True)
        here = {*rows.filter(external_id__regex=r"^0[0-9]*$")}
        bare = {id.lstrip("0") for id in ids if id.startswith("0")}
        here |= {*rows.filter(external_id__in=bare)}
        same = {*rows.filter(external_id__in=ids)} if here else set()
    by_number = {id.lstrip("0"): id for id in sorted(here)}
    return {
        id: by_number[id.lstrip("0")]
        for id in sorted(ids - same)
        if id.lstrip("0") in by_number
    }


def _other_zeros(id: str, here: str) -> dict[str, str]:
    reason = f"It is {here} here: a spreadsheet may have changed the zeros before it."
    return {"row": "", "id": id, "field": "id", "reason": reason}


def _taken_back(upload: Upload, ids: Collection[str]) -> list[RefusedRecord]:
    """Return what was refused of a file, and keep nothing of it: its bad rows are handed
    back, and wait for nobody here."""
    rows = RefusedRecord.objects.filter(
        connection_id=upload.connection_id, object=upload.object
    )
    own = [row for row in rows.order_by("id") if row.external_id in ids]
    rows.filter(pk__in=[row.pk for row in own]).delete()
    return [row for row in own if row.state == RefusedRecord.State.WAITING]


def _unpaid(upload: Upload, ids: Collection[str]) -> int:
    """Count the deals among these that are here and do not count."""
    if upload.object != "deal":
        return 0
    here = Entry.objects.filter(
        connection_id=upload.connection_id,
        object=upload.object,
        counts=False,
        deleted=False,
    )
    return sum(id in ids for id in here.values_list("external_id", flat=True))


def _refused_row(row: RefusedRecord) -> dict[str, str]:
    return {"row": "", "id": row.external_id, "field": row.field, "reason": row.reason}


def _broken(row: RefusedRow) -> dict[str, str]:
    place = str(row.row) if row.row is not None else ""
    return {"row": place, "id": "", "field": row.field, "reason": row.reason}


def _missing(object_: str, document: Document, columns: Collection[str]) -> list[str]:
    found = []
    for name in NEEDED.get(object_, ()):
        row = document.get(name, {})
        paths = {str(row.get("source") or ""), *row.get("also", ())}
        if not (row.get("const") or row.get("rules") or paths.intersection(columns)):
            found.append(name)
    return found


def _note_presumed(
    preview: Preview,
    document: Document,
    columns: Collection[str],
    taken: Sequence[Incoming],
) -> None:
    """Note the deals that count from a day on which open ones are hoped to be won."""
    column = str(document.get("won_on", {}).get("source", ""))
    if "status_type" in document or column not in columns:
        return
    if field_name(column) not in HOPED_FOR:
        return
    won = [one for one in taken if "won_on" in one.values]
    stages = {str(one.values.get("status", "")) for one in won} - {""}
    preview.presumed, preview.day_column = len(won), column
    preview.stages = sorted(stages)[:_STAGES]


def _amounts(records: Sequence[Incoming], business: Business) -> dict[str, Decimal]:
    """Add up what the good rows say, by currency."""
    totals: dict[str, Decimal] = {}
    for incoming in records:
        amount = incoming.values.get("amount")
        currency = str(incoming.values.get("currency") or business.currency).upper()
        if isinstance(amount, Decimal):
            totals[currency] = totals.get(currency, Decimal(0)) + amount
    return totals


def bad_rows(upload: Upload) -> str:
    """Return the refused rows as a file that can be corrected and sent again."""
    provider = provider_of(upload)
    header = [field.key for field in provider.fields(upload.object)]
    by_id = {row["id"]: row["reason"] for row in upload.refused if row["id"]}
    by_row = {row["row"]: row["reason"] for row in upload.refused if row["row"]}
    rows = []
    for remote in _rows(provider, upload.object):
        if isinstance(remote, RefusedRow):
            reason = by_row.get(str(remote.row), remote.reason)
        elif remote.external_id in by_id:
            reason = by_id[remote.external_id]
        else:
            continue
        cells = [str(remote.payload.get(name, "")) for name in header]
        rows.append([*cells, reason])
    return csv_of([*header, "reason"], rows)
