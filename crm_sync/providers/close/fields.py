"""The fields of Close's objects, and what they fill here unless an admin says else."""

from __future__ import annotations

from collections.abc import Sequence

from crm_sync.contract import (
    MappedField,
    Payload,
    SourceField,
    field_name,
)

# Close's own types of fields, in our words.
_TYPES = {"number": "number", "date": "date", "datetime": "date", "yesno": "yesno"}

_DEAL = (
    ("id", "ID", "text"),
    ("lead_id", "Lead ID", "text"),
    ("lead_name", "Lead", "text"),
    ("contact_name", "Contact", "text"),
    ("user_id", "Owner ID", "text"),
    ("user_name", "Owner", "text"),
    ("created_by", "Created by", "text"),
    ("status_id", "Status ID", "text"),
    ("status_label", "Status", "text"),
    ("status_type", "Status type", "text"),
    ("pipeline_id", "Pipeline ID", "text"),
    ("pipeline_name", "Pipeline", "text"),
    ("value", "Value (in cents)", "number"),
    ("value_period", "Value period", "text"),
    ("value_currency", "Value currency", "text"),
    ("annualized_value", "Annualized value (in cents)", "number"),
    ("confidence", "Confidence", "number"),
    ("date_won", "Won on (estimated close while active)", "date"),
    ("date_lost", "Lost on", "date"),
    ("date_created", "Created on", "date"),
    ("note", "Note", "text"),
)
_MEETING = (
    ("id", "ID", "text"),
    ("lead_id", "Lead ID", "text"),
    ("title", "Title", "text"),
    ("user_id", "User ID", "text"),
    ("user_name", "User", "text"),
    ("status", "Status", "text"),
    ("starts_at", "Starts at", "date"),
    ("duration", "Duration (in seconds)", "number"),
    ("outcome_id", "Outcome ID", "text"),
    ("date_created", "Created on", "date"),
)
_STANDARD = {"deal": _DEAL, "meeting": _MEETING}
_CHOICES = {
    "status_type": ("active", "won", "lost"),
    "value_period": ("one_time", "monthly", "annual"),
}
_DEFAULTS = {
    "deal": (
        MappedField("name", "lead_name", "text"),
        MappedField("amount", "value", "money", "cents", "value_currency"),
        MappedField("status", "status_label", "text"),
        MappedField("status_type", "status_type", "text"),
        MappedField("won_on", "date_won", "date"),
        MappedField("lost_on", "date_lost", "date", "day"),
        MappedField("owner", "user_id", "text"),
        MappedField("pipeline", "pipeline_name", "text"),
        MappedField("customer", "lead_id", "text"),
        MappedField("value_period", "value_period", "text"),
    ),
    "meeting": (
        MappedField("name", "title", "text"),
        MappedField("held_on", "starts_at", "date", "day"),
        MappedField("status", "status", "text"),
        MappedField("owner", "user_id", "text"),
        MappedField("customer", "lead_id", "text"),
    ),
}


def standard_fields(object: str) -> tuple[SourceField, ...]:
    """Return the fields that every organisation has."""
    return tuple(
        SourceField(object, key, label, type, _CHOICES.get(key, ()))
        for key, label, type in _STANDARD[object]
    )


def custom_field(row: Payload) -> SourceField:
    """Return a custom field of deals; its key is as in the payload, dot and all."""
    choices = row.get("choices") or ()
    return SourceField(
        object="deal",
        key=f"custom.{row['id']}",
        label=str(row.get("name") or row["id"]),
        type=_TYPES.get(str(row.get("type")), "text"),
        choices=tuple(str(choice) for choice in choices),
        multiple=row.get("accepts_multiple_values") is True,
    )


def default_mapping(
    object: str, fields: Sequence[SourceField]
) -> tuple[MappedField, ...]:
    """Suggest our standard fields and one field for each custom one, by its label.

    Two fields of one name become `fee` and `fee_2`, in the source's order.
    """
    mapped = list(_DEFAULTS.get(object, ()))
    taken = {one.field for one in mapped}
    for source in fields:
        if not source.key.startswith("custom."):
            continue
        name = wanted = field_name(source.label)
        number = 1
        while name in taken:
            number += 1
            name = f"{wanted}_{number}"
        taken.add(name)
        mapped.append(MappedField(name, source.key, source.type, label=source.label))
    return tuple(mapped)
