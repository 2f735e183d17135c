"""A rule on which source wins, brought to everything that is stored already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import groupby

from django.db import transaction

from crm_sync.ledger import following
from crm_sync.ledger.changes import lock_changes
from crm_sync.ledger.claiming import (
    Draft,
    differences,
    rules_of,
    save_claims,
    states_of,
)
from crm_sync.ledger.models import Claim, Entry, Revision
from crm_sync.ledger.precedence import (
    Given,
    Rule,
    as_json,
    is_withheld,
    leader_of,
    settled,
)
from crm_sync.ledger.reading import EntryState
from crm_sync.ledger.recording import known_by_id
from crm_sync.ledger.writing import state_of, write

Transaction = Callable[[], AbstractContextManager[object]]
Told = Callable[[int, int], None]
_AT_A_TIME = 500


@dataclass(slots=True)
class Settled:
    """What a rule did."""

    records: int = 0
    changed: int = 0
    withheld: int = 0
    """So many records stand back, because another source gives them, too."""


def settle_all(
    *,
    object_: str,
    words: str,
    within: Transaction = transaction.atomic,
    told: Told = lambda done, total: None,
) -> Settled:
    """Let each stored record count or stand back by the rule of now.

    It may be done again at any time: what says so already is left alone. Records that
    come meanwhile are settled as they come.
    """
    rule = rules_of([object_]).get(object_, Rule(object_))
    found = Settled()
    _claim_all(rule, within)
    total = Claim.objects.filter(object=object_).count()
    for claims in _by_key(object_):
        with within():
            lock_changes()
            _settle(rule, claims, words, found)
        told(found.records, total)
    return found


def _claim_all(rule: Rule, within: Transaction) -> None:
    """Note what each source says of what it has given; a claim that is there stays."""
    last = 0
    while True:
        with within():
            lock_changes()
            entries = list(
                Entry.objects.filter(
                    object=rule.object,
                    connection_id__in=list(rule.keys),
                    pk__gt=last,
                ).order_by("pk")[:_AT_A_TIME]
            )
            if not entries:
                break
            last = entries[-1].pk
            _claim(rule, entries)
    with within():
        lock_changes()
        _key_again(rule)


def _claim(rule: Rule, entries: Sequence[Entry]) -> None:
    ids = [entry.pk for entry in entries]
    known = set(
        Claim.objects.filter(entry_id__in=ids).values_list("entry_id", flat=True)
    )
    rows = Revision.objects.filter(entry_id__in=ids, closed__isnull=True)
    revisions = {row.entry_id: row for row in rows if row.entry_id not in known}
    save_claims(
        [
            Claim(
                entry_id=entry.pk,
                connection_id=entry.connection_id,
                object=entry.object,
                key="",
                state=as_json(state_of(revisions[entry.pk])),
            )
            for entry in entries
            if entry.pk in revisions
        ]
    )


def _key_again(rule: Rule) -> None:
    """Give every claim the key that it has by this rule."""
    rows = list(Claim.objects.filter(object=rule.object))
    ids = dict(
        Entry.objects.filter(object=rule.object).values_list("pk", "external_id")
    )
    changed = []
    for row in rows:
        values = row.state["values"]
        key = rule.key_of(row.connection_id, ids.get(row.entry_id, ""), values)
        if key != row.key:
            row.key = key
            changed.append(row)
    Claim.objects.bulk_update(changed, ["key"], batch_size=1000)


def _by_key(object_: str) -> Iterator[list[Claim]]:
    """Yield some claims at a time, all of one key together."""
    rows = Claim.objects.filter(object=object_)
    pairs = list(rows.order_by("key", "entry_id").values_list("key", "pk"))
    batch: list[int] = []
    for key, group in groupby(pairs, key=lambda pair: pair[0]):
        ids = [pk for _, pk in group]
        parts = [ids] if key else [[pk] for pk in ids]
        for part in parts:
            batch += part
            if len(batch) >= _AT_A_TIME:
                yield list(rows.filter(pk__in=batch))
                batch = []
    if batch:
        yield list(rows.filter(pk__in=batch))


def _settle(rule: Rule, claims: Sequence[Claim], words: str, found: Settled) -> None:
    """Settle whole keys; a source that the rule names no more speaks for itself."""
    own = dict(zip((row.pk for row in claims), states_of(claims), strict=True))
    known = known_by_id([row.entry_id for row in claims])
    drafts = []
    for row, state, winner in _states(rule, claims, own):
        if row.entry_id not in known:
            continue
        external_id, have = known[row.entry_id]
        drafts.append(Draft(row, external_id, have, own[row.pk], state, winner))
        found.withheld += is_withheld(own[row.pk], state)
    writes = differences(drafts)
    write(writes, connection_id=0, source="", since=None, words=words)
    following.follow_entries([one.entry_id for one in writes], words)
    gone = [row.pk for row in claims if row.connection_id not in rule.keys]
    Claim.objects.filter(pk__in=gone).delete()
    found.records += len(claims)
    found.changed += len(writes)


def _states(
    rule: Rule, claims: Sequence[Claim], own: dict[int, EntryState]
) -> Iterator[tuple[Claim, EntryState, str]]:
    named = sorted(
        (row for row in claims if row.key and row.connection_id in rule.keys),
        key=lambda row: (row.key, row.entry_id),
    )
    alone = [row for row in claims if not row.key or row.connection_id not in rule.keys]
    for row in alone:
        yield row, replace(own[row.pk]), ""
    for _, group in groupby(named, key=lambda row: row.key):
        rows = list(group)
        given = [Given(row.connection_id, own[row.pk]) for row in rows]
        winner = rule.names.get(leader_of(rule, given) or 0, "")
        for row, state in zip(rows, settled(rule, given), strict=True):
            yield row, state, winner
