"""Writes to connections: making, testing, pausing, keys, mappings, syncs."""

from __future__ import annotations

import json
from collections.abc import Mapping as Document
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q

from commissions_saas.lib import clock
from crm_sync.connections import errors, holding
from crm_sync.connections.asking import ask_to_read_again, was_read
from crm_sync.connections.directory import refresh_directory
from crm_sync.connections.endpoints import stop_sending
from crm_sync.connections.mapping import clean_document
from crm_sync.connections.models import Connection, Mapping, SourceField
from crm_sync.connections.opening import (
    IN_A_REQUEST,
    open_connection,
    opened,
)
from crm_sync.connections.publishing import publish_fields
from crm_sync.connections.sealing import seal
from crm_sync.connections.syncing import note_problem
from crm_sync.contract import ConfigurationProblem, Probe
from crm_sync.providers import kinds
from tenants.access import Member
from tenants.accounts.models import Business, Group
from tenants.audit.services import record
from tenants.jobs.models import Job
from tenants.jobs.services import enqueue, hurry
from tenants.schema import in_public

CLOSE_API = "https://api.close.com/api/v1/"
ASK_A_REFUSED_KEY_EVERY = timedelta(hours=1)
NOBODY_TO_ASK = ("files", "webhook")
BEAT = timedelta(minutes=1)  # how often beat asks what is due


def create_connection(
    *,
    group: Group,
    business: Business | None = None,
    kind: str,
    name: str,
    secret: str = "",
    base_url: str = "",
    objects: Sequence[str] = ("deal",),
    options: Document[str, Any] | None = None,
    record_url: str = "",
    expected_every: int = 900,
    by: Member | None = None,
) -> Connection:
    """Add a source of one business, or of the group's where none is named.

    Nothing is asked of the source: `test_connection` does that.
    """
    if kind not in kinds():
        raise errors.SourceError(f"There is no source of the kind “{kind}”.")
    if not name.strip():
        raise errors.SourceError("A connection needs a name.")
    with in_public(), transaction.atomic():
        connection = Connection.objects.create(
            group_id=group.pk,
            business_id=business.pk if business else None,
            kind=kind,
            name=name.strip()[:200],
            base_url=base_url.strip() or (CLOSE_API if kind == "close" else ""),
            secret=seal(secret.strip(), group_id=group.pk) if secret.strip() else b"",
            secret_hint=_hint(secret),
            options={**(options or {}), "objects": list(objects)},
            record_url=record_url,
            expected_every=expected_every,
            created_by_id=by.user_id if by else None,
        )
        audit("connections.created", connection, by, after={"kind": kind})
    return connection


def test_connection(*, connection: Connection) -> Probe:
    """Look at the source once: whose it is, how much there is, what cannot be seen."""
    provider = open_connection(connection, limits=IN_A_REQUEST)
    try:
        probe = provider.probe()
        refresh_directory(connection=connection, provider=provider)
    except ConfigurationProblem as problem:
        refused = problem.status in (401, 402, 403)
        note_problem(connection, problem.message, problem.hint, refused=refused)
        connection.refresh_from_db()
        raise
    Connection.objects.filter(pk=connection.pk).update(
        organisation=probe.organisation[:200],
        warnings=list(probe.warnings),
        problem="",
        problem_hint="",
        problem_since=None,
    )
    connection.refresh_from_db()
    return probe


# pytest takes every name that begins so for a test.
test_connection.__test__ = False  # type: ignore[attr-defined]


def replace_key(*, connection: Connection, secret: str, by: Member | None) -> None:
    """Put another key in place of the one that is there; the cursor stays."""
    secret = secret.strip()
    if not secret:
        raise errors.SourceError("Paste the new key.")
    with in_public(), transaction.atomic():
        here = Connection.objects.filter(pk=connection.pk)
        if not here.exclude(state=Connection.State.REMOVED).update(
            secret=seal(secret, group_id=connection.group_id),
            secret_hint=_hint(secret),
            problem="",
            problem_hint="",
            problem_since=None,
        ):
            raise errors.NotSyncable(f"{connection.name} is disconnected.")
        here.filter(state=Connection.State.REFUSED).update(
            state=Connection.State.ACTIVE
        )
        audit("connections.key_replaced", connection, by)
    connection.refresh_from_db()


def _hint(secret: str) -> str:
    """Return the last characters, by which people know which key it is."""
    secret = secret.strip()
    if secret.startswith("{"):
        secret = next(iter(json.loads(secret).values()), "")
    return secret[-4:] if len(secret) >= 12 else ""


def pause(*, connection: Connection, by: Member) -> None:
    """Stop reading a source; what is here stays and still counts."""
    _move(
        connection,
        (Connection.State.ACTIVE, Connection.State.NEW, Connection.State.REFUSED),
        Connection.State.PAUSED,
        by,
    )


def resume(*, connection: Connection, by: Member) -> None:
    """Read a paused source again, from where it stopped."""
    _move(connection, (Connection.State.PAUSED,), Connection.State.ACTIVE, by)


def disconnect(*, connection: Connection, reason: str, by: Member) -> None:
    """Forget the key and never read again; entries and their history stay."""
    if not reason.strip():
        raise errors.SourceError("Say why the source is disconnected.")
    if connection.kind not in NOBODY_TO_ASK and connection.secret:
        stop_sending(connection, open_connection(connection))
    with in_public(), transaction.atomic():
        here = Connection.objects.filter(pk=connection.pk)
        if not here.exclude(state=Connection.State.REMOVED).update(
            state=Connection.State.REMOVED, secret=b"", secret_hint=""
        ):
            return
        audit("connections.removed", connection, by, after={"reason": reason.strip()})
    connection.refresh_from_db()


