"""What the source shows in the fields that we fill: noted, and never a fact of theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from crm_sync.contract import value_at
from crm_sync.ledger.reading import Incoming
from crm_sync.writeback.models import WriteBack, WrittenValue


def paths_written(connection_id: int) -> dict[str, frozenset[str]]:
    """Return the paths that the business at hand fills at a source, by object."""
    found: dict[str, set[str]] = defaultdict(set)
    rows = WriteBack.objects.filter(connection_id=connection_id)
    for object_, path in rows.exclude(state=WriteBack.State.OFF).values_list(
        "object", "path"
    ):
        found[object_].add(path)
    return {object_: frozenset(paths) for object_, paths in found.items()}


def note_shown(connection_id: int, records: Sequence[Incoming]) -> None:
    """Remember what the source has in our fields; an older version changes nothing."""
    by_id = {(one.object, one.external_id): one for one in records}
    rows = WrittenValue.objects.filter(
        write_back__connection_id=connection_id,
        external_id__in=[one.external_id for one in records],
    )
    changed = []
    for row in rows.select_related("write_back"):
        record = by_id.get((row.write_back.object, row.external_id))
        if record is None or record.version < row.shown_version:
            continue
        shown = _as_written(row, value_at(record.payload, row.write_back.path))
        if (shown, record.version) != (row.shown, row.shown_version):
            row.shown, row.shown_version = shown, record.version
            changed.append(row)
    WrittenValue.objects.bulk_update(changed, ["shown", "shown_version"])


def same_value(one: str, other: str) -> bool:
    """Say whether two texts mean the same: amounts by their value."""
    if one == other:
        return True
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False


def _as_written(row: WrittenValue, value: object) -> str:
    """Return a source's value as a text; as ours where it means the same."""
    text = "" if value is None else str(value).strip()[:500]
    for ours in (row.written, row.wanted):
        if ours is not None and same_value(text, ours):
            return ours
    return text
