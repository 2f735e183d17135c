"""The kinds of sources; one line registers a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

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
from crm_sync.providers.rest.presets import (
    preset_names,
    preset_text,
    preset_titles,
)
from crm_sync.providers.rest.provider import RestProvider

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
    raise Forged("Nothing may be sent to this address.")


def read_again(kind: str, body: bytes, received_at: datetime) -> tuple[Event, ...]:
    """Return what a stored body holds; it was believed when it came."""
    if kind != "webhook":
        return ()
    return inbound.read_body(body, event_id="", received_at=received_at)
