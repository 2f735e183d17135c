"""The group's library: a business puts copies there, the others take copies from there.

No business reads another's schema. A copy remembers where it came from, and a newer
edition is offered, never pushed: a plan comes as a draft that must prove itself here.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction

from commissions.library.models import LibraryPlan, LibraryTable
from commissions.plans import errors, services
from commissions.plans.document import PlanDocument
from commissions.plans.models import Plan, PlanVersion, RateTable, RateTableRows
from commissions.plans.table_readers import require_not_paid_by
from commissions_saas.lib import clock
from crm_sync.ledger.changes import next_change
from tenants.access import Member
from tenants.accounts.models import Group
from tenants.audit.services import record
from tenants.schema import current_business

_TABLE = re.compile(r"\b(?:tiers|tables)\.([a-z_][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Shelved:
    """Something of the library, and how this business stands to it."""

    entry: Any
    own: Any  # the plan or table that follows it here
    state: str  # absent | taken | newer | differs
    taken: int = 0


def shelved_plans() -> list[Shelved]:
    """Return the group's plans, each with what this business took of it."""
    rows = LibraryPlan.objects.filter(group_id=_group().pk).order_by("name")
    own = {
        plan.library_id: plan for plan in Plan.objects.exclude(library_id__isnull=True)
    }
    return [shelved_plan(entry, own.get(entry.pk)) for entry in rows]


def shelved_tables() -> list[Shelved]:
    """Return the group's rate tables, each with what this business took of it."""
    rows = LibraryTable.objects.filter(group_id=_group().pk).order_by("name")
    own = {table.key: table for table in RateTable.objects.all()}
    return [shelved_table(entry, own.get(entry.key)) for entry in rows]


def put_plan(*, version: PlanVersion, by: Member) -> LibraryPlan:
    """Put a published version on the shelf; what is there becomes a newer edition."""
    if version.state != PlanVersion.State.PUBLISHED:
        raise errors.NotPublished(version.number)
    plan = Plan.objects.get(pk=version.plan_id)
    fresh = {
        "document": version.document,
        "sha256": version.sha256,
        "from_business": current_business().name,
        "from_version": version.number,
    }
    with transaction.atomic():
        entry = _own_entry(plan) or _new_plan_entry(plan.name, fresh, by)
        _renew(entry, fresh, by)
        Plan.objects.filter(pk=plan.pk).update(library_id=entry.pk)
        _trail("plans.library.plan_put", entry, entry.edition, by)
    return entry


def take_plan(*, entry: LibraryPlan, by: Member) -> PlanVersion:
    """Copy a plan of the library into a draft here, with the tables that it names."""
    _require_own_group(entry)
    document = services.document_of(PlanVersion(document=entry.document))
    plan = Plan.objects.filter(library_id=entry.pk).first()
    with transaction.atomic():
        _take_missing_tables(document, by)
        if plan is None:
            draft = services.create_plan(document=document, by=by)
            Plan.objects.filter(pk=draft.plan_id).update(library_id=entry.pk)
            PlanVersion.objects.filter(pk=draft.pk).update(
                library_edition=entry.edition
            )
        else:
            draft = services.draft_with(
                plan=plan, document=document, by=by, library_edition=entry.edition
            )
        _trail("plans.library.plan_taken", entry, entry.edition, by)
    return draft


def put_table(*, table: RateTable, by: Member) -> LibraryTable:
    """Put a rate table with all its dated rows on the shelf."""
    dated = dated_rows_of(table)
    fresh = {"dated_rows": dated, "sha256": _hash(dated), "kind": table.kind}
    fresh |= {"name": table.name, "from_business": current_business().name}
    with transaction.atomic():
        key = {"group_id": _group().pk, "key": table.key}
        entry = LibraryTable.objects.select_for_update().filter(**key).first()
        if entry is None:
            entry = _created(
                LibraryTable(**key, **fresh, put_by_id=by.user_id, put_at=clock.now()),
                table.name,
            )
        _renew(entry, fresh, by)
        RateTable.objects.filter(pk=table.pk).update(
            library_id=entry.pk, library_edition=entry.edition
        )
        _trail("plans.library.table_put", entry, entry.edition, by)
    return entry


def take_table(*, entry: LibraryTable, by: Member) -> RateTable:
    """Let a table here have exactly the rows of the library's; all plans follow at once.

    What stood here is closed, not removed: the past can still be worked out.
    """
    _require_own_group(entry)
    with transaction.atomic():
        table, is_new = RateTable.objects.get_or_create(
            key=entry.key, defaults={"name": entry.name, "kind": entry.kind}
        )
        if not is_new and table.kind != entry.kind:
            raise errors.WrongTable(
                f"“{entry.key}” is a table of another kind here.",
                hint="Give yours another name first.",
            )
        require_not_paid_by(table, by)
        _replace_rows(table, entry, by)
        RateTable.objects.filter(pk=table.pk).update(
            library_id=entry.pk, library_edition=entry.edition
        )
        _trail("plans.library.table_taken", entry, entry.edition, by)
    return table


