"""What a change says: which field went from what to what, and who did it."""

from collections.abc import Mapping
from datetime import datetime

from crm_sync.ledger.facts import FieldFact
from crm_sync.ledger.reading import EntryState, Incoming
from crm_sync.ledger.values import for_people, to_value

FIRST = ("status", "amount", "won_on", "product", "owner")


def what_changed(
    incoming: Incoming,
    before: EntryState | None,
    after: EntryState,
    types: Mapping[tuple[str, str], FieldFact],
) -> str:
    """Write `Whitcomb Dental: amount 43,750.00 → 41,250.00`."""
    if incoming.moved_to:
        return f"{after.name}: moved to {incoming.moved_to}"
    if incoming.note:
        return f"{after.name}: {incoming.note}"
    if after.deleted:
        return f"{after.name}: deleted in the source"
    if before is None:
        parts = [
            f"{_label(incoming.object, key, types).lower()} "
            f"{_value(incoming.object, key, after.values[key], types)}"
            for key in ("status", "amount", "won_on")
            if after.values.get(key)
        ]
        first = _came_from(incoming, "first seen")
        return f"{after.name}: {first}" + "".join(f", {part}" for part in parts)
    parts = [_came_from(incoming, "came back")] if before.deleted else []
    keys = set(before.values) | set(after.values)
    for key in sorted(keys, key=lambda name: (name not in FIRST, name)):
        old, new = before.values.get(key, ""), after.values.get(key, "")
        if old != new:
            parts.append(
                f"{_label(incoming.object, key, types).lower()} "
                f"{_value(incoming.object, key, old, types)} → "
                f"{_value(incoming.object, key, new, types)}"
            )
    if not parts and before.credits != after.credits:
        parts.append("credits changed")
    return f"{after.name}: " + ("; ".join(parts) or "no field that is mapped changed")


def _came_from(incoming: Incoming, otherwise: str) -> str:
    name = incoming.moved_from
    return f"moved here from {name}" if name else otherwise


def who_changed(
    incoming: Incoming, source: str, since: datetime | None, now: datetime
) -> str:
    """Write `edited in Close by Priya Nair`, or between which times it changed, in the
    zone of `now`."""
    what = "deleted" if incoming.deleted and not incoming.moved_to else "edited"
    if incoming.changed_by:
        return f"{what} in {source} by {incoming.changed_by}"
    if incoming.changed_at is not None:
        at = incoming.changed_at.astimezone(now.tzinfo)
        return f"{what} in {source} at {_moment(at, now)}, author unknown"
    if since is None:
        return f"read from {source} at {now:%H:%M}"
    start = _moment(since.astimezone(now.tzinfo), now)
    return f"changed between {start} and {now:%H:%M}, author unknown"


def _moment(at: datetime, now: datetime) -> str:
    if at.date() == now.date():
        return f"{at:%H:%M}"
    return f"{at.day} {at:%b %H:%M}"


def _label(object_: str, key: str, types: Mapping[tuple[str, str], FieldFact]) -> str:
    field = types.get((object_, key))
    return field.label if field else key.replace("_", " ")


def _value(
    object_: str, key: str, text: str, types: Mapping[tuple[str, str], FieldFact]
) -> str:
    field = types.get((object_, key))
    type_ = field.type if field else "text"
    if not text:
        return "empty"
    return for_people(to_value(text, type_), type_)
