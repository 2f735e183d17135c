"""What is sent to us from outside: believed or refused, stored, and answered at once.

Nothing is read from a source and nothing is written to a ledger here: a job does that,
which is asked for in the same transaction that stores the delivery.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from commissions_saas.lib import clock
from crm_sync.connections import schemas
from crm_sync.connections.endpoints import INBOUND, address_of, secrets_of
from crm_sync.connections.errors import CannotReplay, SchemaDrift
from crm_sync.connections.models import Connection, Delivery, Endpoint
from crm_sync.contract import Event, Forged, Unreadable
from crm_sync.providers import read_again, read_delivery
from tenants.access import Member
from tenants.accounts.models import Business, Group
from tenants.jobs.services import enqueue
from tenants.schema import in_public

LARGEST = 1_000_000
WINDOW = 300  # seconds between signing and receiving
_MOST_REFUSED_KEPT = 200  # of the last deliveries: a flood must not fill the disk
_MOST_PROBLEMS = 50  # in one answer
_KEPT_HEADERS = (
    "content-type",
    "user-agent",
    "close-sig-timestamp",
    "webhook-id",
    "webhook-timestamp",
)
_PRIVATE_NAMES = (
    "password|secret|client_secret|token|access_token|refresh_token|api_key|apikey"
    "|authorization|signature_key"
)
_PRIVATE = re.compile(_PRIVATE_NAMES, re.IGNORECASE)
_SECRET_IN_TEXT = re.compile(
    rf'("(?:{_PRIVATE_NAMES})"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE
)
HIDDEN = "(hidden)"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told."""

    status: int
    said: dict[str, Any]


def receive(*, code: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Take a delivery: 2xx says that it is stored and will have its effect once."""
    endpoint = (
        Endpoint.objects.select_related("connection")
        .filter(code=code)
        .exclude(connection__state=Connection.State.REMOVED)
        .first()
    )
    if endpoint is None:
        return Answer(404, {"error": "There is nothing at this address."})
    if len(body) > LARGEST:
        return _refuse(endpoint, 413, "It is larger than 1 MB.", headers, b"")
    try:
        # Signing and checking are about the real time, not about business time.
        events = read_delivery(
            endpoint.connection.kind,
            headers,
            body,
            secrets=secrets_of(endpoint),
            client_id=endpoint.client_id,
            now=datetime.now(UTC),
            received_at=clock.now(),
            window=WINDOW,
            types=endpoint.connection.options.get("types") or {},
            options=endpoint.connection.options,
            address=address_of(endpoint),
        )
    except Forged as problem:
        return _refuse(endpoint, 401, problem.message, headers, b"")
    except Unreadable as problem:
        said = f"{problem.message} {problem.hint}".strip()
        return _refuse(endpoint, 400, said, headers, body, verified=True)
    return _take(endpoint, events, headers, body)


def _take(
    endpoint: Endpoint,
    events: Sequence[Event],
    headers: Mapping[str, str],
    body: bytes,
) -> Answer:
    try:
        _check(endpoint.connection, events)
    except SchemaDrift as drift:
        _refuse(endpoint, 422, str(drift), headers, body, verified=True)
        return Answer(422, {"error": drift.message, "problems": drift.problems})
    now = clock.now()
    rows = [
        _row(
            endpoint,
            event,
            kept_headers(headers),
            mask(body.decode("utf-8", "replace")) if len(events) == 1 else "",
            now,
        )
        for event in events
    ]
    with transaction.atomic():
        new = [row for row in rows if _is_new(row)]
        Endpoint.objects.filter(pk=endpoint.pk).update(last_event_at=now)
        if new:
            ask_for_work(endpoint.connection)
    said = {"taken": len(new), "known": len(rows) - len(new)}
    return Answer(202 if new else 200, said)


def _check(connection: Connection, events: Sequence[Event]) -> None:
    """Refuse what is not of its schema; of several records each wrong one is named."""
    if connection.kind != INBOUND:
        return
    problems: list[str] = []
    for number, event in enumerate(events, start=1):
        if event.record is None:
            continue
        try:
            schemas.check(connection, event.record)
        except SchemaDrift as drift:
            if len(events) == 1:
                raise
            which = f"Record {number} (id “{event.external_id}”), "
            problems += [which + one for one in drift.problems]
        if len(problems) >= _MOST_PROBLEMS:
            break
    if problems:
        raise SchemaDrift(problems[:_MOST_PROBLEMS])


def _row(
    endpoint: Endpoint,
    event: Event,
    headers: dict[str, str],
    body: str,
    now: datetime,
) -> Delivery:
    return Delivery(
        endpoint=endpoint,
        verified=True,
        event_id=event.id,
        version=event.version,
        kind=event.kind,
        object=event.object,
        external_id=event.external_id,
        deleted=event.deleted,
        by=(event.by or "")[:100],
        happened_at=event.at,
        data=hidden(event.record.payload if event.record else event.before),
        headers=headers,
        body=body,
        received_at=now,
    )


def _is_new(row: Delivery) -> bool:
    """Store an event once; the sender may send it as often as it likes."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        Delivery.objects.filter(
            endpoint=row.endpoint,
            verified=True,
            event_id=row.event_id,
            version=row.version,
        ).update(repeats=F("repeats") + 1)
        return False
    return True


