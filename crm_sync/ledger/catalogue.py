"""The catalogue: which fields an object has, by the names that formulas use."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import cast

from django.db import transaction
from django.db.models import CharField, OuterRef, Subquery, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from crm_sync.ledger.changes import next_change
from crm_sync.ledger.facts import FieldFact, ValueType
from crm_sync.ledger.models import FIELD, Entry, Field, FormerState
from crm_sync.ledger.reading import Incoming
from crm_sync.ledger.standard import (
    ACCOUNT,
    DEAL,
    DERIVED,
    DOCUMENTS,
    PEOPLE_KEYS,
    SHARE_KEYS,
    standard_fields,
)

ZERO_TYPES = ("money", "percent")
Catalogue = dict[tuple[str, str], FieldFact]


def fields_known(
    change: int | None = None, objects: Collection[str] | None = None
) -> list[FieldFact]:
    """Return the fields that were added to the catalogue, with the types that they had
    at a change number; without one, as they are now."""
    until = Value(None) if change is None else _type_until(change)
    type_ = Coalesce(until, "type", output_field=CharField())
    rows = Field.objects.order_by("object", "key").annotate(then=type_)
    if objects is not None:
        rows = rows.filter(object__in=objects)
    return [
        FieldFact(object_, key, label, cast(ValueType, then))
        for object_, key, label, then in rows.values_list(
            "object", "key", "label", "then"
        )
        if then
    ]


def catalogue(change: int | None = None) -> Catalogue:
    """Return every field by (object, key): the standard ones, then the source's own.

    Attributes of payees and things are among them; they have no standard fields.
    """
    facts = fields_known(change)
    objects = {DEAL, *(fact.object for fact in facts)}
    found: Catalogue = {
        (field.object, field.key): field
        for object_ in sorted(objects)
        for field in standard_fields(object_)
    }
    for fact in facts:
        found.setdefault((fact.object, fact.key), fact)
    for field in ACCOUNT:
        found.setdefault((field.object, field.key), field)
    return found


def derived_fields(objects: Collection[str]) -> tuple[FieldFact, ...]:
    """Return what no source gives and formulas may read all the same: what a deal has
    from invoices and payments, and what these have from their deal."""
    return ACCOUNT + tuple(
        field
        for object_ in DOCUMENTS
        if object_ in objects
        for field in standard_fields(object_)
        if field.key in DERIVED
    )


def account_keys(types: Catalogue) -> frozenset[str]:
    """Return what a deal has from invoices and payments; a source's own field of the
    same name is not among it."""
    return frozenset(
        field.key for field in ACCOUNT if types.get((field.object, field.key)) == field
    )


def account_zeros(types: Catalogue) -> tuple[str, ...]:
    """Return those of them that are 0 for a deal without invoices."""
    own = account_keys(types)
    return tuple(f.key for f in ACCOUNT if f.key in own and f.type in ZERO_TYPES)


def save_fields(fields: Sequence[FieldFact]) -> None:
    """Add fields to the catalogue; a field that is there takes the new label and type.

    What every object has keeps its own type, whatever a mapping says. A type by which
    values were read already moves under a change number: what was worked out by it is
    worked out again.
    """
    standard = {
        (field.object, field.key): field
        for object_ in {field.object for field in fields}
        for field in standard_fields(object_)
    }
    rows = [standard.get((f.object, f.key), f) for f in fields_of(fields)]
    with transaction.atomic():
        moved = _moved(rows)
        Field.objects.bulk_create(
            (
                Field(
                    object=field.object,
                    key=field.key,
                    label=field.label,
                    type=field.type,
                    standard=(field.object, field.key) in standard,
                )
                for field in rows
            ),
            update_conflicts=True,
            unique_fields=["object", "key"],
            update_fields=["label", "type", "standard"],
        )
        if moved:
            _number(moved)


def _moved(rows: Collection[FieldFact]) -> dict[FieldFact, str]:
    """Return those by which values may be read otherwise now, with the type they had:
    empty for one that joins when there are records of its object already."""
    types = {(f.object, f.key): f.type for f in fields_known()}
    known = catalogue()
    new = {row.object for row in rows if (row.object, row.key) not in types}
    read = {each for each in new if Entry.objects.filter(object=each).exists()}
    found: dict[FieldFact, str] = {}
    for row in rows:
        name = row.object, row.key
        if name in types:
            if types[name] != row.type:
                found[row] = types[name]
        elif known.get(name) != row and row.object in read:
            found[row] = ""
    return found


def _number(moved: Mapping[FieldFact, str]) -> None:
    """Give the move a change number, and keep the types until then."""
    number = next_change(
        kind="field",
        words="; ".join(
            f"{row.object}.{row.key}: {type_ or 'new'} → {row.type}"
            for row, type_ in moved.items()
        ),
    )
    ids = {(row.object, row.key): row.pk for row in Field.objects.all()}
    FormerState.objects.bulk_create(
        FormerState(
            kind=FIELD,
            subject_id=ids[row.object, row.key],
            name=f"{row.object}.{row.key}",
            attributes={"type": type_},
            closed=number,
        )
        for row, type_ in moved.items()
    )


def _type_until(change: int) -> Subquery:
    """Find the type that a field had at a number, if it has moved since: the one that
    was closed first after it. It is empty where the field was not there yet."""
    former = FormerState.objects.filter(
        kind=FIELD, subject_id=OuterRef("pk"), closed__gt=change
    )
    types = former.annotate(was=KT("attributes__type")).values("was")
    return Subquery(types.order_by("closed")[:1])


def fields_of(fields: Iterable[FieldFact]) -> list[FieldFact]:
    """Return the fields that hold values: people and shares become credits instead."""
    return [
        field
        for field in fields
        if field.key not in SHARE_KEYS and field.key not in PEOPLE_KEYS[1:]
    ]


def ensure_fields(records: Iterable[Incoming]) -> Mapping[tuple[str, str], FieldFact]:
    """Return the catalogue, after adding objects that it does not know yet."""
    facts = catalogue()
    for object_ in {incoming.object for incoming in records}:
        for field in standard_fields(object_):
            facts.setdefault((object_, field.key), field)
    return facts
