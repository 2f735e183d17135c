"""Finds what invoices and payments name: deals by an id or a field, invoices by number."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import connection

from crm_sync.accounting.models import DealName, Reference
from crm_sync.ledger.models import Claim, Entry
from crm_sync.ledger.standard import DEAL, INVOICE

ID = "id"  # deals are named by their id in the source
Kind, Problem = Reference.Kind, Reference.Problem


def deal_key() -> str:
    """Return by which field of a deal invoices name it."""
    return DealName.objects.values_list("key", flat=True).first() or ID


def resolve(references: Sequence[Reference]) -> list[Reference]:
    """Set what each reference points at, as the ledger stands now; return the moved.

    What a person has chosen stays while it is there.
    """
    chosen = _still_there([r for r in references if r.chosen_by_id is not None])
    asked = [r for r in references if r.kind in (Kind.DEAL, Kind.INVOICE)]
    found = _found([r for r in asked if r.pk not in chosen and r.named])
    found |= {r.pk: {r.target_id} for r in asked if r.pk in chosen and r.target_id}
    found = _those_that_count(found)
    money = _currencies(asked, found)
    moved = []
    for one in asked:
        targets = found.get(one.pk, set())
        target = next(iter(targets)) if len(targets) == 1 else None
        problem = "" if one.pk in chosen else _problem(one, targets)
        is_invoice = one.kind == Kind.INVOICE and target is not None
        if is_invoice and money[target or 0] != money[one.entry_id]:
            problem = problem or Problem.CURRENCY
        by = one.chosen_by_id if one.pk in chosen else None
        if (one.target_id, one.problem, one.chosen_by_id) != (target, problem, by):
            one.target_id, one.problem, one.chosen_by_id = target, problem, by
            moved.append(one)
    Reference.objects.bulk_update(moved, ["target", "problem", "chosen_by_id"])
    return moved


def _found(references: Sequence[Reference]) -> dict[int, set[int]]:
    """Return everything that each of these may mean."""
    deals = deals_named({r.named for r in references if r.kind == Kind.DEAL})
    invoices = _InvoiceFinder([r for r in references if r.kind == Kind.INVOICE])
    return {
        one.pk: deals.get(one.named, set())
        if one.kind == Kind.DEAL
        else invoices.find(one)
        for one in references
    }


def _those_that_count(found: Mapping[int, set[int]]) -> dict[int, set[int]]:
    """Where several sources give a deal, whatever names any of them means the one that
    counts; and so it is with two deals of one name, of which one is not won."""
    ids = {pk for targets in found.values() for pk in targets}
    deals = Entry.objects.filter(pk__in=ids, object=DEAL)
    counting = set(deals.filter(counts=True).values_list("pk", flat=True))
    claims = Claim.objects.filter(entry_id__in=ids - counting).exclude(key="")
    keys = dict(claims.values_list("entry_id", "key"))
    beside = Claim.objects.filter(object=DEAL, key__in=set(keys.values()))
    winners = {
        key: pk
        for pk, key in beside.values_list("entry_id", "key")
        if Entry.objects.filter(pk=pk, counts=True).exists()
    }
    meant = {}
    for pk, targets in found.items():
        some = {winners.get(keys.get(one, ""), one) for one in targets}
        counted = some & (counting | set(winners.values()))
        meant[pk] = counted if len(some) > 1 and len(counted) == 1 else some
    return meant


def _currencies(
    references: Sequence[Reference], found: Mapping[int, Collection[int]]
) -> dict[int, str]:
    ids = {one.entry_id for one in references if one.kind == Kind.INVOICE}
    ids |= {pk for targets in found.values() for pk in targets} if ids else set()
    rows = Entry.objects.filter(pk__in=ids)
    return dict(rows.values_list("pk", "currency"))


def _problem(one: Reference, found: Collection[int]) -> str:
    if not one.named:
        return Problem.BLANK
    if len(found) > 1:
        return Problem.SEVERAL
    if not found:
        return Problem.UNKNOWN
    return Problem.UNCLEAR if one.problem == Problem.UNCLEAR else Problem.NONE


def _still_there(chosen: Sequence[Reference]) -> set[int]:
    targets = [one.target_id for one in chosen if one.target_id]
    there = set(
        Entry.objects.filter(pk__in=targets, deleted=False).values_list("pk", flat=True)
    )
    return {one.pk for one in chosen if one.target_id in there}


def deals_named(names: Collection[str]) -> dict[str, set[int]]:
    """Return the deals that are called so, by the field of the business and by id."""
    wanted = sorted(name for name in names if name)
    if not wanted:
        return {}
    key = deal_key()
    found = _by_field(key, wanted) if key != ID else {}
    left = [name for name in wanted if name not in found]
    return found | _by_id(DEAL, left)


def names_of_deals(deal_ids: Collection[int]) -> set[str]:
    """Return everything by which somebody may name these deals."""
    rows = Entry.objects.filter(pk__in=deal_ids)
    names = set(rows.values_list("external_id", flat=True))
    key = deal_key()
    if key == ID:
        return names
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT values ->> %s FROM ledger_revision"
            " WHERE entry_id = ANY(%s) AND closed IS NULL",
            [key, list(deal_ids)],
        )
        return names | {name for (name,) in cursor.fetchall() if name}


_BY_FIELD = """
SELECT revision.values ->> %s, revision.entry_id
FROM ledger_revision AS revision
JOIN ledger_entry AS entry ON entry.id = revision.entry_id
WHERE revision.closed IS NULL AND entry.object = 'deal' AND NOT entry.deleted
AND revision.values ->> %s = ANY(%s)
"""


def _by_field(key: str, names: list[str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(_BY_FIELD, [key, key, names])
        for name, entry_id in cursor.fetchall():
            found[name].add(entry_id)
    return found


# The sources of a business, each by one step through the index and not by its rows.
_SOURCES = """
WITH RECURSIVE step AS (
    (SELECT connection_id AS id FROM ledger_entry ORDER BY connection_id LIMIT 1)
    UNION ALL
    SELECT (SELECT entry.connection_id FROM ledger_entry AS entry
            WHERE entry.connection_id > step.id ORDER BY entry.connection_id LIMIT 1)
    FROM step WHERE step.id IS NOT NULL
) SELECT id FROM step WHERE id IS NOT NULL
"""


def _by_id(object_: str, names: Collection[str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    if not names:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_SOURCES)
        sources = [id_ for (id_,) in cursor.fetchall()]
    rows = Entry.objects.filter(
        connection_id__in=sources,
        object=object_,
        external_id__in=list(names),
        deleted=False,
    )
    for name, entry_id in rows.values_list("external_id", "pk"):
        found[name].add(entry_id)
    return found


class _InvoiceFinder:
    """Invoices by their id in the same source, then in any, then by their number."""

    def __init__(self, references: Iterable[Reference]) -> None:
        references = list(references)
        names = {one.named for one in references}
        self._all: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._numbered: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._sources: dict[int, int] = {}
        if not names:
            return
        owners = Entry.objects.filter(pk__in={one.entry_id for one in references})
        self._sources = dict(owners.values_list("pk", "connection_id"))
        ids = {pk for found in _by_id(INVOICE, names).values() for pk in found}
        rows = Entry.objects.filter(pk__in=ids)
        for pk, source, name in rows.values_list("pk", "connection_id", "external_id"):
            self._all[name].append((pk, source))
        left = [name for name in names if name not in self._all]
        rows = Entry.objects.filter(object=INVOICE, name__in=left, deleted=False)
        for pk, source, name in rows.values_list("pk", "connection_id", "name"):
            self._numbered[name].append((pk, source))

    def find(self, one: Reference) -> set[int]:
        """Return what fits best, never the invoice itself."""
        source = self._sources.get(one.entry_id)
        for rows in (self._all[one.named], self._numbered[one.named]):
            others = [(pk, from_) for pk, from_ in rows if pk != one.entry_id]
            same = {pk for pk, from_ in others if from_ == source}
            found = same or {pk for pk, _ in others}
            if found:
                return found
        return set()
