"""Plans as the calculation reads them: who is on which version, and dated tables."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from commissions.calculation.facts import AssignmentFact, TableFact
from commissions.calculation.names import HELD_AS
from commissions.calculation.program import PlanProgram
from commissions.plans.compiling import compile_plan
from commissions.plans.document import Raw, canonical_json
from commissions.plans.json_form import plan_from_json
from commissions.plans.models import Assignment, PlanVersion, RateTable, RateTableRows
from commissions.plans.table_form import build_table
from crm_sync.ledger.catalogue import derived_fields
from crm_sync.ledger.facts import FieldFact, Value
from crm_sync.ledger.models import Field
from crm_sync.ledger.values import TYPES, to_value

Row = TypeVar("Row", bound=Model)
ONE_DAY = timedelta(days=1)
# Numbers of drafts on trial: of two versions from one day, the higher one holds.
DRAFTS_FROM = 2_000_000_000


def as_of(rows: QuerySet[Row], change: int) -> QuerySet[Row]:
    """Return the rows that were known at a change number."""
    return rows.filter(opened__lte=change).filter(
        Q(closed__isnull=True) | Q(closed__gt=change)
    )


def programs_for(
    payee_ids: Iterable[int], window: tuple[date, date], change: int
) -> dict[int, tuple[AssignmentFact, ...]]:
    """Return what each payee is on within `window`, as it was known at `change`.

    An assignment is cut where another version of its plan comes into force; a stretch
    before the first version pays nothing and is left out.
    """
    first, last = window
    assignments = list(
        as_of(Assignment.objects.filter(payee_id__in=set(payee_ids)), change)
        .filter(starts_on__lte=last)
        .exclude(ends_on__lt=first)
        .order_by("payee_id", "plan_id", "starts_on")
    )
    if not assignments:
        return {}
    versions = versions_known({row.plan_id for row in assignments}, change)
    programs = programs_of([version for own in versions.values() for version in own])
    found: dict[int, list[AssignmentFact]] = defaultdict(list)
    for row in assignments:
        found[row.payee_id].extend(_facts(row, versions[row.plan_id], programs))
    return {payee_id: tuple(facts) for payee_id, facts in found.items()}


def versions_known(
    plan_ids: Collection[int], change: int
) -> Mapping[int, list[PlanVersion]]:
    """Return each plan's published versions by the day they begin, latest last.

    Of two that begin on one day, the later one alone is in force.
    """
    rows = PlanVersion.objects.filter(
        plan_id__in=plan_ids,
        state=PlanVersion.State.PUBLISHED,
        opened__lte=change,
    ).order_by("starts_on", "number")
    by_day: dict[int, dict[date, PlanVersion]] = defaultdict(dict)
    for row in rows:
        if row.starts_on is not None:
            by_day[row.plan_id][row.starts_on] = row
    return defaultdict(
        list, {plan_id: list(days.values()) for plan_id, days in by_day.items()}
    )


def programs_of(versions: Iterable[PlanVersion]) -> dict[int, PlanProgram]:
    """Return the compiled program of each version; kept between calls."""
    catalogue = field_catalogue()
    tables = frozenset(
        f"{row.kind}/{row.key}" for row in RateTable.objects.only("kind", "key")
    )
    return {
        version.pk: _program(
            canonical_json(version.document), as_published(version, catalogue), tables
        )
        for version in versions
    }


def types_read(program: PlanProgram) -> dict[str, str]:
    """Return the type of each field that a plan's formulas read, by name."""
    owners = (program.fields, program.thing_fields)
    reads = [read for of in owners for own in of.values() for read in own]
    found = {read.name: read.type for read in (*reads, *program.payee_fields)}
    for own in program.person_fields.values():
        found |= {f"payee.{read.key}": read.type for read in own}
    return dict(sorted(found.items()))


def tables_known(change: int) -> tuple[TableFact, ...]:
    """Return every rate table as it was known at a change number, with its days."""
    rows = as_of(RateTableRows.objects.select_related("table"), change)
    return tuple(
        TableFact(row.table.key, row.starts_on, row.ends_on, build_table(_raw(row)))
        for row in rows.order_by("table_id", "starts_on")
    )


