"""Reads one record by its id."""

from __future__ import annotations

import re

from crm_sync.contract import RefusedRow, RemoteRecord, TryAgainLater, UnreadableRecord
from crm_sync.providers.close.kinds import Kind
from crm_sync.providers.close.records import record_of
from crm_sync.providers.close.transport import Transport


def read_one(transport: Transport, kind: Kind, external_id: str) -> RemoteRecord | None:
    """Return one record, or None if there is none."""
    if not re.fullmatch(r"\w{1,100}", external_id, re.ASCII):
        return None
    answer = transport.find(f"{kind.path}/{external_id}/")
    if answer is None or not kind.has(answer.doc):
        return None
    if answer.doc.get("id") != external_id:
        raise TryAgainLater(
            f"Close did not answer with the record {external_id} when asked for it.",
            hint="It is tried again by itself; nothing that was read is lost.",
        )
    record = record_of(kind.name, answer.doc)
    if isinstance(record, RefusedRow):
        raise UnreadableRecord(
            f"Close's record {external_id} cannot be read: {record.reason}", record
        )
    return record
