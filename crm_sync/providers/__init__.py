"""The kinds of sources; one line registers a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from crm_sync.contract import (
    ConfigurationProblem,
    ConnectionSettings,
    Event,
    Forged,
    Provider,
)
from crm_sync.providers.close import webhooks as close_webhooks
from crm_sync.providers.close.provider import CloseProvider
from crm_sync.providers.files.provider import FileProvider
from crm_sync.providers.inbound import deliveries as inbound
from crm_sync.providers.inbound.provider import InboundProvider
from crm_sync.providers.rest import deliveries as declared
from crm_sync.providers.rest.hook import Hook
from crm_sync.providers.rest.presets import (
    preset_names,
    preset_text,
    preset_titles,
)
from crm_sync.providers.rest.provider import RestProvider, document_of

_KINDS: dict[str, Callable[[ConnectionSettings], Provider]] = {
    "close": CloseProvider,
    "files": FileProvider,
    "rest": RestProvider,
    "webhook": InboundProvider,
}


def kinds() -> tuple[str, ...]:
    """Return the kinds of sources that can be connected."""
    return tuple(_KINDS)


def presets() -> tuple[str, ...]:
    """Return the sources that need no document of one's own: each is one of `rest`."""
    return preset_names()


def presets_by_title() -> dict[str, str]:
    """Return the presets with what people call them."""
    return preset_titles()


def preset_document(name: str) -> str:
    """Return the document of a preset, to be read by people."""
    return preset_text(name)


def open_provider(kind: str, settings: ConnectionSettings) -> Provider:
    """Return the provider of a kind; nothing is asked of the source yet."""
    if kind not in _KINDS:
        raise ConfigurationProblem(
            f"There is no source of the kind “{kind}”.",
            hint=f"Choose one of: {', '.join(_KINDS)}.",
        )
    return _KINDS[kind](settings)


def read_delivery(
    kind: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: Sequence[str],
    client_id: str,
    now: datetime,
    received_at: datetime,
    window: int,
    types: Mapping[str, str],
    options: Mapping[str, Any],
    address: str,
) -> tuple[Event, ...]:
    """Return what was sent to a connection's endpoint, if it is to be believed.

    The names of headers are in lower case. Raises Forged or Unreadable.
    """
    if kind == "close":
        return close_webhooks.read_delivery(
            headers, body, secrets=secrets, now=now, window=window, types=types
        )
    if kind == "webhook":
        return inbound.read_delivery(
            headers,
            body,
            secrets=secrets,
            client_id=client_id,
            now=now,
            received_at=received_at,
            window=window,
        )
    if kind == "rest":
        document = document_of(options)
        declared.check_sender(
            declared.hook_of(document),
            headers,
            body,
            secrets=secrets,
            client_id=client_id,
            address=address,
            now=now,
            window=window,
        )
        return declared.read_events(document, body, received_at)
    raise Forged("Nothing may be sent to this address.")


def declared_hook(kind: str, options: Mapping[str, Any]) -> Hook | None:
    """Return how a declared source sends; None where it does not, or is another kind."""
    return document_of(options).webhook if kind == "rest" else None


def declared_secret(hook: Hook, credentials: str) -> str:
    """Return the secret that the source signs with, where it is among its credentials."""
    return declared.credential(credentials, hook.secret) if hook.secret else ""


def read_again(
    kind: str, body: bytes, received_at: datetime, options: Mapping[str, Any]
) -> tuple[Event, ...]:
    """Return what a stored body holds; it was believed when it came."""
    if kind == "rest":
        return declared.read_events(document_of(options), body, received_at)
    if kind != "webhook":
        return ()
    return inbound.read_body(body, event_id="", received_at=received_at)
