"""The addresses to which sources send: made, told to the source, and looked after.

A subscription that the source has paused or lost is made anew at the next sync, which
reads by itself what was not sent meanwhile.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.urls import reverse

from commissions_saas.lib import clock
from crm_sync.connections.models import Connection, Delivery, Endpoint
from crm_sync.connections.sealing import open_sealed, seal
from crm_sync.contract import (
    ConfigurationProblem,
    Provider,
    Pushes,
    Subscription,
    TryAgainLater,
)
from crm_sync.providers import declared_hook, declared_secret

OVERLAP = timedelta(hours=24)  # how long an old secret still counts
IN_USE_AFTER = timedelta(minutes=10)  # a secret of ours that is replaced sooner is not
KEPT_FOR = timedelta(days=31)
INBOUND = "webhook"  # the kind of whoever has no CRM
PUSHING = "close"  # the kind that sends events by itself
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_FIELD = "endpoint"
_NOT_ALLOWED = (400, 402, 403, 404, 405)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a sender needs, and sees once."""

    url: str
    client_id: str
    secret: str


def address_of(endpoint: Endpoint) -> str:
    """Return the whole address that a sender posts to."""
    return settings.SITE_URL + reverse("connections:hook", args=[endpoint.code])


def can_be_reached(connection: Connection) -> bool:
    """Say whether the source can send to us at all: not to localhost from elsewhere."""
    if not settings.IS_LOCAL:
        return True
    return urlsplit(connection.base_url).hostname in _LOOPBACK


def new_endpoint(connection: Connection) -> Endpoint:
    """Give a connection an address that nobody can guess."""
    endpoint, _ = Endpoint.objects.get_or_create(
        connection=connection,
        defaults={
            "code": secrets.token_urlsafe(32),
            "client_id": f"client_{secrets.token_hex(8)}",
        },
    )
    return endpoint


def is_sent_to(connection: Connection) -> bool:
    """Say whether people tell its sender where to send; Close is told by us."""
    hook = declared_hook(connection.kind, connection.options)
    return connection.kind == INBOUND or hook is not None


def has_our_secret(connection: Connection) -> bool:
    """Say whether its sender signs with a secret that we made."""
    hook = declared_hook(connection.kind, connection.options)
    return is_sent_to(connection) and (hook is None or not hook.secret)


def secrets_of(endpoint: Endpoint) -> list[str]:
    """Return the secrets that count now: the new one, and for a day the old one.

    A declared source may sign with one of its credentials instead.
    """
    connection = endpoint.connection
    group_id = connection.group_id
    hook = declared_hook(connection.kind, connection.options)
    if hook is not None and hook.secret:
        own = open_sealed(bytes(connection.secret), group_id=group_id)
        return [one for one in [declared_secret(hook, own)] if one]
    found = [open_sealed(bytes(endpoint.secret), group_id=group_id, field=_FIELD)]
    until = endpoint.old_secret_until
    if until is not None and until > clock.now():
        old = bytes(endpoint.old_secret)
        found.append(open_sealed(old, group_id=group_id, field=_FIELD))
    return [secret for secret in found if secret]


def put_secret(endpoint: Endpoint, secret: str, *, keeps_older: bool = False) -> None:
    """Change the secret; the one before it counts for a day more, or else the one
    before that goes on counting."""
    rows = Endpoint.objects.filter(pk=endpoint.pk)
    rows.update(
        secret=seal(secret, group_id=endpoint.connection.group_id, field=_FIELD)
    )
    if not keeps_older:
        rows.update(
            old_secret=bytes(endpoint.secret),
            old_secret_until=clock.now() + OVERLAP if bytes(endpoint.secret) else None,
        )
    endpoint.refresh_from_db()


def new_client_secret(endpoint: Endpoint) -> Shown:
    """Make a client secret, which is shown now and never again."""
    random = base64.b64encode(secrets.token_bytes(32)).decode()
    secret = f"whsec_{random}"
    endpoint = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    until = endpoint.old_secret_until
    # No sender has what was made just now: a second press must lock nobody out.
    is_again = until is not None and until > clock.now() + OVERLAP - IN_USE_AFTER
    put_secret(endpoint, secret, keeps_older=is_again)
    Endpoint.objects.filter(pk=endpoint.pk).update(state=Endpoint.State.ACTIVE)
    endpoint.refresh_from_db()
    return Shown(address_of(endpoint), endpoint.client_id, secret)


