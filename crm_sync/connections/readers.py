"""How each business of a connection reads its records: mapping, zone, directory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from crm_sync.connections import models
from crm_sync.connections.mapping import (
    Document,
    Prepared,
    Seen,
    currency_columns,
    prepared,
    read_record,
)
from crm_sync.connections.models import Connection
from crm_sync.connections.own_fields import Paths, moving, own_fields, without_ours
from crm_sync.contract import Provider, RemoteRecord, value_at
from crm_sync.ledger.reading import Incoming
from crm_sync.ledger.recording import Origin
from tenants.accounts.models import Business
from tenants.schema import in_business

KIND_NAMES = {"close": "Close", "files": "the file"}


@dataclass(frozen=True, slots=True)
class Route:
    """Records whose value at `path` is `value` go to a business."""

    path: str
    value: str
    business_id: int


@dataclass(slots=True)
class Reader:
    """Everything needed to turn a connection's records into business's entries."""

    connection: Connection
    businesses: dict[int, Business]
    routes: tuple[Route, ...]
    directory: dict[str, tuple[str, str]]
    provider: Provider | None = None
    columns: frozenset[str] | None = None
    """Those of the file that is read now."""
    _mappings: dict[tuple[int, str], models.Mapping | None] = field(
        default_factory=dict
    )
    _own: dict[int, Paths] = field(default_factory=dict)
    _ready: dict[int, Prepared] = field(default_factory=dict)

    @property
    def is_shared(self) -> bool:
        """Say whether records may belong to several businesses."""
        return self.connection.business_id is None

    def business_of(self, payload: Mapping[str, Any]) -> int | None:
        """Return the business that a record belongs to, or None where no route says
        which, or several say different ones."""
        if self.connection.business_id is not None:
            return self.connection.business_id
        route = self._route_of(payload)
        return route.business_id if route else None

    def value_of(self, payload: Mapping[str, Any]) -> str:
        """Return the value by which a record is routed, or ""."""
        route = self._route_of(payload) if self.is_shared else None
        return route.value if route else ""

    def routes_named(self, payload: Mapping[str, Any]) -> list[Route]:
        """Return every route that a record names: a list may name several."""
        said = {
            path: texts_at(payload, path)
            for path in {route.path for route in self.routes}
        }
        return [route for route in self.routes if route.value in said[route.path]]

    def _route_of(self, payload: Mapping[str, Any]) -> Route | None:
        named = self.routes_named(payload)
        # Which of two businesses is meant is for people to say.
        return named[0] if len({one.business_id for one in named}) == 1 else None

    def take_routes_of_now(self) -> None:
        """Read the routes again; call it in a transaction, before routing by them.

        A sync may have begun before somebody saved others. The row is the lock: what
        was routed by the old ones is committed before, and is moved by the new ones.
        """
        if self.is_shared:
            Connection.objects.select_for_update(no_key=True).get(pk=self.connection.pk)
            self.routes = routes_of(self.connection)

    def worth(self, record: RemoteRecord) -> tuple[str, Decimal | None, str]:
        """Return a record's name, amount and currency by the group's own mapping."""
        mapping = self.mapping(0, record.object)
        document = mapping.document if mapping else {}
        values = read_record(record, document, ZoneInfo("UTC"), Seen()).values
        amount = values.get("amount")
        return (
            str(values.get("name", "")),
            amount if isinstance(amount, Decimal) else None,
            str(values.get("currency", "")),
        )

    def mapping(self, business_id: int, object_: str) -> models.Mapping | None:
        """Return the business's newest mapping, else the group's default."""
        key = (business_id, object_)
        if key not in self._mappings:
            self._mappings[key] = mapping_for(self.connection, business_id, object_)
        return self._mappings[key]

    def read(self, record: RemoteRecord, business_id: int) -> Incoming:
        """Read a record as its business maps it."""
        mapping = self.mapping(business_id, record.object)
        business = self.businesses[business_id]
        author = self.directory.get(record.changed_by or "", ("", ""))[0]
        seen = Seen(
            changed_by=author,
            url=self._url(record),
            mapping_id=mapping.pk if mapping else None,
            currency=business.currency,
        )
        ready = self._prepared(mapping)
        incoming = read_record(record, ready, ZoneInfo(business.time_zone), seen)
        if self.connection.kind == "files" and mapping is not None:
            incoming = self._without_currency(incoming, mapping.document)
        return self._without_ours(incoming, business_id, mapping)

    def _without_currency(self, incoming: Incoming, document: Document) -> Incoming:
        """Let a row of a file without a column of currencies be in the business's own.

        What is stored of a row does not say which columns its file had, and is read
        again as it was.
        """
        if incoming.values.get("currency"):
            return incoming
        columns = currency_columns(document)
        if self.columns is not None and not columns.isdisjoint(self.columns):
            return incoming
        mapped = incoming.mapped - {"currency"}
        return replace(incoming, mapped=mapped, no_currency=self.columns is not None)

    def _without_ours(
        self, incoming: Incoming, business_id: int, mapping: models.Mapping | None
    ) -> Incoming:
        """Leave out the fields that the business fills itself: they are no facts."""
        if business_id not in self._own:
            with in_business(self.businesses[business_id]):
                self._own[business_id] = own_fields(self.connection.pk)
        own = self._own[business_id].get(incoming.object)
        if not own or mapping is None:
            return incoming
        marks = moving(self.provider, incoming.object)
        return without_ours(incoming, mapping.document, own, marks)

    def _prepared(self, mapping: models.Mapping | None) -> Prepared:
        key = mapping.pk if mapping else 0
        if key not in self._ready:
            self._ready[key] = prepared(mapping.document if mapping else {})
        return self._ready[key]

    def origin(self, words: str = "", *, forced: bool = False) -> Origin:
        """Say where records come from, for the words of their changes."""
        return Origin(
            connection_id=self.connection.pk,
            source=source_name(self.connection),
            since=self.connection.last_success_at,
            words=words,
            directory=self.directory,
            forced=forced,
        )

    def _url(self, record: RemoteRecord) -> str:
        template = self.connection.record_url
        if template:
            return filled(template, record.payload)
        return self.provider.record_url(record) if self.provider else ""


def texts_at(payload: Mapping[str, Any], path: str) -> list[str]:
    """Return what a field says, each value of a list for itself; nothing if blank."""
    value = value_at(payload, path)
    texts = [
        str(one).strip()
        for one in (value if isinstance(value, list) else [value])
        if one is not None
    ]
    return [text for text in texts if text]


def reader_of(connection: Connection, provider: Provider | None = None) -> Reader:
    """Load how a connection's records are read."""
    return Reader(
        connection=connection,
        businesses={row.pk: row for row in businesses_of(connection)},
        routes=routes_of(connection),
        directory={
            user.external_id: (user.name, user.email)
            for user in models.SourceUser.objects.filter(connection=connection)
        },
        provider=provider,
    )


