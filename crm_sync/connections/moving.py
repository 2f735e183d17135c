"""Records that leave one business for another: what was taken there and given here."""

from __future__ import annotations

from decimal import Decimal

from commissions_saas.lib import clock
from crm_sync.connections.models import Move
from crm_sync.connections.readers import Reader
from crm_sync.ledger.models import Entry

Key = tuple[str, str]


class Moving:
    """The moves of one page; asked inside each business that the page touches."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._moves: dict[Key, Move] = {}

    def note(self, key: Key, version: str, home: int, target: int | None) -> None:
        """A record leaves its home for another business, or for nowhere."""
        self._moves[key] = Move(
            connection=self._reader.connection,
            object=key[0],
            external_id=key[1],
            version=version,
            from_business_id=home,
            to_business_id=target,
        )

    def left(self, key: Key) -> str:
        """Return the name of the business that a record has left, or ""."""
        move = self._moves.get(key)
        if move is None:
            return ""
        return self._reader.businesses[move.from_business_id].name

    def look_before(self, business_id: int) -> None:
        """Note what counts in the business at hand and is about to leave it."""
        leaving = self._of(business_id, "from_business_id")
        for key, entry in self._entries(leaving).items():
            move = leaving[key]
            move.name, move.from_entry_id = entry.name, entry.pk
            if entry.counts:
                move.taken, move.taken_currency = _worth(entry)

    def look_after(self, business_id: int) -> None:
        """Note what has come into the business at hand and counts there."""
        coming = self._of(business_id, "to_business_id")
        for key, entry in self._entries(coming).items():
            if entry.deleted:
                continue
            move = coming[key]
            move.name, move.to_entry_id = entry.name, entry.pk
            if entry.counts:
                move.given, move.given_currency = _worth(entry)

    def save(self, why: str) -> None:
        """Keep the moves, in the transaction of the entries."""
        now = clock.now()
        for move in self._moves.values():
            move.why, move.moved_at = why, now
        Move.objects.bulk_create(self._moves.values())

    def _of(self, business_id: int, side: str) -> dict[Key, Move]:
        return {
            key: move
            for key, move in self._moves.items()
            if getattr(move, side) == business_id
        }

    def _entries(self, moves: dict[Key, Move]) -> dict[Key, Entry]:
        if not moves:
            return {}
        rows = Entry.objects.filter(
            connection_id=self._reader.connection.pk,
            object__in={object_ for object_, _ in moves},
            external_id__in=[external_id for _, external_id in moves],
        )
        found = {(row.object, row.external_id): row for row in rows}
        return {key: entry for key, entry in found.items() if key in moves}


def _worth(entry: Entry) -> tuple[Decimal | None, str]:
    return entry.amount, entry.currency if entry.amount is not None else ""
