"""Reads one record by its id."""

from __future__ import annotations

import re

from crm_sync.contract import ConfigurationProblem, RemoteRecord
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
    record = record_of(kind.name, answer.doc)
    if not isinstance(record, RemoteRecord):
        raise ConfigurationProblem(
            f"Close's record {external_id} cannot be read: {record.reason}"
        )
    return record
