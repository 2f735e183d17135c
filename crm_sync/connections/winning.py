"""Which source wins where several give the same record: tried, then saved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from commissions_saas.lib import clock
from crm_sync.connections import errors
from crm_sync.connections.mapping_trial import MOST
from crm_sync.connections.models import Connection, Route
from crm_sync.connections.selectors import connections_of
from crm_sync.ledger.changes import lock_changes
from crm_sync.ledger.doubles import Doubles, doubles
from crm_sync.ledger.models import Entry, Field, Precedence
from crm_sync.ledger.money_moved import Moved, booked_in, less, money_moved
from crm_sync.ledger.precedence import ID, WHOLE
from crm_sync.ledger.settling import Settled, settle_all
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.audit.services import record
from tenants.jobs.models import Job
from tenants.jobs.services import enqueue
from tenants.schema import in_business

Source = tuple[int, str]  # connection, and the field by which its records are known


@dataclass(slots=True)
class WinTrial:
    """What a rule would do."""

    settled: Settled = field(default_factory=Settled)
    booked: dict[str, Decimal] = field(default_factory=dict)
    moved: Moved = field(default_factory=Moved)

    @property
    def digest(self) -> str:
        """Return one text for all figures, to tell later whether they have moved."""
        figures = [
            self.settled.withheld,
            self.settled.changed,
            *sorted((code, str(sum_)) for code, sum_ in self.booked.items()),
            self.moved.lines,
            self.moved.statements,
            *sorted((code, str(sum_)) for code, sum_ in self.moved.net.items()),
            self.moved.proposals,
            self.moved.posted,
        ]
        return hashlib.sha256(json.dumps(figures).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SeenTwice:
    """Deals that seem to come from two sources, in words."""

    first: Connection
    second: Connection
    doubles: Doubles

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        return (
            f"{self.first.name} and {self.second.name} seem to give the same"
            f" {self.doubles.records} deals, and both count. Say under Connections which"
            " source wins."
        )


def sources_of(business: Business) -> list[Connection]:
    """Return what feeds a business, and what is disconnected and has left records that
    stay; its name says so."""
    routed = Route.objects.filter(connection=OuterRef("pk"), business_id=business.pk)
    gone = Connection.objects.filter(
        Q(business_id=business.pk) | Q(Exists(routed), business_id__isnull=True),
        group_id=business.group_id,
        state=Connection.State.REMOVED,
    ).order_by("name", "id")
    with in_business(business):
        left = set(
            Entry.objects.filter(
                connection_id__in=[row.pk for row in gone], deleted=False
            ).values_list("connection_id", flat=True)
        )
    kept = [row for row in gone if row.pk in left]
    for row in kept:
        row.name = f"{row.name} (disconnected)"
    return [*connections_of(business), *kept]


def rule_in_force(object_: str) -> Precedence | None:
    """Return the newest rule of an object."""
    return Precedence.objects.filter(object=object_).order_by("-version").first()


def history_of(object_: str) -> list[Precedence]:
    """Return every rule that was saved, newest first."""
    return list(Precedence.objects.filter(object=object_).order_by("-version"))


def key_fields(object_: str) -> list[tuple[str, str]]:
    """Return the fields by which a record may be known as the same."""
    rows = Field.objects.filter(object=object_, type__in=("text", "number"))
    return [
        (ID, "Id in the source"),
        *rows.exclude(key__in=WHOLE).order_by("label").values_list("key", "label"),
    ]


def mixed_fields(object_: str) -> list[tuple[str, str]]:
    """Return the fields that another source may fill than the one that wins."""
    rows = Field.objects.filter(object=object_).exclude(key__in=[*WHOLE, "share"])
    return list(rows.exclude(key="role").order_by("label").values_list("key", "label"))


def try_rule(
    *,
    business: Business,
    object_: str,
    sources: Sequence[Source],
    fields: Mapping[str, int],
) -> WinTrial:
    """Settle all that is stored by another rule, and take it back at once."""
    rule = _rule(business, object_, sources, fields, None)
    ids = [connection_id for connection_id, _ in sources]
    with in_business(business):
        stored = Entry.objects.filter(object=object_, connection_id__in=ids).count()
        if stored > MOST:
            raise errors.BadRule(
                f"There are more than {MOST:,} records, too many to try while you wait.",
                hint="Save it: it becomes a version that you can go back from.",
            )
        return _tried(business, rule)


def save_rule(
    *,
    business: Business,
    object_: str,
    sources: Sequence[Source],
    fields: Mapping[str, int],
    by: Member,
    version: int,
    digest: str = "",
) -> tuple[Precedence, Job]:
    """Put a rule in force and settle by it in a job.

    `version` is the rule that was changed, `digest` the figures that were looked at:
    where either is another one by now, nothing is saved.
    """
    rule = _rule(business, object_, sources, fields, by)
    with in_business(business), transaction.atomic():
        lock_changes()
        last = rule_in_force(object_)
        _refuse_if_changed(last, version)
        if digest and _tried(business, rule).digest != digest:
            raise errors.RuleChanged(
                "Records have changed since you looked, and the figures with them.",
                hint="Look at the new figures below, then save.",
            )
        rule.version = version + 1
        rule.save(force_insert=True)
        record(
            action="connections.precedence_saved",
            object_kind="precedence",
            object_id=rule.pk,
            object_name=object_,
            before={"sources": last.sources, "fields": last.fields} if last else None,
            after={"sources": rule.sources, "fields": rule.fields},
            by=by,
        )
        job = _ask_to_settle(business, object_, by)
    return rule, job


def _refuse_if_changed(last: Precedence | None, version: int) -> None:
    if (last.version if last else 0) != version:
        author = f" by {last.made_by}" if last and last.made_by else ""
        raise errors.RuleChanged(
            f"Another rule was saved meanwhile{author}.",
            hint="It is shown below. Make your change again.",
        )


def _ask_to_settle(business: Business, object_: str, by: Member) -> Job:
    return enqueue(
        kind="settle_sources",
        title=f"Settle which {object_}s count",
        business=business,
        arguments={
            "object": object_,
            "words": f"rule on which source wins saved by {by.name}",
        },
        only_one=f"settle {object_}",
        started_by=by,
    )


def seen_twice(business: Business) -> list[SeenTwice]:
    """Return sources that seem to give the same deals, while both count."""
    rows = {row.pk: row for row in sources_of(business)}
    if len(rows) < 2:
        return []
    with in_business(business):
        found = doubles()
    return [
        SeenTwice(rows[one.connection_ids[0]], rows[one.connection_ids[1]], one)
        for one in found
        if set(one.connection_ids) <= rows.keys()
    ]


def _tried(business: Business, rule: Precedence) -> WinTrial:
    trial = WinTrial()

    def do() -> None:
        before = booked_in(business)
        last = rule_in_force(rule.object)
        tried = Precedence(
            object=rule.object,
            version=(last.version if last else 0) + 1,
            sources=rule.sources,
            fields=rule.fields,
            made_at=rule.made_at,
        )
        tried.save(force_insert=True)
        trial.settled = settle_all(object_=rule.object, words="a rule on trial")
        trial.booked = less(booked_in(business), before)

    trial.moved = money_moved(do)
    return trial


def _rule(
    business: Business,
    object_: str,
    sources: Sequence[Source],
    fields: Mapping[str, int],
    by: Member | None,
) -> Precedence:
    known = {row.pk: row.name for row in sources_of(business)}
    with in_business(business):
        keys = dict(key_fields(object_))
        mixed = dict(mixed_fields(object_))
    ids = [connection_id for connection_id, _ in sources]
    if len(ids) == 1:
        raise errors.BadRule("Put at least two sources in order, or none.")
    if len(set(ids)) != len(ids) or set(ids) - known.keys():
        raise errors.BadRule("Each source of this business stands in the order once.")
    if {key for _, key in sources} - keys.keys():
        raise errors.BadRule("Name the field by which records are the same.")
    if set(fields) - mixed.keys() or set(fields.values()) - set(ids):
        raise errors.BadRule(
            "Another source may fill a plain field only, and must stand in the order.",
            hint="Owner, splits and the days belong to the source that wins.",
        )
    listed: list[dict[str, Any]] = [
        {"connection": id_, "name": known[id_], "key": key} for id_, key in sources
    ]
    return Precedence(
        object=object_,
        sources=listed,
        fields=dict(fields),
        made_by_id=by.user_id if by else None,
        made_by=by.name if by else "",
        made_at=clock.now(),
    )
