"""Close: every kind of record it has, people, stages and custom fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from crm_sync.contract import (
    ConnectionSettings,
    Cursor,
    Listing,
    MappedField,
    Organisation,
    Page,
    Probe,
    RemoteRecord,
    SourceField,
    SourceObject,
    SourceStatus,
    SourceUser,
    Subscription,
)
from crm_sync.providers.close import directory, fields, webhooks
from crm_sync.providers.close.activities import activity_pages, listed_activities
from crm_sync.providers.close.address import app_address
from crm_sync.providers.close.deals import (
    counted_deals,
    deal_pages,
    listed_deals,
)
from crm_sync.providers.close.kinds import (
    STANDARD,
    Kind,
    Unread,
    custom_kinds,
    kind_is_gone,
)
from crm_sync.providers.close.single import read_one
from crm_sync.providers.close.transport import Transport
from crm_sync.providers.close.whole_lists import whole_list_pages, whole_listing
from crm_sync.providers.close.writing import MARKS, WRITABLE, is_custom, write_field

_PAGE_SIZE = 100
_MEETINGS_FROM = "2015-01-01T00:00:00Z"


class CloseProvider:
    """Reads one organisation's account with one key."""

    def __init__(self, settings: ConnectionSettings) -> None:
        options = settings.options
        self._transport = Transport(settings)
        self._app = app_address(self._transport.base, str(options.get("app_url", "")))
        self._page_size = int(options.get("page_size", _PAGE_SIZE))
        self._from = str(options.get("meetings_from", _MEETINGS_FROM))
        known = options.get("organisation") or {}
        self._organisation = Organisation(
            str(known.get("id") or ""), str(known.get("name") or "")
        )
        if self._organisation.external_id:
            self._transport.look_first = self._member
        self._names = dict(options.get("types") or {})
        self._custom: tuple[Kind, ...] | None = None
        self._unread: Unread = {}

    def objects(self) -> tuple[SourceObject, ...]:
        """Return what every organisation has: deals first, then leads and activities."""
        return tuple(SourceObject(kind.name, kind.label) for kind in STANDARD)

    def own_objects(self) -> tuple[SourceObject, ...]:
        """Return the activities and objects that this organisation made up itself."""
        return tuple(
            SourceObject(kind.name, kind.label, kind.type_id)
            for kind in self._custom_kinds()
        )

    def probe(self) -> Probe:
        """Say whose account the key opens and what it cannot see."""
        return directory.probe(self._transport, self._member())

    def organisation(self) -> Organisation:
        """Return the organisation that the key opens."""
        return directory.organisation_of(self._member())

    def warnings(self) -> tuple[str, ...]:
        """Say what the key does not see now: its role may have been changed."""
        return directory.warnings_of(self._member())

    def users(self) -> tuple[SourceUser, ...]:
        """Return members and past members."""
        return directory.users(self._transport, self._member())

    def statuses(self) -> tuple[SourceStatus, ...]:
        """Return the statuses of opportunities, pipeline by pipeline."""
        return directory.statuses(self._transport)

    def fields(self, object: str) -> tuple[SourceField, ...]:
        """Return the standard fields, then the custom ones."""
        kind = self._kind(object)
        standard = fields.standard_fields(kind)
        return standard + directory.custom_fields(self._transport, kind)

    def default_mapping(
        self, object: str, fields_of_source: Sequence[SourceField]
    ) -> tuple[MappedField, ...]:
        """Suggest our standard fields, and one for each other field of Close."""
        return fields.default_mapping(self._kind(object), fields_of_source)

    def pages(self, object: str, cursor: Cursor) -> Iterator[Page]:
        """Yield what changed since the cursor, deletes last."""
        kind = self._kind(object)
        size = self._page_size
        if kind.way == "changed":
            return deal_pages(self._transport, kind, cursor, size)
        if kind.way in ("created", "updated"):
            return activity_pages(self._transport, kind, cursor, size, self._from)
        return whole_list_pages(self._transport, kind, cursor, size)

    def read_one(self, object: str, external_id: str) -> RemoteRecord | None:
        """Return a record as it is now; None if Close answers that it has none."""
        return read_one(self._transport, self._kind(object), external_id)

    def listed_ids(self, object: str) -> Listing:
        """Return all ids with their versions. Incomplete if the key cannot see all:
        what went out of its sight must not be taken for deleted."""
        kind = self._kind(object)
        size = self._page_size
        sees_all = self._member().sees_all
        if kind.way == "changed":
            return listed_deals(self._transport, size, sees_all)
        if kind.way in ("created", "updated"):
            return listed_activities(self._transport, kind, size, self._from, sees_all)
        return whole_listing(self._transport, kind, size, sees_all)

    def count(self, object: str) -> int | None:
        """Return how many deals Close counts, unless the key sees only some."""
        kind = self._kind(object)
        if kind.way != "changed" or not self._member().sees_all:
            return None
        return counted_deals(self._transport)

    def record_url(self, record: RemoteRecord) -> str:
        """Return the page of the record's lead, where Close shows its deals."""
        own = record.external_id if record.object == "lead" else ""
        lead = own or str(record.payload.get("lead_id") or "")
        return f"{self._app}/lead/{lead}/" if re.fullmatch(r"\w+", lead) else ""

    def subscribe(self, url: str) -> Subscription:
        """Ask Close to send its events to this address."""
        return webhooks.subscribe(self._transport, url)

    def subscription(self, external_id: str) -> Subscription | None:
        """Return how Close says a subscription is."""
        return webhooks.subscription(self._transport, external_id)

    def unsubscribe(self, external_id: str) -> None:
        """Take a subscription back."""
        webhooks.unsubscribe(self._transport, external_id)

    def writable(self) -> tuple[str, ...]:
        """Return the objects whose custom fields take a value."""
        return WRITABLE

    def takes(self, object: str, path: str) -> bool:
        """Say whether it is a custom field of such a record."""
        return object in WRITABLE and is_custom(path)

    def write(
        self,
        object: str,
        external_id: str,
        path: str,
        value: Decimal | str | None,
        key: str = "",
    ) -> None:
        """Put a value into a custom field; Close knows no keys, and needs none here."""
        write_field(self._transport, self._kind(object), external_id, path, value)

    def marks(self, object: str) -> tuple[str, ...]:
        """Return what every write moves."""
        return MARKS

    def _member(self) -> directory.Membership:
        """Return what the key is now; one of another organisation is refused."""
        return directory.membership(self._transport, self._organisation)

    def _custom_kinds(self) -> tuple[Kind, ...]:
        if self._custom is None:
            self._custom, self._unread = custom_kinds(self._transport, self._names)
        return self._custom

    def _kind(self, object: str) -> Kind:
        for kind in STANDARD:
            if kind.name == object:
                return kind
        for kind in self._custom_kinds():
            if kind.name == object:
                return kind
        raise kind_is_gone(object, self._names, self._unread)
