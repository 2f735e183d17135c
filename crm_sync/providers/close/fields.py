"""The fields of Close's objects, and what they fill here unless an admin says else."""

from __future__ import annotations

from collections.abc import Sequence

from crm_sync.contract import (
    MappedField,
    Payload,
    SourceField,
    field_name,
)
from crm_sync.providers.close.kinds import Kind

# Close's own types of fields, in our words; all others are text.
_TYPES = {
    "number": "number",
    "date": "date",
    "datetime": "date",
    "yesno": "yesno",
    "boolean": "yesno",
}
# key, label, type, the field it fills here ("" is none), how it is read.
Row = tuple[str, str, str, str, str]

_OWNER: Row = ("user_id", "User ID", "text", "owner", "")
_LEAD: Row = ("lead_id", "Lead ID", "text", "customer", "")
_COMMON: tuple[Row, ...] = (
    ("id", "ID", "text", "", ""),
    _LEAD,
    ("contact_id", "Contact ID", "text", "contact", ""),
    _OWNER,
    ("user_name", "User", "text", "", ""),
)
_MADE: Row = ("date_created", "Created on", "date", "occurred_on", "day")
_CHANGED: Row = ("date_updated", "Updated on", "date", "", "")
_SENT: tuple[Row, ...] = (
    ("direction", "Direction", "text", "direction", ""),
    ("status", "Status", "text", "status", ""),
    ("date_sent", "Sent at", "date", "occurred_on", "day"),
    ("date_created", "Created on", "date", "created_on", "day"),
)

_DEAL: tuple[Row, ...] = (
    ("id", "ID", "text", "", ""),
    ("lead_name", "Lead", "text", "name", ""),
    ("value", "Value (in cents)", "number", "amount", "cents"),
    ("status_label", "Status", "text", "status", ""),
    ("status_type", "Status type", "text", "status_type", ""),
    ("date_won", "Won on (estimated close while active)", "date", "won_on", ""),
    ("date_lost", "Lost on", "date", "lost_on", "day"),
    ("user_id", "Owner ID", "text", "owner", ""),
    ("pipeline_name", "Pipeline", "text", "pipeline", ""),
    ("lead_id", "Lead ID", "text", "customer", ""),
    ("value_period", "Value period", "text", "value_period", ""),
    ("contact_name", "Contact", "text", "", ""),
    ("user_name", "Owner", "text", "", ""),
    ("created_by", "Created by", "text", "", ""),
    ("status_id", "Status ID", "text", "", ""),
    ("pipeline_id", "Pipeline ID", "text", "", ""),
    ("value_currency", "Value currency", "text", "", ""),
    ("annualized_value", "Annualized value (in cents)", "number", "", ""),
    ("confidence", "Confidence", "number", "confidence", ""),
    ("date_created", "Created on", "date", "created_on", "day"),
    ("note", "Note", "text", "", ""),
)
_STANDARD: dict[str, tuple[Row, ...]] = {
    "deal": _DEAL,
    "lead": (
        ("id", "ID", "text", "", ""),
        ("display_name", "Name", "text", "name", ""),
        ("status_label", "Status", "text", "status", ""),
        _MADE,
        ("url", "URL", "text", "url", ""),
        ("description", "Description", "text", "description", ""),
        ("status_id", "Status ID", "text", "", ""),
        ("created_by", "Created by", "text", "", ""),
        _CHANGED,
    ),
    "contact": (
        ("id", "ID", "text", "", ""),
        ("name", "Name", "text", "name", ""),
        ("title", "Title", "text", "title", ""),
        _LEAD,
        _MADE,
        ("emails.0.email", "First e-mail", "text", "email", ""),
        ("phones.0.phone", "First phone", "text", "phone", ""),
        ("created_by", "Created by", "text", "", ""),
        _CHANGED,
    ),
    "meeting": (
        *_COMMON,
        ("title", "Title", "text", "name", ""),
        ("starts_at", "Starts at", "date", "held_on", "day"),
        ("status", "Status", "text", "status", ""),
        ("duration", "Duration (in seconds)", "number", "duration", ""),
        ("outcome_id", "Outcome ID", "text", "outcome", ""),
        ("date_created", "Created on", "date", "created_on", "day"),
    ),
    "call": (
        *_COMMON,
        ("note", "Note", "text", "name", ""),
        ("direction", "Direction", "text", "direction", ""),
        ("disposition", "Disposition", "text", "disposition", ""),
        ("status", "Status", "text", "status", ""),
        ("duration", "Duration (in seconds)", "number", "duration", ""),
        ("source", "Source", "text", "source", ""),
        ("outcome_id", "Outcome ID", "text", "outcome", ""),
        ("date_answered", "Answered at", "date", "answered_on", "day"),
        _MADE,
    ),
    "email": (*_COMMON, ("subject", "Subject", "text", "name", ""), *_SENT),
    "sms": (*_COMMON, ("text", "Text", "text", "name", ""), *_SENT),
    "note": (*_COMMON, ("note", "Note", "text", "name", ""), _MADE),
    "task": (
        ("id", "ID", "text", "", ""),
        ("text", "Text", "text", "name", ""),
        ("date", "Date", "date", "occurred_on", "day"),
        ("is_complete", "Is complete", "yesno", "counts", ""),
        ("assigned_to", "Assigned to", "text", "owner", ""),
        ("assigned_to_name", "Assignee", "text", "", ""),
        ("_type", "Type", "text", "kind", ""),
        _LEAD,
        ("due_date", "Due on", "date", "due_on", "day"),
        ("date_created", "Created on", "date", "created_on", "day"),
        _CHANGED,
    ),
}
_CUSTOM_ACTIVITY: tuple[Row, ...] = (
    *_COMMON,
    ("status", "Status", "text", "status", ""),
    _MADE,
)
_CUSTOM_OBJECT: tuple[Row, ...] = (
    ("id", "ID", "text", "", ""),
    ("name", "Name", "text", "name", ""),
    _LEAD,
    _MADE,
    ("created_by", "Created by", "text", "", ""),
    _CHANGED,
)
_CHOICES = {
    "status_type": ("active", "won", "lost"),
    "value_period": ("one_time", "monthly", "annual"),
    "direction": ("incoming", "outgoing", "inbound", "outbound"),
}
_CURRENCY_OF = {"amount": "value_currency"}


