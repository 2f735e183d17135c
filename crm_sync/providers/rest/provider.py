"""Any source with a REST interface, as its document declares it."""

from __future__ import annotations

from crm_sync.contract import ConfigurationProblem, ConnectionSettings, Provider


def RestProvider(settings: ConnectionSettings) -> Provider:
    raise ConfigurationProblem("Not there yet.")
