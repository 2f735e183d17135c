"""What the suggested mapping makes of what a source gave."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from crm_sync.connections.mapping import Seen, document_of, read_record
from crm_sync.providers.rest.provider import RestProvider
from tests.crm_sync.rest.stand_in import Ledger


def entries(provider: RestProvider, ledger: Ledger) -> dict[str, dict[str, Any]]:
    """What the suggested mapping makes of the records, in a business of New York."""
    document = document_of(
        "deal", provider.default_mapping("deal", provider.fields("deal"))
    )
    zone = ZoneInfo("America/New_York")
    return {
        id: dict(read_record(record, document, zone, Seen()).values)
        for id, record in ledger.records.items()
        if not record.deleted
    }