def _move(connection: Connection, start: Sequence[str], end: str, by: Member) -> None:
    with in_public(), transaction.atomic():
        rows = Connection.objects.filter(pk=connection.pk, state__in=start)
        if rows.update(state=end) != 1:
            raise errors.NotSyncable("The connection has changed meanwhile.")
        audit(f"connections.{end}", connection, by)
    connection.refresh_from_db()


def start_sync(
    *, connection: Connection, by: Member | None = None, confirmed: str = ""
) -> Job:
    """Ask for a reading of the source; one that waits already is that reading.

    `confirmed` is how many records a person says are gone there, of those held back.
    A person who asks is not kept waiting because the source was away before.
    """
    if connection.state in (Connection.State.PAUSED, Connection.State.REMOVED):
        raise errors.NotSyncable(
            f"{connection.name} is {connection.state}.", hint="Resume it first."
        )
    if connection.kind == "files":
        raise errors.NotSyncable("A file is read when it is uploaded.")
    if connection.kind == "webhook":
        raise errors.NotSyncable("Records come when they are sent.")
    arguments: dict[str, Any] = {"connection": connection.pk}
    if confirmed:
        arguments["gone"] = holding.confirmed(connection, confirmed)
    with in_public(), transaction.atomic():
        business = Business.objects.filter(pk=connection.business_id or 0).first()
        job = enqueue(
            kind="sync",
            title=f"Read {connection.name}",
            business=business,
            group=Group.objects.get(pk=connection.group_id),
            arguments=arguments,
            only_one=f"sync {connection.pk}",
            started_by=by,
        )
        if confirmed and job.arguments != arguments:
            raise errors.NotSyncable(
                f"{connection.name} is about to be read already.",
                hint="Confirm again when that has ended.",
            )
        if confirmed:
            gone = arguments["gone"]
            audit("connections.deletes_confirmed", connection, by, after=gone)
        if by is not None:
            hurry(job)
        return job


def sync_what_is_due() -> int:
    """Ask for a sync of each connection whose time has come; harmless if repeated."""
    now = clock.now()
    asked = 0
    rows = Connection.objects.filter(
        Q(state=Connection.State.ACTIVE) | Q(state=Connection.State.REFUSED)
    ).exclude(kind__in=NOBODY_TO_ASK)
    for connection in rows.annotate(last=Max("syncs__started_at")):
        every = timedelta(seconds=connection.expected_every)
        if connection.state == Connection.State.REFUSED:
            every = max(every, ASK_A_REFUSED_KEY_EVERY)
        # Each run begins a little after it was asked for, and must not miss its turn.
        if connection.last is not None and now - connection.last < every - BEAT / 2:
            continue
        start_sync(connection=connection)
        asked += 1
    return asked


def save_mapping(
    *,
    connection: Connection,
    object_: str,
    document: Document[str, Document[str, Any]],
    business: Business | None = None,
    by: Member | None = None,
) -> tuple[Mapping, Job | None]:
    """Save a new version of a mapping, and read what is stored through it in a job."""
    cleaned = clean_document(document)
    business_id = business.pk if business else None
    with in_public(), transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        mapping = _version_of(connection, business_id, object_, cleaned, by)
        publish_fields(connection, object_, cleaned, business_id)
        # Whoever saves has seen which fields have become another type.
        SourceField.objects.filter(connection=connection, object=object_).exclude(
            was_type=""
        ).update(was_type="")
        job = None
        if was_read(connection) or connection.kind == "files":
            job = ask_to_read_again(connection, object_, business, by, "mapping")
    return mapping, job


def _version_of(
    connection: Connection,
    business_id: int | None,
    object_: str,
    document: dict[str, Any],
    by: Member | None,
) -> Mapping:
    """Make a new version, unless the newest one says the same; under a lock."""
    rows = Mapping.objects.filter(
        connection=connection, business_id=business_id, object=object_
    )
    last = rows.order_by("-version").first()
    if last is not None and last.document == document:
        return last
    made = Mapping.objects.create(
        connection=connection,
        business_id=business_id,
        object=object_,
        version=(last.version if last else 0) + 1,
        document=document,
        made_by_id=by.user_id if by else None,
    )
    after = {"object": object_, "version": made.version, "fields": document}
    audit("connections.mapping_saved", connection, by, after=after)
    return made


def try_key(*, connection: Connection, secret: str) -> None:
    """Ask the source with another key; a problem says why it is not taken."""
    options = {**connection.options, **IN_A_REQUEST}
    opened(connection.kind, connection.base_url, secret.strip(), options).probe()


def audit(
    action: str,
    connection: Connection,
    by: Member | None,
    before: Document[str, Any] | None = None,
    after: Document[str, Any] | None = None,
) -> None:
    """Note in the trail what was done to a connection."""
    business = Business.objects.filter(pk=connection.business_id or 0).first()
    record(
        action=action,
        object_kind="connection",
        object_id=connection.pk,
        object_name=connection.name,
        before=before,
        after=after,
        by=by or "system",
        business=business,
        group=Group.objects.get(pk=connection.group_id),
    )