def field_catalogue() -> tuple[FieldFact, ...]:
    """Return the business's fields, in an order that does not depend on the database."""
    types = {name: name for name in TYPES}
    found = {
        (row.object, row.key): FieldFact(
            row.object, row.key, row.label, types[row.type]
        )
        for row in Field.objects.order_by("object", "key")
        if row.type in types
    }
    for field in derived_fields({object_ for object_, _ in found}):
        found.setdefault((field.object, field.key), field)
    return tuple(found.values())


def as_published(
    version: PlanVersion, catalogue: tuple[FieldFact, ...]
) -> tuple[FieldFact, ...]:
    """Return the fields with the types that a version was published with.

    A source that sends something else under a name fails the lines that read it, and
    not the plan, nor the calculation of all who are on it.
    """
    if version.state != PlanVersion.State.PUBLISHED:
        return catalogue
    declared = version.document.get("fields", {})
    types = {**(version.field_types or {}), **declared}
    return _with_types(catalogue, tuple(sorted(types.items())))


def retyped(
    version: PlanVersion, catalogue: tuple[FieldFact, ...]
) -> list[tuple[FieldFact, FieldFact]]:
    """Return the fields that a version cannot read any more: as published, and now."""
    now = {(fact.object, fact.key): fact for fact in catalogue}
    return [
        (then, now[then.object, then.key])
        for then in as_published(version, catalogue)
        if (then.object, then.key) in now
        and HELD_AS[then.type] is not HELD_AS[now[then.object, then.key].type]
    ]


@lru_cache(maxsize=512)
def _with_types(
    catalogue: tuple[FieldFact, ...], types: tuple[tuple[str, str], ...]
) -> tuple[FieldFact, ...]:
    known = {name: name for name in TYPES}
    found = {f"{fact.object}.{fact.key}": fact for fact in catalogue}
    for name, type_ in types:
        object_, _, key = name.partition(".")
        if type_ in known:
            label = found[name].label if name in found else key
            found[name] = FieldFact(object_, key, label, known[type_])
    return tuple(found.values())


@lru_cache(maxsize=512)
def _program(
    canonical: str, catalogue: tuple[FieldFact, ...], tables: frozenset[str]
) -> PlanProgram:
    keys = [name.partition("/")[2] for name in tables]
    return compile_plan(plan_from_json(canonical), catalogue, keys)


def _raw(row: RateTableRows) -> dict[str, Raw]:
    raw: dict[str, Raw] = {"kind": row.table.kind, "rows": row.rows}
    if row.table.kind == "keyed":
        raw["keys"] = [key for key in row.rows[0] if key != "rate"]
    return raw


def _facts(
    row: Assignment,
    versions: list[PlanVersion],
    programs: Mapping[int, PlanProgram],
) -> Iterable[AssignmentFact]:
    for index, version in enumerate(versions):
        begins = max(row.starts_on, version.starts_on or row.starts_on)
        ends = row.ends_on
        if index + 1 < len(versions):
            replaced = versions[index + 1].starts_on
            if replaced is not None:
                last = replaced - ONE_DAY
                ends = last if ends is None else min(ends, last)
        if ends is not None and ends < begins:
            continue
        program = programs[version.pk]
        yield AssignmentFact(
            plan_id=row.plan_id,
            version_id=version.pk,
            version_number=version.number if version.number < DRAFTS_FROM else 0,
            program=program,
            starts_on=begins,
            ends_on=ends,
            values=_values(row.values, program),
        )


def _values(given: Mapping[str, str], program: PlanProgram) -> dict[str, Value]:
    """Type what the plan declares; the rest, such as a quota that is only shown, too."""
    found: dict[str, Value] = {}
    for name, text in given.items():
        value = to_value(str(text), program.variables.get(name, "money"))
        if value is not None:
            found[name] = value
    return found
