"""A connection's source, opened with its key."""

import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings

from crm_sync.connections.models import Connection
from crm_sync.connections.sealing import open_sealed, seal
from crm_sync.contract import ConnectionSettings, Provider
from crm_sync.providers import open_provider

OURS = (
    "objects",
    "statuses",
    "people",
    "offered",
    "webhooks",
    "members",
)  # options that no provider reads


# A person waits for the answer, so a source that hesitates is not asked for long.
IN_A_REQUEST: Mapping[str, Any] = {"timeout": 8, "tries": 3, "longest_wait": 4}


def open_connection(
    connection: Connection,
    *,
    wait: Callable[[Decimal], None] | None = None,
    limits: Mapping[str, Any] | None = None,
) -> Provider:
    """Return the provider of a connection; nothing is asked of the source yet."""

    def keep(secret: str) -> None:
        """Some sources give a new key with each use of the old one."""
        Connection.objects.filter(pk=connection.pk).update(
            secret=seal(secret, group_id=connection.group_id)
        )

    def kept() -> str:
        """Another worker may have used the old one meanwhile."""
        rows = Connection.objects.filter(pk=connection.pk)
        sealed = rows.values_list("secret", flat=True).first()
        if sealed is None:
            return ""
        return open_sealed(bytes(sealed), group_id=connection.group_id)

    return opened(
        connection.kind,
        connection.base_url,
        open_sealed(bytes(connection.secret), group_id=connection.group_id),
        {**connection.options, **(limits or {})},
        wait=wait,
        keep=keep,
        kept=kept,
    )


def in_a_job(connection: Connection) -> dict[str, Any]:
    """Return the limits of a job: others wait for its worker, so it is given back at
    once where the source is gone, and tried again later."""
    had_trouble = connection.problem_since is not None
    return {"look_first": True, "failed_before": had_trouble}


def opened(
    kind: str,
    base_url: str,
    secret: str,
    options: Mapping[str, Any],
    *,
    wait: Callable[[Decimal], None] | None = None,
    keep: Callable[[str], None] | None = None,
    kept: Callable[[], str] = str,
) -> Provider:
    """Return the provider of a source, which may be inside if the operator says so."""
    given = {k: v for k, v in options.items() if k not in OURS}
    if settings.ALLOW_PRIVATE_SOURCES:
        given |= {"allow_loopback": True, "allow_private": True}
    return open_provider(
        kind,
        ConnectionSettings(
            base_url=base_url,
            secret=secret,
            options=given,
            wait=wait or _sleep,
            keep=keep or _forget,
            kept=kept,
        ),
    )


def _sleep(seconds: Decimal) -> None:
    time.sleep(float(seconds))


def _forget(secret: str) -> None:
    """A source that is only tried keeps nothing."""
