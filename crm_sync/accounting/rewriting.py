"""Gives entries values and credits that are not their own source's, as a revision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commissions_saas.lib import clock
from crm_sync.accounting.models import Said
from crm_sync.ledger.changes import ChangeDraft, next_changes
from crm_sync.ledger.models import Credit, Entry, Revision
from crm_sync.ledger.writing import (
    close,
    credit_json,
    credit_rows,
    number_entries,
    state_of,
)

CreditRow = tuple[int, str, str, int]


@dataclass(frozen=True, slots=True)
class Move:
    """What an entry says from now on, and what of that was put there."""

    revision: Revision
    values: Mapping[str, str]
    credits: tuple[CreditRow, ...]
    keys: frozenset[str]
    credited: bool
    words: str
    because_of: str = ""

    @property
    def is_needed(self) -> bool:
        """Say whether anything differs."""
        state = state_of(self.revision)
        return state.values != self.values or state.credits != self.credits


def rewrite(moves: Sequence[Move], source: str) -> int:
    """Open a revision of each entry that differs, numbered; return how many did."""
    needed = [move for move in moves if move.is_needed]
    if needed:
        numbers = next_changes(
            [
                ChangeDraft(
                    kind=move.revision.entry.object,
                    words=move.words,
                    source=f"{move.because_of} {source}".strip(),
                    entry_id=move.revision.entry_id,
                )
                for move in needed
            ]
        )
        _write(list(zip(needed, numbers, strict=True)))
    _note(moves)
    return len(needed)


def _write(numbered: Sequence[tuple[Move, int]]) -> None:
    at = [(move.revision.entry_id, number) for move, number in numbered]
    payloads = dict(
        Revision.objects.filter(
            pk__in=[move.revision.pk for move, _ in numbered]
        ).values_list("pk", "payload")
    )
    close(at)
    now = clock.now()
    revisions: list[Revision] = []
    credits: list[Credit] = []
    entries: list[Entry] = []
    for move, number in numbered:
        old = move.revision
        revisions.append(
            Revision(
                entry_id=old.entry_id,
                opened=number,
                name=old.name,
                occurred_on=old.occurred_on,
                counts=old.counts,
                reversed_on=old.reversed_on,
                currency=old.currency,
                values=dict(move.values),
                credits=[credit_json(credit) for credit in move.credits],
                version=old.version,
                payload=payloads[old.pk],
                deleted=old.deleted,
                mapping_id=old.mapping_id,
                seen_at=now,
            )
        )
        credits += credit_rows(old.entry_id, number, old.occurred_on, move.credits)
        entries.append(_mirrored(old.entry, move))
    Revision.objects.bulk_create(revisions)
    Credit.objects.bulk_create(credits)
    Entry.objects.bulk_update(
        entries, ["owner", "product", "territory"], batch_size=200
    )
    number_entries(at)


def _mirrored(entry: Entry, move: Move) -> Entry:
    entry.owner_id = next((c[0] for c in move.credits if c[1] == "owner"), None)
    entry.product = move.values.get("product", "")[:200]
    entry.territory = move.values.get("territory", "")[:200]
    return entry


def _note(moves: Sequence[Move]) -> None:
    """Note what was put there, so that it stays when the source is read again."""
    some = [move for move in moves if move.keys or move.credited]
    Said.objects.bulk_create(
        (
            Said(
                entry_id=move.revision.entry_id,
                keys=sorted(move.keys),
                credited=move.credited,
            )
            for move in some
        ),
        update_conflicts=True,
        unique_fields=["entry"],
        update_fields=["keys", "credited"],
    )
    none = [move.revision.entry_id for move in moves if move not in some]
    Said.objects.filter(entry_id__in=none).delete()
