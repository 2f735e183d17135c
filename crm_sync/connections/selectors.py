"""Reads of connections: who may see which, how they are, and what they offer."""

from __future__ import annotations

from collections.abc import Mapping as Document
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum

from crm_sync.connections.health import Verdict, freshness, verdict
from crm_sync.connections.mapping import CannotRead, read_value
from crm_sync.connections.models import (
    Connection,
    Mapping,
    Route,
    SourceField,
    SourceUser,
    SyncRun,
    UnroutedRecord,
)
from crm_sync.connections.readers import mapping_for
from crm_sync.contract import value_at
from crm_sync.ledger.models import (
    ExternalId,
    Payee,
    RefusedRecord,
    Revision,
)
from crm_sync.ledger.standard import PEOPLE_KEYS, SHARE_KEYS, standard_fields
from crm_sync.ledger.values import for_people
from tenants.accounts.models import Business, Group
from tenants.frame.formats import Reader, format_money
from tenants.frame.hooks import AsOfPart
from tenants.schema import in_business
from tenants.urls_for import business_url

SAMPLES = 3
CHECKED = 200


def connections_of(business: Business) -> QuerySet[Connection]:
    """Return what feeds a business: its own sources, and shared ones routed to it."""
    routed = Route.objects.filter(connection=OuterRef("pk"), business_id=business.pk)
    own = Connection.objects.filter(
        Q(business_id=business.pk) | Q(Exists(routed), business_id__isnull=True),
        group_id=business.group_id,
    )
    return own.exclude(state=Connection.State.REMOVED).order_by("name", "id")


def connections_of_group(group: Group) -> QuerySet[Connection]:
    """Return the group's shared sources and those of its businesses."""
    rows = Connection.objects.filter(group_id=group.pk)
    return rows.exclude(state=Connection.State.REMOVED).order_by("name", "id")


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A connection with how it is."""

    connection: Connection
    verdict: Verdict
    refused: int
    held_up: Decimal


def connection_rows(business: Business) -> list[ConnectionRow]:
    """Return the business's sources, each with its verdict and what it refused.

    One query: it is asked for the bar of every page with figures.
    """
    waiting = (
        RefusedRecord.objects.filter(
            connection_id=OuterRef("pk"), state=RefusedRecord.State.WAITING
        )
        .order_by()
        .values("connection_id")
    )
    rows = connections_of(business).annotate(
        refused=Subquery(waiting.annotate(n=Count("id")).values("n")),
        held_up=Subquery(waiting.annotate(sum=Sum("held_up")).values("sum")),
        is_running=Exists(
            SyncRun.objects.filter(
                connection_id=OuterRef("pk"), state=SyncRun.State.RUNNING
            )
        ),
    )
    return [
        ConnectionRow(
            row,
            verdict(row, business.time_zone, is_running=row.is_running),
            row.refused or 0,
            row.held_up or Decimal(0),
        )
        for row in rows
    ]


def as_of_parts(
    business: Business, rows: list[ConnectionRow], *, with_refused: bool
) -> list[AsOfPart]:
    """Return how fresh each source is and what is refused, for the as-of bar."""
    parts = [
        AsOfPart(
            freshness(row.connection, business.time_zone),
            business_url(business, "connections:connection", row.connection.pk)
            if with_refused
            else "",
            stale=row.verdict.is_error,
        )
        for row in rows
        if row.connection.kind != "files"
        and row.verdict.state != "waiting"  # nothing was sent to it yet
    ]
    records = sum(row.refused for row in rows)
    held_up = sum((row.held_up for row in rows), Decimal(0))
    if records and with_refused:
        s = "" if records == 1 else "s"
        worth = ""
        if held_up:
            amount = format_money(held_up, business.currency, Reader())
            worth = f" (≈ {amount} commission not counted)"
        parts.append(
            AsOfPart(
                f"{records} record{s} refused{worth}",
                business_url(business, "connections:refused_everywhere"),
            )
        )
    return parts


@dataclass(slots=True)
class UserRow:
    """A source's user, the payee they are or may be, and what waits for that."""

    connection: Connection
    user: SourceUser
    payee: Payee | None = None
    match: ExternalId | None = None
    suggested: Payee | None = None
    why: str = ""
    waiting: int = 0
    held_up: Decimal = Decimal(0)


