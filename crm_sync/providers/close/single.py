"""Reads one record by its id."""

from __future__ import annotations

import re

from crm_sync.contract import ConfigurationProblem, RemoteRecord
from crm_sync.providers.close.records import record_of
from crm_sync.providers.close.transport import Transport

_PATHS = {"deal": "opportunity", "meeting": "activity/meeting"}


def path_of(object: str) -> str:
    """Return where Close has the records of an object."""
    if object not in _PATHS:
        raise ConfigurationProblem(
            f"Close has no records of the kind “{object}” that can be read.",
            hint=f"It has: {', '.join(_PATHS)}.",
        )
    return _PATHS[object]


def read_one(
    transport: Transport, object: str, external_id: str
) -> RemoteRecord | None:
    """Return one record, or None if there is none."""
    path = path_of(object)
    if not re.fullmatch(r"\w{1,100}", external_id, re.ASCII):
        return None
    answer = transport.find(f"{path}/{external_id}/")
    if answer is None:
        return None
    record = record_of(object, answer.doc)
    if not isinstance(record, RemoteRecord):
        raise ConfigurationProblem(
            f"Close's record {external_id} cannot be read: {record.reason}"
        )
    return record
