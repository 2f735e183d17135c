"""Reads of the ledger: who may see what, and lists for pages."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from commissions_saas.lib import clock
from crm_sync.ledger.also_given import also_given
from crm_sync.ledger.catalogue import catalogue
from crm_sync.ledger.facts import FieldFact, Value
from crm_sync.ledger.models import (
    Change,
    Credit,
    Entry,
    Manager,
    Payee,
    RefusedRecord,
    Revision,
)
from crm_sync.ledger.standard import standard_fields
from crm_sync.ledger.values import to_value
from tenants.access import Member
from tenants.accounts.models import Role
from tenants.schema import current_business


def payee_of(member: Member) -> Payee | None:
    """Return the payee that the member is paid as here, if any."""
    payee = Payee.objects.filter(user_id=member.user_id).first()
    return payee.merged_into or payee if payee else None


def payees_visible_to(member: Member, day: date | None = None) -> QuerySet[Payee]:
    """Return the payees whose pay is open to the member, as their team is on a day."""
    if member.sees_all_pay:
        return Payee.objects.filter(merged_into__isnull=True)
    own = payee_of(member)
    if own is None:
        return Payee.objects.none()
    ids = {own.pk}
    if member.has(Role.MANAGER):
        ids |= team_of(own, day or clock.today(current_business().time_zone))
    return Payee.objects.filter(pk__in=ids, merged_into__isnull=True)


def team_of(payee: Payee, day: date) -> set[int]:
    """Return who reports to the payee on a day."""
    return set(_placed_on(day).filter(manager=payee).values_list("payee_id", flat=True))


def entries_visible_to(member: Member) -> QuerySet[Entry]:
    """Return the entries the member may see: those that credit them, or their team
    on the entry's day (for one without a day: today)."""
    entries = Entry.objects.all()
    if member.sees_all_pay:
        return entries
    own = payee_of(member)
    if own is None:
        return entries.none()
    credits = Credit.objects.filter(entry_id=OuterRef("pk"), closed__isnull=True)
    mine = Exists(credits.filter(payee_id=own.pk))
    if not member.has(Role.MANAGER):
        return entries.filter(mine)
    today = clock.today(current_business().time_zone)
    placed = Manager.objects.filter(
        payee_id=OuterRef("payee_id"), manager=own, closed__isnull=True
    )
    on_the_day = placed.filter(starts_on__lte=OuterRef("occurred_on")).filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=OuterRef("occurred_on"))
    )
    now = placed.filter(starts_on__lte=today).filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=today)
    )
    team = credits.filter(
        Q(Exists(on_the_day)) | Q(occurred_on__isnull=True) & Q(Exists(now))
    )
    return entries.filter(mine | Exists(team))


def placement_on(payee: Payee, day: date) -> Manager | None:
    """Return whom the payee reports to and where they sell, on a day."""
    return (
        _placed_on(day)
        .filter(payee=payee)
        .select_related("manager", "territory")
        .first()
    )


def _placed_on(day: date) -> QuerySet[Manager]:
    current = Manager.objects.filter(closed__isnull=True, starts_on__lte=day)
    return current.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day))


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field of an entry as its page shows it."""

    field: FieldFact
    value: Value | None
    text: str


def entry_fields(entry: Entry) -> list[FieldRow]:
    """Return the entry's values, standard fields first, with what they are called."""
    revision = current_revision(entry)
    values = revision.values if revision else {}
    facts = catalogue()
    order = [field.key for field in standard_fields(entry.object)]
    keys = [key for key in order if key in values]
    keys += sorted(key for key in values if key not in order)
    rows = []
    for key in keys:
        field = facts.get(
            (entry.object, key),
            FieldFact(entry.object, key, key.replace("_", " ").capitalize(), "text"),
        )
        rows.append(FieldRow(field, to_value(values[key], field.type), values[key]))
    return rows


def current_revision(entry: Entry) -> Revision | None:
    """Return the entry's open revision; a record deleted unseen has none."""
    return Revision.objects.filter(entry=entry, closed__isnull=True).first()


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One change of an entry, newest first."""

    number: int
    at: datetime
    words: str
    source: str
    source_at: datetime | None
    kind: str


def entry_history(entry: Entry, member: Member) -> list[HistoryRow]:
    """Return all changes of an entry, newest first.

    Who shares a deal sees what became of it, not why a colleague's pay was adjusted.
    """
    changes = Change.objects.filter(entry_id=entry.pk).order_by("-number")
    if not member.sees_all_pay:
        seen = payees_visible_to(member).values("pk")
        changes = changes.filter(~Q(kind="adjustment") | Q(payee_id__in=seen))
    return [history_row(change) for change in changes]


def payee_history(payee: Payee) -> list[HistoryRow]:
    """Return all changes of a payee, newest first."""
    changes = Change.objects.filter(payee_id=payee.pk).order_by("-number")
    return [history_row(change) for change in changes]


def history_row(change: Change) -> HistoryRow:
    """Return a change as pages show it, without the entry's name in front."""
    _, _, what = change.words.partition(": ")
    return HistoryRow(
        change.number,
        change.at,
        what or change.words,
        change.source,
        change.source_at,
        change.kind,
    )


def credits_of(entry: Entry) -> list[dict[str, Any]]:
    """Return who is credited now: payee, role and share."""
    rows = list(
        Credit.objects.filter(entry_id=entry.pk, closed__isnull=True).order_by("id")
    )
    names = Payee.objects.in_bulk([row.payee_id for row in rows])
    return [
        {"payee": names[row.payee_id], "role": row.role, "share": row.share}
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class RefusedGroup:
    """Waiting records that are refused for one reason."""

    code: str
    field: str
    detail: str
    reason: str
    records: int
    held_up: Any


def refused_groups(connection_id: int | None = None) -> list[RefusedGroup]:
    """Return the waiting records by reason, those that hold up most money first."""
    rows = RefusedRecord.objects.filter(state=RefusedRecord.State.WAITING)
    if connection_id is not None:
        rows = rows.filter(connection_id=connection_id)
    groups = (
        rows.values("code", "field", "detail", "reason")
        .annotate(records=Count("id"), held_up=Sum("held_up"))
        .order_by("-held_up", "-records", "code", "detail")
    )
    return [RefusedGroup(**group) for group in groups]


@dataclass(frozen=True, slots=True)
class RefusedTotal:
    """How many records wait, and what they may hold up."""

    records: int
    held_up: Any


def refused_total(connection_id: int | None = None) -> RefusedTotal:
    """Return what is refused now, for the as-of bar and for closing a period."""
    groups = refused_groups(connection_id)
    return RefusedTotal(
        sum(group.records for group in groups), sum(group.held_up for group in groups)
    )


def deal_page_context(entry: Entry, member: Member) -> dict[str, Any]:
    """Return the ledger's part of a deal's page; what it earns is a higher room's."""
    revision = current_revision(entry)
    return {
        "entry": entry,
        "fields": entry_fields(entry),
        "history": entry_history(entry, member),
        "payload": redacted(revision.payload) if revision else {},
        "credits": credits_of(entry),
        "also_given": also_given(entry) if member.sees_all_pay else [],
        "may_see_payload": member.sees_all_pay,
    }


_PERSONAL = ("phone", "email", "address", "token", "secret", "password", "api_key")


def redacted(payload: Any) -> Any:
    """Return a payload without what is personal or secret."""
    if isinstance(payload, dict):
        return {
            key: "•••"
            if any(word in key.lower() for word in _PERSONAL)
            else redacted(value)
            for key, value in payload.items()
        }
    return (
        [redacted(value) for value in payload] if isinstance(payload, list) else payload
    )
