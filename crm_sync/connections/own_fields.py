"""Fields of a source that we fill ourselves: they are never read as facts of theirs.

Whoever writes them is a higher room, which registers here. A value that comes back
with the next sync or webhook is then no change: nothing is calculated because of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crm_sync.ledger.reading import Incoming
from crm_sync.providers.writes import Writes

Paths = Mapping[str, frozenset[str]]
_NONE: Paths = {}

_asked: list[Callable[[int], Paths]] = []
_told: list[Callable[[int, Sequence[Incoming]], None]] = []
_looked: list[Callable[[int], Sequence[Written]]] = []


@dataclass(frozen=True, slots=True)
class Written:
    """How a field that we fill is: its sentence, and what is wrong with it."""

    number: int
    label: str
    sentence: str
    problem: str = ""
    hint: str = ""
    since: datetime | None = None


def use_own_fields(
    ask: Callable[[int], Paths],
    tell: Callable[[int, Sequence[Incoming]], None],
    look: Callable[[int], Sequence[Written]],
) -> None:
    """Let a higher room say which paths it fills, by object, see what came back, and
    say how its fields are."""
    _asked[:], _told[:], _looked[:] = [ask], [tell], [look]


def what_is_written(connection_id: int) -> Sequence[Written]:
    """Return how the fields are that the business fills at a source."""
    return _looked[0](connection_id) if _looked else ()


def own_fields(connection_id: int) -> Paths:
    """Return what the business that is entered fills at a source, by object."""
    return _asked[0](connection_id) if _asked else _NONE


def tell_what_is_shown(connection_id: int, records: Sequence[Incoming]) -> None:
    """Tell what the source shows in these fields; asked inside the business."""
    own = [one for one in records if one.ours and not one.deleted]
    if own and _told:
        _told[0](connection_id, own)


def moving(provider: object, object_: str) -> frozenset[str]:
    """Return the paths that move with every write, whoever makes it."""
    return frozenset(provider.marks(object_) if isinstance(provider, Writes) else ())


def without_ours(
    incoming: Incoming,
    document: Mapping[str, Mapping[str, Any]],
    own: frozenset[str],
    marks: frozenset[str],
) -> Incoming:
    """Return a record as if our fields had filled nothing, and say which they are."""
    keys = frozenset(key for key, row in document.items() if paths_of(row) & own)
    return replace(
        incoming,
        values={k: v for k, v in incoming.values.items() if k not in keys},
        problems=tuple(one for one in incoming.problems if one.field not in keys),
        required=incoming.required - keys,
        listed=incoming.listed - keys,
        mapped=incoming.mapped - keys,
        ours=own | marks,
        ours_in=frozenset(k for k, v in document.items() if v.get("source") in marks),
    )


def paths_of(row: Mapping[str, Any]) -> set[str]:
    """Return every path of the source that a row of a mapping reads."""
    asked = {row.get("source"), row.get("currency_from"), *(row.get("also") or ())}
    asked |= {path for rule in row.get("rules", ()) for path in rule.get("when", {})}
    return {path for path in asked if path}
