"""A look at what would be written, before it is turned on: nothing is asked or sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import TextField
from django.db.models.expressions import Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Coalesce

from crm_sync.ledger.models import Entry, Revision
from crm_sync.writeback.models import WriteBack
from crm_sync.writeback.shown import same_value
from crm_sync.writeback.wanting import Wanted, chunks, rule_of

SHOWN = 20
LOOKED_AT = 5_000  # records; a person waits for the answer


@dataclass(frozen=True, slots=True)
class Example:
    """A record whose field shows something else now."""

    name: str
    url: str
    shown: str
    wanted: str


@dataclass(slots=True)
class Look:
    """What a write-back would do to the records as they were last read."""

    looked_at: int = 0
    of: int = 0
    """So many were looked at, of so many; where these differ, the newest."""
    records: int = 0
    """So many would get a value."""
    blank: int = 0
    same: int = 0
    other: int = 0
    unknown: int = 0
    """So many have an amount that cannot be told."""
    why_unknown: list[str] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    digest: str = ""
    """By which it is known that nothing has moved since."""


def look(row: WriteBack) -> Look:
    """Say what would be written, and where the source shows something else."""
    rule, found = rule_of(row), Look()
    marks = hashlib.sha256()
    rows = Entry.objects.filter(
        connection_id=row.connection_id, object=row.object, deleted=False
    )
    newest = rows.order_by("-pk").values_list("pk", flat=True)[:LOOKED_AT]
    found.of = rows.count()
    for here in chunks(row, list(newest)):
        found.looked_at += len(here)
        wanted = rule.wanted(here)
        shown = _shown(row.path, [entry.pk for entry in here if entry.pk in wanted])
        for entry in here:
            if entry.pk in wanted:
                _count(found, entry, wanted[entry.pk], shown.get(entry.pk, ""))
                said = f"{entry.external_id} {wanted[entry.pk].value}\n"
                marks.update(said.encode())
    marks.update(json.dumps(_settings(row), sort_keys=True).encode())
    found.digest = marks.hexdigest()[:32]
    return found


def _count(found: Look, entry: Entry, wanted: Wanted, shown: str) -> None:
    if wanted.problem:
        found.unknown += 1
        if wanted.problem not in found.why_unknown:
            found.why_unknown.append(wanted.problem)
        return
    found.records += 1
    if not shown:
        found.blank += 1
    elif same_value(shown, wanted.value):
        found.same += 1
    else:
        found.other += 1
        if len(found.examples) < SHOWN:
            found.examples.append(
                Example(entry.name, entry.source_url, shown[:100], wanted.value)
            )


def _shown(path: str, entry_ids: Sequence[int]) -> dict[int, str]:
    """Return what the source had at a path when each record was last read."""
    *above, last = path.split(".")
    inner: Any = "payload"
    for name in above:
        inner = KeyTransform(name, inner)
    rows = Revision.objects.filter(entry_id__in=entry_ids, closed__isnull=True)
    values = rows.annotate(
        shown=Coalesce(
            KeyTextTransform(path, "payload"),  # Close's paths are whole keys
            KeyTextTransform(last, inner),
            Value("", output_field=TextField()),
        )
    )
    return dict(values.values_list("entry_id", "shown"))


def _settings(row: WriteBack) -> dict[str, Any]:
    names = ("connection_id", "object", "path", "kind", "payees", "lines", "other_id")
    return {name: getattr(row, name) for name in names}
