"""What most of a source's records are gone by: held back until a person confirms it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from commissions_saas.lib import clock
from crm_sync.connections import errors
from crm_sync.connections.models import Connection

# Among the cursors: how many records are missing at the source, by object.
HELD = "held"
HELD_BACK = "Held back:"
_LOOK_AGAIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Compared:
    """What a compare of all ids has found."""

    there: int | None
    """How many the source has, if it said so for certain."""
    here: int
    held: int
    """So many are missing there that nothing was taken for deleted."""


def with_held(cursors: Mapping[str, Any], object_: str, found: Compared) -> Any:
    """Return what is held back of each object, once ids of one were compared."""
    held = {k: v for k, v in cursors.get(HELD, {}).items() if k != object_}
    if found.held:
        at = clock.now().isoformat()
        held[object_] = {"missing": found.held, "here": found.here, "at": at}
    return held


def held_in_all(connection: Connection) -> int:
    """Return how many records are held back."""
    return sum(one["missing"] for one in _held(connection).values())


def _held(connection: Connection) -> dict[str, Any]:
    """Return what is held back, of the objects that are still read."""
    chosen = connection.options.get("objects", ["deal"])
    held = connection.cursors.get(HELD, {})
    return {object_: one for object_, one in held.items() if object_ in chosen}


def look_again_is_due(connection: Connection, object_: str) -> bool:
    """Say whether to compare again what was held back: the source may be whole again."""
    held = _held(connection).get(object_)
    if held is None:
        return False
    return clock.now() - datetime.fromisoformat(held["at"]) >= _LOOK_AGAIN


def held_words(connection: Connection) -> list[str]:
    """Say of each object what is held back, and what to do."""
    return [
        f"{HELD_BACK} {one['missing']} of {one['here']} records of the kind “{object_}”"
        " are not in the source's list any more. Perhaps its key sees less than before,"
        " so none of them was taken for deleted, and they count. Look at the source; if"
        " they are gone there, confirm it on the connection's page, or by the API: sync"
        f' with {{"confirm_deleted": {held_in_all(connection)}}}.'
        for object_, one in sorted(_held(connection).items())
    ]


def confirmed(connection: Connection, number: str) -> dict[str, int]:
    """Return how many records of each object a person says are gone; the number that
    was shown must be that of now."""
    held = _held(connection)
    if not held or number != str(held_in_all(connection)):
        raise errors.NotSyncable(
            f"{held_in_all(connection)} records are held back now, not {number}.",
            hint="Look at the connection again, then confirm what it says.",
        )
    return {object_: one["missing"] for object_, one in held.items()}
