"""What must follow in the ledger when entries are written, if any room has something."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from crm_sync.ledger.reading import EntryState, Incoming
from crm_sync.ledger.standard import DEAL


@dataclass(frozen=True, slots=True)
class Kept:
    """What of an entry is not its own source's, and stays when that is read again."""

    keys: frozenset[str] = frozenset()
    credited: bool = False


Key = tuple[str, str]  # object and external id


class Follower(Protocol):
    """Somebody who puts values and credits on entries because of other entries."""

    def kept(self, connection_id: int, keys: Collection[Key]) -> dict[Key, Kept]:
        """Return what was put on entries; those with nothing are not in it."""

    def follow(
        self,
        connection_id: int,
        written: Collection[Key],
        kept: Mapping[Key, Kept],
        source: str,
    ) -> None:
        """Bring others up to date with what was written."""

    def follow_entries(self, entry_ids: Collection[int], source: str) -> None:
        """Bring others up to date with entries that were settled otherwise."""


_followers: list[Follower] = []


def use_follower(follower: Follower) -> None:
    """Let a higher room follow what is written, in the same transaction."""
    _followers[:] = [follower]


def kept_of(connection_id: int, records: Iterable[Incoming]) -> dict[Key, Kept]:
    """Return what stays on entries that are about to be read again."""
    if not _followers:
        return {}
    return _followers[0].kept(connection_id, [_key(one) for one in records])


def keep(
    answer: EntryState,
    incoming: Incoming,
    before: EntryState | None,
    kept: dict[Key, Kept],
) -> EntryState:
    """Return a state with what stays on it, and note in `kept` what that is.

    What the source itself says wins; a deal's field that the source fills is its own,
    blank or not.
    """
    put = kept.get(_key(incoming))
    if put is None or before is None or answer.deleted:
        return answer
    own = incoming.mapped if incoming.object == DEAL else frozenset()
    held = {
        key: before.values[key]
        for key in put.keys
        if key in before.values and key not in answer.values and key not in own
    }
    credited = put.credited and answer.credits in ((), before.credits)
    kept[_key(incoming)] = Kept(frozenset(held), credited)
    credits = before.credits if credited else answer.credits
    return replace(answer, values={**answer.values, **held}, credits=credits)


def follow(
    connection_id: int,
    written: Iterable[Incoming],
    kept: Mapping[Key, Kept],
    source: str,
) -> None:
    """Tell who follows what was written; call it in the transaction of the writes."""
    keys = [_key(incoming) for incoming in written]
    if _followers and keys:
        _followers[0].follow(connection_id, keys, kept, source)


def follow_entries(entry_ids: Collection[int], source: str) -> None:
    """Tell who follows of entries of any source that count otherwise than before."""
    if _followers and entry_ids:
        _followers[0].follow_entries(entry_ids, source)


def _key(incoming: Incoming) -> Key:
    return incoming.object, incoming.external_id
