"""The kinds of sources; one line registers a kind."""

from __future__ import annotations

from collections.abc import Callable

from crm_sync.contract import ConfigurationProblem, ConnectionSettings, Provider
from crm_sync.providers.close.provider import CloseProvider
from crm_sync.providers.files.provider import FileProvider

_KINDS: dict[str, Callable[[ConnectionSettings], Provider]] = {
    "close": CloseProvider,
    "files": FileProvider,
}


def kinds() -> tuple[str, ...]:
    """Return the kinds of sources that can be connected."""
    return tuple(_KINDS)


def open_provider(kind: str, settings: ConnectionSettings) -> Provider:
    """Return the provider of a kind; nothing is asked of the source yet."""
    if kind not in _KINDS:
        raise ConfigurationProblem(
            f"There is no source of the kind “{kind}”.",
            hint=f"Choose one of: {', '.join(_KINDS)}.",
        )
    return _KINDS[kind](settings)