def routes_of(connection: Connection) -> tuple[Route, ...]:
    """Return the routes in force, in the order in which they are tried."""
    rows = models.Route.objects.filter(connection=connection).order_by("id")
    return tuple(Route(row.path, row.value, row.business_id) for row in rows)


def businesses_of(connection: Connection) -> list[Business]:
    """Return the businesses that a connection may feed, always of its own group."""
    rows = Business.objects.filter(
        group_id=connection.group_id, state=Business.State.READY
    )
    if connection.business_id is not None:
        rows = rows.filter(pk=connection.business_id)
    return list(rows.order_by("pk"))


def mapping_for(
    connection: Connection, business_id: int | None, object_: str
) -> models.Mapping | None:
    """Return the newest mapping of a business, else the group's default."""
    rows = models.Mapping.objects.filter(connection=connection, object=object_)
    newest = rows.order_by("-version")
    own = newest.filter(business_id=business_id).first() if business_id else None
    return own or newest.filter(business_id__isnull=True).first()


def source_name(connection: Connection) -> str:
    """Return what people call the source: `Close`."""
    return KIND_NAMES.get(connection.kind, connection.name)


def filled(template: str, payload: Mapping[str, Any]) -> str:
    """Fill `{lead_id}` in an address; only plain ids go in, and only web addresses
    come out."""

    def value(match: re.Match[str]) -> str:
        found = str(value_at(payload, match.group(1)) or "")
        return found if re.fullmatch(r"[\w-]{1,100}", found, re.ASCII) else ""

    address = re.sub(r"\{([\w.]+)\}", value, template)
    return address if address.startswith(("https://", "http://")) else ""
