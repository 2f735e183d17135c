"""The catalogue: which fields an object has, by the names that formulas use."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import cast

from crm_sync.ledger.facts import FieldFact, ValueType
from crm_sync.ledger.models import Field
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


def catalogue() -> Catalogue:
    """Return every field by (object, key): the standard ones, then the source's own.

    Attributes of payees and things are among them; they have no standard fields.
    """
    rows = list(Field.objects.order_by("object", "key"))
    objects = {DEAL, *(row.object for row in rows)}
    found: Catalogue = {
        (field.object, field.key): field
        for object_ in sorted(objects)
        for field in standard_fields(object_)
    }
    for row in rows:
        fact = FieldFact(row.object, row.key, row.label, cast(ValueType, row.type))
        found.setdefault((row.object, row.key), fact)
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

    What every object has keeps its own type, whatever a mapping says.
    """
    standard = {
        (field.object, field.key): field
        for object_ in {field.object for field in fields}
        for field in standard_fields(object_)
    }
    rows = [standard.get((f.object, f.key), f) for f in fields_of(fields)]
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