@dataclass(slots=True)
class People:
    """The three lists of the people page."""

    unmatched: list[UserRow] = field(default_factory=list)
    matched: list[UserRow] = field(default_factory=list)
    without_user: list[Payee] = field(default_factory=list)
    exact: int = 0


def people_of(business: Business) -> People:
    """Match the users of the business's sources with its payees, most money first."""
    people = People()
    payees = list(Payee.objects.filter(merged_into__isnull=True, hidden=False))
    connections = list(connections_of(business).exclude(kind="files"))
    matches = {
        (row.connection_id, row.external_id): row
        for row in ExternalId.objects.select_related("payee")
    }
    waiting = _waiting_by_user()
    users = SourceUser.objects.filter(connection__in=connections)
    for user in users.select_related("connection").order_by("name"):
        row = UserRow(user.connection, user)
        match = matches.get((user.connection_id, user.external_id))
        if match is not None:
            row.payee, row.match = match.payee, match
            people.matched.append(row)
            continue
        row.suggested, row.why = suggestion(user, payees)
        row.waiting, row.held_up = waiting.get(user.email or user.name, (0, Decimal(0)))
        people.exact += row.why == "same e-mail"
        people.unmatched.append(row)
    people.unmatched.sort(key=lambda row: (-row.held_up, -row.waiting, row.user.name))
    have = {row.payee_id for row in matches.values()}
    people.without_user = sorted(
        (payee for payee in payees if payee.pk not in have), key=lambda p: p.name
    )
    return people


def suggestion(user: SourceUser, payees: list[Payee]) -> tuple[Payee | None, str]:
    """Suggest a payee by e-mail, then by name; nobody where two would fit."""
    by_email = [p for p in payees if p.email and p.email == user.email.lower()]
    if len(by_email) == 1:
        return by_email[0], "same e-mail"
    name = " ".join(user.name.casefold().split())
    by_name = [p for p in payees if name and p.name.casefold() == name]
    if len(by_name) == 1:
        return by_name[0], "same name"
    return None, ""


def _waiting_by_user() -> dict[str, tuple[int, Decimal]]:
    rows = (
        RefusedRecord.objects.filter(
            state=RefusedRecord.State.WAITING, code="unknown_owner"
        )
        .values("detail")
        .annotate(records=Count("id"), worth=Sum("held_up"))
    )
    return {row["detail"]: (row["records"], row["worth"]) for row in rows}


@dataclass(slots=True)
class MappingRow:
    """One of our fields, what fills it, and what comes out of the last records."""

    key: str
    label: str
    type: str
    source: str = ""
    transform: str = ""
    currency_from: str = ""
    required: bool = False
    listed: bool = False
    standard: bool = False
    suggested: bool = False
    vanished: bool = False
    was_type: str = ""
    source_type: str = ""
    used_by: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)
    ok: int = 0
    blank: int = 0
    bad: int = 0
    first_problem: str = ""


def mapping_rows(
    business: Business,
    object_: str,
    document: Document[str, Document[str, Any]],
    fields: list[SourceField],
    payloads: list[dict[str, Any]],
) -> list[MappingRow]:
    """Return the rows of the mapping page, checked over the last records."""
    sources = {row.path: row for row in fields}
    labels = {f.key: f for f in standard_fields(object_)}
    hidden = {"id", "share", "role"}
    keys = [key for key in labels if key not in hidden]
    keys += [
        key
        for key in (*PEOPLE_KEYS, *SHARE_KEYS)
        if key in document and key not in keys
    ]
    keys += sorted(key for key in document if key not in keys)
    rows = []
    for key in keys:
        row = document.get(key, {})
        known = labels.get(key)
        mapped = MappingRow(
            key=key,
            label=str(
                row.get("label")
                or (known.label if known else key.replace("_", " ").capitalize())
            ),
            type=str(row.get("type") or (known.type if known else "text")),
            source=str(row.get("source", "")),
            transform=str(row.get("transform", "")),
            currency_from=str(row.get("currency_from", "")),
            required=bool(row.get("required")),
            listed=bool(row.get("listed")),
            standard=known is not None,
        )
        source = sources.get(mapped.source)
        if source is not None:
            mapped.vanished = source.vanished_at is not None
            mapped.was_type, mapped.source_type = source.was_type, source.type
        _check(mapped, row, payloads, business)
        rows.append(mapped)
    return rows