def watch(
    *,
    connection: Connection,
    provider: Provider,
    check: Callable[[], None] = lambda: None,
) -> str:
    """See that the source sends its events here; say what was done, or "".

    Reading goes on regardless: without webhooks it is only later.
    """
    if connection.options.get("webhooks") is False:
        return ""
    if declared_hook(connection.kind, connection.options) is not None:
        return _await(connection, check)
    if not isinstance(provider, Pushes):
        return ""
    if not can_be_reached(connection):
        return ""
    with transaction.atomic():
        check()
        endpoint = new_endpoint(connection)
    try:
        return _watch(endpoint, provider)
    except TryAgainLater as problem:
        return f"The webhook could not be looked at: {problem.message}"
    except ConfigurationProblem as problem:
        if problem.status not in _NOT_ALLOWED:
            raise
        _note(endpoint, Endpoint.State.REFUSED, problem.message)
        return f"The source takes no webhook from this key: {problem.message}"


def _await(connection: Connection, check: Callable[[], None]) -> str:
    """Give a declared source an address; people tell it there where to send."""
    if Endpoint.objects.filter(connection=connection).exists():
        return ""
    with transaction.atomic():
        check()
        new_client_secret(new_endpoint(connection))
    return "The source may send its events: the address is on the page of its webhook."


def not_told_yet() -> list[Connection]:
    """Return the sources that could send their events here, and were never asked to."""
    rows = Connection.objects.filter(
        kind=PUSHING, state=Connection.State.ACTIVE, endpoint__isnull=True
    )
    # In SQL a missing key is neither equal nor different.
    wanted = [row for row in rows if row.options.get("webhooks") is not False]
    return [row for row in wanted if can_be_reached(row)]


def _watch(endpoint: Endpoint, provider: Pushes) -> str:
    found = None
    if endpoint.external_id:
        found = provider.subscription(endpoint.external_id)
    if found is not None and found.active and bytes(endpoint.secret):
        _note(endpoint, Endpoint.State.ACTIVE, "")
        return ""
    was = bool(endpoint.external_id)
    if found is not None:
        provider.unsubscribe(found.external_id)
    made = provider.subscribe(address_of(endpoint))
    with transaction.atomic():
        put_secret(endpoint, made.secret)
        Endpoint.objects.filter(pk=endpoint.pk).update(
            external_id=made.external_id,
            state=Endpoint.State.ACTIVE,
            problem="",
            checked_at=clock.now(),
        )
    endpoint.refresh_from_db()
    return _said(was, found)


def _said(was: bool, found: Subscription | None) -> str:
    if not was:
        return "The source sends its events here from now on."
    if found is None:
        return "The source had lost the webhook; it was made anew."
    why = f" ({found.why})" if found.why else ""
    return f"The source had paused the webhook{why}; it was made anew."


def _note(endpoint: Endpoint, state: str, problem: str) -> None:
    Endpoint.objects.filter(pk=endpoint.pk).update(
        state=state, problem=problem, checked_at=clock.now()
    )


def stop_sending(connection: Connection, provider: Provider) -> None:
    """Ask the source to send nothing more; that it does not answer is no problem."""
    endpoint = Endpoint.objects.filter(connection=connection).first()
    if endpoint is None:
        return
    if isinstance(provider, Pushes) and endpoint.external_id:
        # A key that was refused, or a server that is away, must not keep people here.
        try:
            provider.unsubscribe(endpoint.external_id)
        except (ConfigurationProblem, TryAgainLater) as problem:
            _note(endpoint, Endpoint.State.PAUSED, problem.message)
            return
    _note(endpoint, Endpoint.State.PAUSED, "")


def forget_old_deliveries() -> int:
    """Delete deliveries that nobody will look at any more; revisions keep the facts."""
    old = Delivery.objects.filter(received_at__lt=clock.now() - KEPT_FOR)
    count, _ = old.exclude(state=Delivery.State.WAITING).delete()
    return count


def last_day(endpoint: Endpoint) -> dict[str, int]:
    """Count the deliveries of the last 24 hours by how they ended."""
    since = clock.now() - timedelta(hours=24)
    rows = Delivery.objects.filter(endpoint=endpoint, received_at__gte=since)
    failed = (Delivery.State.FAILED, Delivery.State.REFUSED)
    counts: dict[str, int] = rows.aggregate(
        all=Count("id"),
        done=Count("id", filter=Q(state=Delivery.State.DONE)),
        failed=Count("id", filter=Q(state__in=failed)),
        repeated=Count("id", filter=Q(repeats__gt=0)),
    )
    return counts
