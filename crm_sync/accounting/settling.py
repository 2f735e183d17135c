"""Puts on deals what is invoiced and paid, and on invoices and payments whose they are.

It runs in the transaction that writes any of them, so that there is no moment at which a
payment is known and its deal does not say so. What it puts on an entry is a revision
with a change number of its own: statements are as of these numbers, for ever.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db.models import Q

from crm_sync.accounting import resolving
from crm_sync.accounting.deriving import of_deals, of_documents
from crm_sync.accounting.models import Reference, Said
from crm_sync.accounting.naming import Name, names_in
from crm_sync.accounting.reading import (
    current_revisions,
    deals_of,
    documents_of,
    shelf_of,
    with_payments,
)
from crm_sync.accounting.rewriting import Move, rewrite
from crm_sync.ledger.following import Kept, Key
from crm_sync.ledger.models import Entry
from crm_sync.ledger.standard import DEAL, DOCUMENTS, INVOICE

Kind = Reference.Kind


class Accounting:
    """Follows what is written of deals, invoices and payments."""

    def kept(self, connection_id: int, keys: Collection[Key]) -> dict[Key, Kept]:
        """Return what was put on entries."""
        if not Said.objects.exists():
            return {}
        rows = Said.objects.filter(
            entry__connection_id=connection_id,
            entry__object__in={object_ for object_, _ in keys},
            entry__external_id__in=[id_ for _, id_ in keys],
        )
        return {
            (row.entry.object, row.entry.external_id): Kept(
                frozenset(row.keys), row.credited
            )
            for row in rows.select_related("entry")
        }

    def follow(
        self,
        connection_id: int,
        written: Collection[Key],
        kept: Mapping[Key, Kept],
        source: str,
    ) -> None:
        """Bring deals, invoices and payments up to date with what was written."""
        objects = {object_ for object_, _ in written} & {DEAL, *DOCUMENTS}
        if not objects or (objects == {DEAL} and not Reference.objects.exists()):
            return
        entries: list[Entry] = []
        for object_ in sorted(objects):
            ids = [id_ for kind, id_ in written if kind == object_]
            entries += Entry.objects.filter(
                connection_id=connection_id, object=object_, external_id__in=ids
            )
        _note_kept(entries, kept)
        settle(entries, f"read in {source}")

    def follow_entries(self, entry_ids: Collection[int], source: str) -> None:
        """Bring up to date what stands on entries of any source."""
        if Reference.objects.exists():
            rows = Entry.objects.filter(
                pk__in=list(entry_ids), object__in=[DEAL, *DOCUMENTS]
            )
            settle(list(rows), source)


def settle(written: Sequence[Entry], source: str) -> None:
    """Follow up what was written: what it names, what names it, and all they stand on.

    Call it under the change lock, in the transaction of the writes.
    """
    ids = {entry.pk for entry in written}
    documents = [entry for entry in written if entry.object in DOCUMENTS]
    deals = {entry.pk for entry in written if entry.object == DEAL}
    touched = {entry.pk for entry in documents}
    before = deals_of(with_payments(touched))
    _name_again(documents)
    named = list(_naming(written))
    touched |= {one.entry_id for one in resolving.resolve(named)}
    touched = with_payments(touched)
    before |= deals | deals_of(touched)
    settle_all(before, touched | documents_of(deals), source, seen=ids)


def settle_all(
    deals: Collection[int],
    documents: Collection[int],
    source: str,
    *,
    seen: Collection[int] = (),
) -> int:
    """Bring these deals, invoices and payments up to date; return how many moved.

    A deal says which of those that were `seen` moved it.
    """
    shelf = shelf_of(documents_of(deals) | set(documents))
    revisions = current_revisions(deals)
    all_deals = revisions | current_revisions(
        {pk for one in shelf.book.all.values() for pk in shelf.book.deals_of(one)}
        - revisions.keys()
    )
    wanted = [pk for pk in documents if pk in shelf.revisions]
    moves = of_documents(wanted, shelf, all_deals)
    _name_buyers(moves)
    moves += of_deals(revisions, shelf, seen)
    return rewrite(moves, source)


def _name_buyers(moves: Sequence[Move]) -> None:
    """Remember whose an invoice is that names no customer but stands on their deal."""
    ids = [move.revision.entry_id for move in moves]
    have = Reference.objects.filter(entry_id__in=ids, kind=Kind.BUYER)
    known = {row.entry_id: row.named for row in have}
    wanted = {
        move.revision.entry_id: move.values["customer"][:200]
        for move in moves
        if "customer" in move.keys
    }
    if known == wanted:
        return
    have.delete()
    Reference.objects.bulk_create(
        Reference(entry_id=entry_id, kind=Kind.BUYER, named=named)
        for entry_id, named in wanted.items()
    )


def _note_kept(entries: Sequence[Entry], kept: Mapping[Key, Kept]) -> None:
    """What the source says itself from now on was not put there by us."""
    rows = {row.entry_id: row for row in Said.objects.filter(entry__in=entries)}
    changed = []
    for entry in entries:
        row = rows.get(entry.pk)
        if row is None:
            continue
        left = kept.get((entry.object, entry.external_id), Kept())
        if (frozenset(row.keys), row.credited) != (left.keys, left.credited):
            row.keys, row.credited = sorted(left.keys), left.credited
            changed.append(row)
    Said.objects.bulk_update(changed, ["keys", "credited"])


def _naming(written: Sequence[Entry]) -> Sequence[Reference]:
    """Return what is named by these entries, and what names them or may name them."""
    found = Q(entry__in=[entry for entry in written if entry.object in DOCUMENTS])
    deals = [entry.pk for entry in written if entry.object == DEAL]
    invoices = [entry for entry in written if entry.object == INVOICE]
    if deals:
        names = resolving.names_of_deals(deals)
        found |= Q(kind=Kind.DEAL, named__in=names) | Q(target_id__in=deals)
    if invoices:
        names = {entry.external_id for entry in invoices}
        names |= {entry.name for entry in invoices}
        found |= Q(kind=Kind.INVOICE, named__in=names)
        found |= Q(target_id__in=[entry.pk for entry in invoices])
    return list(Reference.objects.filter(found).order_by("pk"))


def _name_again(documents: Sequence[Entry]) -> None:
    """Write down what invoices and payments name now; choices of people stay."""
    revisions = current_revisions([entry.pk for entry in documents])
    have: dict[int, list[Reference]] = defaultdict(list)
    rows = Reference.objects.filter(entry__in=documents).exclude(kind=Kind.BUYER)
    for row in rows.order_by("pk"):
        have[row.entry_id].append(row)
    said = Said.objects.filter(entry__in=documents)
    put = dict(said.values_list("entry_id", "keys"))
    gone: list[int] = []
    fresh: list[Reference] = []
    for entry in documents:
        revision = revisions.get(entry.pk)
        names: list[Name] = []
        if revision is not None and not entry.deleted:
            own = {
                key: text
                for key, text in revision.values.items()
                if key not in put.get(entry.pk, ())
            }
            names = names_in(entry.object, own)
        now = _references(entry, names, have[entry.pk])
        if _same(now, have[entry.pk]):
            continue
        gone += [row.pk for row in have[entry.pk]]
        fresh += now
    Reference.objects.filter(pk__in=gone).delete()
    Reference.objects.bulk_create(fresh)


def _references(
    entry: Entry, names: Sequence[Name], have: Sequence[Reference]
) -> list[Reference]:
    chosen = {row.named: row for row in have if row.chosen_by_id is not None}
    rows = []
    for place, name in enumerate(names):
        row = Reference(
            entry=entry,
            kind=name.kind,
            place=place,
            named=name.named,
            weight=name.weight,
            problem=name.problem,
        )
        was = chosen.get(name.named) if name.kind != Kind.CUSTOMER else None
        if was is not None:
            row.kind, row.target_id = was.kind, was.target_id
            row.chosen_by_id, row.problem = was.chosen_by_id, was.problem
        rows.append(row)
    return rows


def _same(rows: Sequence[Reference], have: Sequence[Reference]) -> bool:
    def told(row: Reference) -> tuple[object, ...]:
        return row.kind, row.place, row.named, row.weight, row.problem == "unclear"

    return [told(row) for row in rows] == [told(row) for row in have]
