"""Puts a value into a field of one record, as the source's document declares it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from crm_sync.contract import ConfigurationProblem
from crm_sync.providers.rest.document import Document, Stream, Write
from crm_sync.providers.rest.reading_write import FIELD, ID, VALUE
from crm_sync.providers.rest.transport import Question, Transport

Sent = Decimal | str | None


def takes(stream: Stream, path: str) -> bool:
    """Say whether a field can be written: one that the document itself does not read,
    so that neither the id, nor a date, nor the amount is ever overwritten."""
    rule = stream.write
    if rule is None or not path.startswith(rule.prefix):
        return False
    name = path.removeprefix(rule.prefix)
    if not re.fullmatch(r"[A-Za-z][\w-]{0,99}|[0-9a-f]{40}", name, re.ASCII):
        return False
    read = {*stream.key, *stream.joins, *stream.ignore}
    read |= {f"{rule.prefix}{one.rstrip('?')}" for one in stream.fields}
    read |= {*stream.fields, *marks(stream), *(row.source for row in stream.map)}
    read |= {row.currency for row in stream.map}
    return path not in read


def marks(stream: Stream) -> tuple[str, ...]:
    """Return the paths that move with every write."""
    fields = stream.cursor.fields if stream.cursor else ()
    return (*fields, stream.changed_by) if stream.changed_by else tuple(fields)


def write_value(
    transport: Transport,
    stream: Stream,
    external_id: str,
    path: str,
    value: Sent,
    key: str,
) -> None:
    """Send one request; what comes back is not looked at, the next sync reads it."""
    rule = stream.write
    if rule is None or not takes(stream, path):
        raise ConfigurationProblem(
            f"Nothing of ours can be written into {path} of {transport.name}.",
            hint="Choose a field of your own that is made for it.",
            status=400,
        )
    if not external_id.strip("."):
        # It would lead to another page of the source.
        raise ConfigurationProblem(
            f"{transport.name} has this record no more: “{external_id}” is no id.",
            hint="Nothing needs to be done: what has no id is not written to.",
            status=404,
        )
    field = path.removeprefix(rule.prefix)
    address = rule.path.replace(ID, quote(external_id, safe=""))
    question = Question(
        path=address.replace(FIELD, quote(field, safe="")),
        method=rule.method,
        body=_filled(rule.body, field, _as_sent(rule, value)),
        # A POST is the one that a source might otherwise do twice.
        headers={"Idempotency-Key": key} if rule.method == "POST" and key else {},
    )
    try:
        transport.send(question)
    except ConfigurationProblem as problem:
        raise _in_words(problem, transport.document, stream) from None


def _as_sent(rule: Write, value: Sent) -> Any:
    if value is None:
        return "" if rule.empty == "text" else None
    if isinstance(value, Decimal) and rule.numbers == "text":
        return format(value, "f")
    return value


def _filled(body: Any, field: str, value: Any) -> Any:
    if isinstance(body, dict):
        return {
            str(name).replace(FIELD, field): _filled(one, field, value)
            for name, one in body.items()
        }
    if isinstance(body, list):
        return [_filled(one, field, value) for one in body]
    if body == VALUE:
        return value
    return body.replace(FIELD, field) if isinstance(body, str) else body


def _in_words(
    problem: ConfigurationProblem, document: Document, stream: Stream
) -> ConfigurationProblem:
    name, status = document.name, problem.status
    if status == 403:
        return ConfigurationProblem(
            f"{name} does not allow this key to change {stream.label.lower()} (403).",
            "Use the key of somebody who may edit them there; it is tried again with"
            " the new key.",
            403,
        )
    if status is None or not 400 <= status < 500 or status in (401, 402, 404):
        return problem
    return ConfigurationProblem(
        problem.message.replace("refused the request", "did not take the value"),
        "Was the field deleted there, or is it of another type now? Look at it, or"
        " choose another field.",
        status,
    )