@dataclass(frozen=True, slots=True)
class Vanished:
    """A mapped field that the source has no more, or not as it was, and the plans
    that read it."""

    label: str
    name: str
    plans: list[str]
    was_type: str = ""
    type: str = ""


def vanished_fields(
    connection: Connection, business: Business, plans: Document[str, list[str]]
) -> list[Vanished]:
    """Return what the mapping reads and the source has deleted or made another type,
    with what breaks."""
    gone = SourceField.objects.filter(
        Q(vanished_at__isnull=False) | ~Q(was_type=""), connection=connection
    )
    found = []
    for field_ in gone.order_by("object", "label"):
        mapping = mapping_for(connection, business.pk, field_.object)
        for key, row in sorted(mapping.document.items() if mapping else ()):
            if row["source"] == field_.path:
                name = f"{field_.object}.{key}"
                was = "" if field_.vanished_at else field_.was_type
                read_by = plans.get(name, [])
                found.append(Vanished(field_.label, name, read_by, was, field_.type))
    return found


def _check(
    mapped: MappingRow,
    row: Document[str, Any],
    payloads: list[dict[str, Any]],
    business: Business,
) -> None:
    if not mapped.source:
        return
    zone = ZoneInfo(business.time_zone)
    for payload in payloads:
        try:
            value = read_value(payload, mapped.key, row, zone)
        except CannotRead as problem:
            mapped.bad += 1
            mapped.first_problem = mapped.first_problem or str(problem)
            continue
        if value is None or value == "":
            mapped.blank += 1
            continue
        mapped.ok += 1
        shown = for_people(value, mapped.type)
        if len(mapped.samples) < SAMPLES and shown not in mapped.samples:
            mapped.samples.append(shown[:60])


def last_payloads(
    connection: Connection, business: Business, object_: str
) -> list[dict[str, Any]]:
    """Return the last records as the source gave them, refused ones included."""
    with in_business(business):
        refused = RefusedRecord.objects.filter(
            connection_id=connection.pk, object=object_, state="waiting"
        ).order_by("-last_seen")
        payloads = list(refused.values_list("payload", flat=True)[:CHECKED])
        current = Revision.objects.filter(
            entry__connection_id=connection.pk, entry__object=object_, closed=None
        )
        payloads += current.order_by("-opened").values_list("payload", flat=True)[
            : CHECKED - len(payloads)
        ]
    return payloads


def mapping_history(
    connection: Connection, business: Business | None, object_: str
) -> QuerySet[Mapping]:
    """Return the versions of a mapping, newest first."""
    rows = Mapping.objects.filter(connection=connection, object=object_)
    own = Q(business_id__isnull=True)
    if business is not None:
        own |= Q(business_id=business.pk)
    return rows.filter(own).order_by("-made_at", "-version")


def values_seen(connection: Connection, path: str) -> list[str]:
    """Return which values a field has in stored records, for the routing table."""
    found: dict[str, None] = {}
    for payload in UnroutedRecord.objects.filter(connection=connection).values_list(
        "payload", flat=True
    )[:500]:
        value = value_at(payload, path)
        if isinstance(value, str | int) and str(value):
            found[str(value)] = None
    return list(found)


def last_runs(connection: Connection, most: int = 20) -> list[SyncRun]:
    """Return the newest runs first."""
    rows = SyncRun.objects.filter(connection=connection).order_by("-started_at", "-id")
    return list(rows[:most])