def standard_fields(kind: Kind) -> tuple[SourceField, ...]:
    """Return the fields that every organisation has."""
    return tuple(
        SourceField(kind.name, key, label, type, _CHOICES.get(key, ()))
        for key, label, type, _, _ in _rows(kind)
    )


def custom_field(kind: Kind, row: Payload) -> SourceField:
    """Return a custom field; its key is as in the payload, dot and all."""
    choices = row.get("choices") or ()
    return SourceField(
        object=kind.name,
        key=f"custom.{row['id']}",
        label=str(row.get("name") or row["id"]),
        type=_TYPES.get(str(row.get("type")), "text"),
        choices=tuple(str(choice) for choice in choices),
        multiple=row.get("accepts_multiple_values") is True,
    )


def default_mapping(
    kind: Kind, fields: Sequence[SourceField]
) -> tuple[MappedField, ...]:
    """Suggest our standard fields and one field for each custom one, by its label.

    Two fields of one name become `fee` and `fee_2`, in the source's order. A field of
    several values is text, whatever one of its values is.
    """
    mapped = [
        MappedField(ours, key, type, how, _CURRENCY_OF.get(ours, ""))
        if ours != "amount"
        else MappedField(ours, key, "money", how, _CURRENCY_OF[ours])
        for key, _, type, ours, how in _rows(kind)
        if ours
    ]
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
        type = "text" if source.multiple else source.type
        mapped.append(MappedField(name, source.key, type, label=source.label))
    return tuple(mapped)


def _rows(kind: Kind) -> tuple[Row, ...]:
    if kind.type_id:
        return _CUSTOM_OBJECT if kind.way == "by lead" else _CUSTOM_ACTIVITY
    return _STANDARD[kind.name]