def _replace_rows(table: RateTable, entry: LibraryTable, by: Member) -> None:
    """Close what the library does not have and open what is missing, as one change."""
    wanted = {_identity(raw): raw for raw in entry.dated_rows}
    closing = []
    for row in table.rows.filter(closed__isnull=True):
        if wanted.pop(_identity(_dated_row(row)), None) is None:
            closing.append(row.pk)
    if not closing and not wanted:
        return
    number = next_change(
        kind="table",
        words=f"Rate table {table}: edition {entry.edition} of the group's library",
        source=f"taken over by {by.name}",
        by_id=by.user_id,
    )
    table.rows.filter(pk__in=closing, closed__isnull=True).update(closed=number)
    RateTableRows.objects.bulk_create(
        RateTableRows(
            table=table,
            starts_on=date.fromisoformat(raw["starts_on"]),
            ends_on=date.fromisoformat(raw["ends_on"]) if raw["ends_on"] else None,
            rows=raw["rows"],
            reference=raw["reference"],
            opened=number,
        )
        for raw in wanted.values()
    )


def tables_named(document: PlanDocument) -> list[str]:
    """Return the tables that a plan's formulas name and its file does not bring."""
    found = dict.fromkeys(_TABLE.findall(document.canonical))
    return [name for name in found if name not in document.tables]


def _take_missing_tables(document: PlanDocument, by: Member) -> None:
    here = set(RateTable.objects.values_list("key", flat=True))
    missing = [name for name in tables_named(document) if name not in here]
    rows = LibraryTable.objects.filter(group_id=_group().pk, key__in=missing)
    for entry in rows.order_by("key"):
        take_table(entry=entry, by=by)


def shelved_plan(entry: LibraryPlan, own: Plan | None) -> Shelved:
    """Say how the business at hand stands to a plan of the library."""
    if own is None:
        return Shelved(entry, None, "absent")
    versions = own.versions.values_list("library_edition", "sha256")
    taken = max((edition or 0 for edition, _ in versions), default=0)
    has_it = any(digest == entry.sha256 for _, digest in versions)
    state = "taken" if has_it or taken == entry.edition else "newer"
    return Shelved(entry, own, state, taken)


def shelved_table(entry: LibraryTable, own: RateTable | None) -> Shelved:
    """Say how the business at hand stands to a rate table of the library."""
    if own is None:
        return Shelved(entry, None, "absent")
    if _hash(dated_rows_of(own)) == entry.sha256:
        return Shelved(entry, own, "taken", own.library_edition or 0)
    follows = own.library_id == entry.pk
    newer = follows and (own.library_edition or 0) < entry.edition
    return Shelved(
        entry, own, "newer" if newer else "differs", own.library_edition or 0
    )


def _own_entry(plan: Plan) -> LibraryPlan | None:
    rows = LibraryPlan.objects.select_for_update().filter(group_id=_group().pk)
    return rows.filter(pk=plan.library_id or 0).first()


def _new_plan_entry(name: str, fresh: dict[str, Any], by: Member) -> LibraryPlan:
    entry: LibraryPlan = _created(
        LibraryPlan(
            group_id=_group().pk,
            name=name,
            put_by_id=by.user_id,
            put_at=clock.now(),
            **fresh,
        ),
        name,
    )
    return entry


def _created(entry: Any, name: str) -> Any:
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError:
        raise errors.NameTaken("entry of the library", name) from None
    return entry


def _renew(entry: Any, fresh: dict[str, Any], by: Member) -> None:
    """Make it the next edition, where it says something else than the last one."""
    if entry.sha256 == fresh["sha256"]:
        return
    for name, value in fresh.items():
        setattr(entry, name, value)
    entry.edition += 1
    entry.put_by_id, entry.put_at = by.user_id, clock.now()
    entry.save(update_fields=[*fresh, "edition", "put_by_id", "put_at"])


def dated_rows_of(table: RateTable) -> list[dict[str, Any]]:
    """Return a table's rows by date, as the library keeps them."""
    rows = table.rows.filter(closed__isnull=True).order_by("starts_on")
    return [_dated_row(row) for row in rows]


def _dated_row(row: RateTableRows) -> dict[str, Any]:
    return {
        "starts_on": row.starts_on.isoformat(),
        "ends_on": row.ends_on.isoformat() if row.ends_on else "",
        "reference": row.reference,
        "rows": row.rows,
    }


def _identity(raw: dict[str, Any]) -> str:
    return json.dumps(raw, sort_keys=True)


def _hash(dated: Iterable[dict[str, Any]]) -> str:
    return sha256(json.dumps(list(dated), sort_keys=True).encode()).hexdigest()


def _group() -> Group:
    group: Group | None = current_business().group
    assert group is not None  # only the template belongs to none
    return group


def _require_own_group(entry: LibraryPlan | LibraryTable) -> None:
    if entry.group_id != _group().pk:
        raise type(entry).DoesNotExist


def _trail(action: str, entry: Any, edition: int, by: Member) -> None:
    record(
        action=action,
        object_kind="library",
        object_id=entry.pk,
        object_name=f"{entry.name}, edition {edition}",
        after={"sha256": entry.sha256},
        by=by,
    )