def ask_for_work(connection: Connection) -> None:
    """Ask for the job that reads again what deliveries name; call it in a transaction."""
    enqueue(
        kind="deliveries",
        title=f"Read what {connection.name} has sent",
        business=Business.objects.filter(pk=connection.business_id or 0).first(),
        group=Group.objects.get(pk=connection.group_id),
        arguments={"connection": connection.pk},
        only_one=f"deliveries {connection.pk}",
    )


def _refuse(
    endpoint: Endpoint,
    status: int,
    reason: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    verified: bool = False,
) -> Answer:
    """Keep what was refused with its reason; what was forged without its body."""
    Endpoint.objects.filter(pk=endpoint.pk).update(refused=F("refused") + 1)
    refused = Delivery.objects.filter(
        endpoint=endpoint, state=Delivery.State.REFUSED, verified=False
    )
    if verified or refused.count() < _MOST_REFUSED_KEPT:
        Delivery.objects.create(
            endpoint=endpoint,
            state=Delivery.State.REFUSED,
            verified=verified,
            headers=kept_headers(headers),
            body=mask(body.decode("utf-8", "replace")),
            result=reason,
            received_at=clock.now(),
        )
    return Answer(status, {"error": reason})


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that help to understand a delivery and hold no secret."""
    return {
        name: headers[name][:200].replace("\x00", "")
        for name in _KEPT_HEADERS
        if name in headers
    }


def hidden(value: Any) -> Any:
    """Return a value in which what looks like a key of somebody's is hidden."""
    if isinstance(value, Mapping):
        return {
            key: HIDDEN
            if isinstance(one, str) and _PRIVATE.fullmatch(str(key))
            else hidden(one)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [hidden(one) for one in value]
    return value


def mask(body: str) -> str:
    """Return a body as it was sent, but for what looks like a key of somebody's."""
    return _SECRET_IN_TEXT.sub(rf'\1"{HIDDEN}"', body.replace("\x00", "\ufffd"))


def replay(*, delivery: Delivery, by: Member) -> None:
    """Take a delivery once more from what is stored; it has its effect at most once.

    What was refused because of its schema is checked against the schema of now; what
    was not believed stays refused.
    """
    if not delivery.verified:
        raise CannotReplay(
            "This delivery was not signed rightly, so it is not taken.",
            hint="Ask the sender to send it again with the right secret.",
        )
    with in_public(), transaction.atomic():
        stored = Delivery.objects.select_related("endpoint__connection")
        delivery = stored.select_for_update(of=("self",)).get(pk=delivery.pk)
        mine = Delivery.objects.filter(pk=delivery.pk)
        endpoint, words = delivery.endpoint, f"Replayed by {by.name}."
        if was_taken_later(delivery):
            raise CannotReplay(
                "This delivery was taken once more already.",
                hint="Its records are deliveries of their own now; replay those.",
            )
        if delivery.state == Delivery.State.REFUSED:
            rows = read_again(
                endpoint.connection.kind,
                delivery.body.encode(),
                delivery.received_at,
                endpoint.connection.options,
            )
            _check(endpoint.connection, rows)
            now = clock.now()
            for event in rows:
                _is_new(_row(endpoint, event, delivery.headers, delivery.body, now))
            mine.update(result=f"{delivery.result} {words}", done_at=now)
        else:
            mine.update(state=Delivery.State.WAITING, result=words, tries=0)
        ask_for_work(endpoint.connection)


def was_taken_later(delivery: Delivery) -> bool:
    """Say whether somebody has replayed what was refused at first."""
    return delivery.state == Delivery.State.REFUSED and delivery.done_at is not None
