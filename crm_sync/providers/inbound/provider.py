"""The provider of inbound webhooks: there is nobody to ask, so all it has was sent."""

from __future__ import annotations

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
    field_name,
)

_KNOWN = {
    "close_date": "won_on",
    "date_won": "won_on",
    "won_date": "won_on",
    "owner_email": "owner",
    "user": "owner",
    "title": "name",
    "value": "amount",
    "price": "amount",
    "date": "occurred_on",
}
_STANDARD_TYPES = {
    "name": "text",
    "amount": "money",
    "currency": "text",
    "won_on": "date",
    "lost_on": "date",
    "occurred_on": "date",
    "status": "text",
    "status_type": "text",
    "product": "text",
    "territory": "text",
    "owner": "text",
}


class InboundProvider:
    """Knows the objects and fields that were agreed on, in the option `schemas`."""

    def __init__(self, settings: ConnectionSettings) -> None:
        schemas = settings.options.get("schemas") or {}
        self._schemas: dict[str, dict[str, dict[str, object]]] = dict(schemas)

    def objects(self) -> tuple[SourceObject, ...]:
        """Return the objects that have a schema."""
        return tuple(SourceObject(name, name) for name in self._schemas)

    def probe(self) -> Probe:
        """There is nobody to look at."""
        return Probe(organisation="", users=0, deals=0, currency="")

    def users(self) -> tuple[SourceUser, ...]:
        """Return nobody: there is no directory."""
        return ()

    def statuses(self) -> tuple[SourceStatus, ...]:
        """Return nothing: there are no stages."""
        return ()

    def fields(self, object: str) -> tuple[SourceField, ...]:
        """Return the fields of an object's schema."""
        return tuple(
            SourceField(object, path, path, str(field["type"]))
            for path, field in self._schemas.get(object, {}).items()
        )

    def default_mapping(
        self, object: str, fields: Sequence[SourceField]
    ) -> tuple[MappedField, ...]:
        """Suggest one of our fields for each of theirs, by its name."""
        mapped: dict[str, MappedField] = {}
        for source in fields:
            name = field_name(source.key)
            name = _KNOWN.get(name, name)
            number, wanted = 1, name
            while name in mapped:
                number += 1
                name = f"{wanted}_{number}"
            type = _STANDARD_TYPES.get(name, source.type)
            mapped[name] = MappedField(name, source.key, type, label=source.label)
        return tuple(mapped.values())

    def pages(self, object: str, cursor: Cursor) -> Iterator[Page]:
        """Yield nothing: records come when they are sent."""
        return iter(())

    def read_one(self, object: str, external_id: str) -> RemoteRecord | None:
        """There is nobody to ask."""
        return None

    def listed_ids(self, object: str) -> Listing:
        """A list that nobody has must never make anything deleted."""
        return Listing({}, complete=False)

    def record_url(self, record: RemoteRecord) -> str:
        """There is no page to open."""
        return ""
