"""Close: deals and meetings, people, stages and custom fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from crm_sync.contract import (
    ConnectionSettings,
    Cursor,
    Listing,
    MappedField,
    Page,
    Probe,
    RemoteRecord,
    SourceField,
    SourceObject,
    SourceStatus,
    SourceUser,
)
from crm_sync.providers.close import directory, fields
from crm_sync.providers.close.address import app_address
from crm_sync.providers.close.deals import deal_pages, listed_deals
from crm_sync.providers.close.meetings import listed_meetings, meeting_pages
from crm_sync.providers.close.single import path_of, read_one
from crm_sync.providers.close.transport import Transport

_PAGE_SIZE = 100
_MEETINGS_FROM = "2015-01-01T00:00:00Z"


class CloseProvider:
    """Reads one organisation's account with one key."""

    def __init__(self, settings: ConnectionSettings) -> None:
        options = settings.options
        self._transport = Transport(settings)
        self._app = app_address(self._transport.base, str(options.get("app_url", "")))
        self._page_size = int(options.get("page_size", _PAGE_SIZE))
        self._meetings_from = str(options.get("meetings_from", _MEETINGS_FROM))

    def objects(self) -> tuple[SourceObject, ...]:
        """Return deals first, then meetings."""
        return (
            SourceObject("deal", "Opportunities"),
            SourceObject("meeting", "Meetings"),
        )

    def probe(self) -> Probe:
        """Say whose account the key opens and what it cannot see."""
        return directory.probe(self._transport)

    def users(self) -> tuple[SourceUser, ...]:
        """Return members and past members."""
        return directory.users(self._transport)

    def statuses(self) -> tuple[SourceStatus, ...]:
        """Return the statuses of opportunities, pipeline by pipeline."""
        return directory.statuses(self._transport)

    def fields(self, object: str) -> tuple[SourceField, ...]:
        """Return the standard fields, then the custom ones."""
        path_of(object)
        standard = fields.standard_fields(object)
        if object != "deal":
            return standard
        return standard + directory.custom_fields(self._transport)

    def default_mapping(
        self, object: str, fields_of_source: Sequence[SourceField]
    ) -> tuple[MappedField, ...]:
        """Suggest our standard fields, and one for each custom field."""
        return fields.default_mapping(object, fields_of_source)

    def pages(self, object: str, cursor: Cursor) -> Iterator[Page]:
        """Yield what changed since the cursor, deletes last."""
        path_of(object)
        if object == "deal":
            return deal_pages(self._transport, cursor, self._page_size)
        return meeting_pages(
            self._transport, cursor, self._page_size, self._meetings_from
        )

    def read_one(self, object: str, external_id: str) -> RemoteRecord | None:
        """Return a record as it is now; None if Close answers that it has none."""
        return read_one(self._transport, object, external_id)

    def listed_ids(self, object: str) -> Listing:
        """Return all ids with their versions. Incomplete if the key cannot see all:
        what went out of its sight must not be taken for deleted."""
        path_of(object)
        sees_all = directory.membership(self._transport).sees_all
        if object == "deal":
            return listed_deals(self._transport, self._page_size, sees_all)
        return listed_meetings(
            self._transport, self._page_size, self._meetings_from, sees_all
        )

    def record_url(self, record: RemoteRecord) -> str:
        """Return the page of the record's lead, where Close shows its deals."""
        lead = str(record.payload.get("lead_id") or "")
        return f"{self._app}/lead/{lead}/" if re.fullmatch(r"\w+", lead) else ""
