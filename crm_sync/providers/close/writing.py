"""Writes a value into a field of one record; only the field that is sent changes."""

from __future__ import annotations

import re
from decimal import Decimal

from crm_sync.contract import ConfigurationProblem
from crm_sync.providers.close.kinds import Kind
from crm_sync.providers.close.transport import Transport

WRITABLE = ("deal", "lead", "contact")
# What Close changes of a record with every write, whoever makes it.
MARKS = ("date_updated", "updated_by", "updated_by_name")


def is_custom(path: str) -> bool:
    """Say whether a path is that of a custom field."""
    return re.fullmatch(r"custom\.\w{1,100}", path, re.ASCII) is not None


def write_field(
    transport: Transport,
    kind: Kind,
    external_id: str,
    path: str,
    value: Decimal | str | None,
) -> None:
    """Put a value into a custom field; Close empties it where the value is null."""
    if not is_custom(path):
        raise ConfigurationProblem(
            "Only a custom field of Close can be written.",
            hint="Make one in Close, Settings → Custom Fields, and choose it.",
            status=400,
        )
    if not re.fullmatch(r"\w{1,100}", external_id, re.ASCII):
        raise _gone()
    try:
        transport.send("PUT", f"{kind.path}/{external_id}/", {path: value})
    except ConfigurationProblem as problem:
        raise _in_words(problem, kind) from None


def _in_words(problem: ConfigurationProblem, kind: Kind) -> ConfigurationProblem:
    if problem.status == 403:
        return ConfigurationProblem(
            f"Close does not allow this key to change {kind.label.lower()} (403).",
            "Use the key of somebody who may edit them in Close; it is tried again"
            " with the new key.",
            403,
        )
    if problem.status == 404:
        return _gone()
    if problem.status is not None and 400 <= problem.status < 500:
        if problem.status in (401, 402):
            return problem
        return ConfigurationProblem(
            problem.message.replace("refused the request", "did not take the value"),
            "Was the field deleted in Close, or is it of another type now? Look at it"
            " there, or choose another field.",
            problem.status,
        )
    return problem


def _gone() -> ConfigurationProblem:
    return ConfigurationProblem(
        "Close has this record no more (404).",
        "Nothing needs to be done: the next sync takes it out here as well.",
        404,
    )
