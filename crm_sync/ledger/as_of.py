"""What the ledger knew at a change number, in bulk, for the calculation.

Manager credits are not stored: they are read from placements as of the entry's day,
so that a placement that changes needs no entry to be written again.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from crm_sync.ledger.catalogue import Catalogue, account_zeros, catalogue
from crm_sync.ledger.chains import MANAGER, MOST_LEVELS, credits_above
from crm_sync.ledger.facts import CreditFact, EntryFact, Value
from crm_sync.ledger.models import Change, Credit, Manager
from crm_sync.ledger.standard import DEAL
from crm_sync.ledger.values import to_value

_COLUMNS = (
    "entry.id, entry.object, entry.external_id, revision.name, revision.occurred_on,"
    " revision.counts, revision.reversed_on, revision.currency, revision.values,"
    " revision.credits"
)


@dataclass(frozen=True, slots=True)
class PlacementFact:
    """Whom a payee reports to from a day to a day, both included."""

    payee_id: int
    manager_id: int | None
    territory: str
    starts_on: date
    ends_on: date | None

    def covers(self, day: date) -> bool:
        """Say whether the placement holds on a day."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class ChangeFact:
    """A change, as a run names its causes."""

    number: int
    kind: str
    words: str
    source: str
    entry_id: int | None
    payee_id: int | None


class Placements:
    """Placements as of a change number, found by payee and by manager."""

    def __init__(self, facts: Iterable[PlacementFact]) -> None:
        self._of: dict[int, list[PlacementFact]] = defaultdict(list)
        self._under: dict[int, list[PlacementFact]] = defaultdict(list)
        for fact in facts:
            self._of[fact.payee_id].append(fact)
            if fact.manager_id is not None:
                self._under[fact.manager_id].append(fact)

    def of(self, payee_id: int, day: date) -> PlacementFact | None:
        """Return the payee's placement on a day."""
        return next((f for f in self._of.get(payee_id, ()) if f.covers(day)), None)

    @property
    def is_empty(self) -> bool:
        """Say whether nobody is placed anywhere."""
        return not self._of

    def manager_of(self, payee_id: int, day: date) -> int | None:
        """Return whom the payee reported to on a day."""
        placement = self.of(payee_id, day)
        return placement.manager_id if placement is not None else None

    def below(self, payee_ids: Collection[int], levels: int) -> set[int]:
        """Return who was below these payees at any time, so many levels down."""
        found: set[int] = set()
        level = set(payee_ids)
        for _ in range(levels):
            level = {fact.payee_id for above in level for fact in self.under(above)}
            level -= found
            if not level:
                break
            found |= level
        return found

    def under(self, manager_id: int) -> list[PlacementFact]:
        """Return who reports to a manager, and when."""
        return self._under.get(manager_id, [])


def placements(change: int) -> Placements:
    """Return all placements as they were known at a change number."""
    rows = (
        Manager.objects.filter(opened__lte=change)
        .exclude(closed__lte=change)
        .values_list(
            "payee_id", "manager_id", "territory__name", "starts_on", "ends_on"
        )
    )
    return Placements(
        PlacementFact(payee, manager, territory or "", first, last)
        for payee, manager, territory, first, last in rows
    )


def entry_facts(
    *,
    payee_ids: Collection[int],
    first: date,
    last: date,
    change: int,
    deep: bool = False,
) -> dict[int, tuple[EntryFact, ...]]:
    """Return, for each payee, the entries dated in a window that credit them, as they
    were known at a change number; what payees' reports sold included, as `manager`,
    and where it is `deep` what everybody below them sold, as `upline`.

    Three queries, however many payees there are.
    """
    placed = placements(change)
    wanted = set(payee_ids)
    reports = placed.below(wanted, levels=MOST_LEVELS if deep else 1)
    found: dict[int, list[EntryFact]] = {payee: [] for payee in payee_ids}
    rows = _rows(
        "credit.occurred_on BETWEEN %s AND %s",
        sorted(wanted | reports),
        change,
        [first, last],
    )
    for fact in _facts(rows, change, placed, deep):
        for payee in {credit.payee_id for credit in fact.credits} & wanted:
            found[payee].append(fact)
    return {payee: tuple(facts) for payee, facts in found.items()}


def places_known(entry_ids: Collection[int], change: int) -> dict[int, tuple[str, str]]:
    """Return as which product, and in which territory, entries were sold."""
    with connection.cursor() as cursor:
        cursor.execute(_THESE, [change, change, list(entry_ids)])
        rows = cursor.fetchall()
    return {
        fact.id: (
            str(fact.values.get("product", "")),
            str(fact.values.get("territory", "")),
        )
        for fact in _facts(rows, change, placements(change))
    }


def open_entry_facts(
    *, payee_ids: Collection[int], change: int, object_: str = "deal"
) -> dict[int, tuple[EntryFact, ...]]:
    """Return, for each payee, the entries that have not counted yet: the pipeline."""
    found: dict[int, list[EntryFact]] = {payee: [] for payee in payee_ids}
    rows = _rows(
        "credit.occurred_on IS NULL AND entry.object = %s"
        " AND NOT revision.deleted"
        " AND coalesce(revision.values ->> 'status_type', '') NOT IN ('lost', 'won')",
        sorted(payee_ids),
        change,
        [object_],
    )
    for fact in _facts(rows, change, Placements(())):
        for payee in {credit.payee_id for credit in fact.credits} & set(payee_ids):
            found[payee].append(fact)
    return {payee: tuple(facts) for payee, facts in found.items()}


_KNOWN = (
    "SELECT "  # noqa: S608
    + _COLUMNS
    + " FROM ledger_revision AS revision"
    " JOIN ledger_entry AS entry ON entry.id = revision.entry_id"
    " WHERE revision.opened <= %s"
    " AND (revision.closed IS NULL OR revision.closed > %s)"
)
_THESE = _KNOWN + " AND revision.entry_id = ANY(%s)"
_CREDITED = (
    " AND EXISTS (SELECT FROM ledger_credit AS credit"
    " WHERE credit.entry_id = revision.entry_id"
    " AND credit.opened = revision.opened AND credit.payee_id = ANY(%s) AND "
)
_IN_ORDER = ') ORDER BY revision.occurred_on, entry.external_id COLLATE "C", entry.id'


def _rows(
    condition: str, payee_ids: list[int], change: int, values: list[Any]
) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        statement = _KNOWN + _CREDITED + condition + _IN_ORDER
        cursor.execute(statement, [change, change, payee_ids, *values])
        return list(cursor.fetchall())


def _facts(
    rows: Iterable[tuple[Any, ...]],
    change: int,
    placed: Placements,
    deep: bool = False,
) -> Iterator[EntryFact]:
    types = catalogue(change)
    zeros = dict.fromkeys(account_zeros(types), Decimal(0))
    for (
        id_,
        object_,
        external_id,
        name,
        day,
        counts,
        reversed_on,
        money,
        texts,
        credits,
    ) in rows:
        held = texts if isinstance(texts, dict) else _loads(texts)
        shares = credits if isinstance(credits, list) else _loads(credits)
        credited = _credits(shares, day, placed, deep)
        values = _values(object_, held, types)
        if object_ == DEAL:  # nothing was invoiced of it, unless it says so
            values |= {key: zeros[key] for key in zeros if key not in held}
        if day is not None and not values.get("territory"):
            territory = _territory(credited, day, placed)
            if territory:
                values["territory"] = territory
        yield EntryFact(
            id=id_,
            object=object_,
            external_id=external_id,
            name=name,
            occurred_on=day,
            counts=counts,
            currency=money,
            values=values,
            credits=credited,
            reversed_on=reversed_on,
        )


def _credits(
    credits: Iterable[Mapping[str, Any]],
    day: date | None,
    placed: Placements,
    deep: bool,
) -> tuple[CreditFact, ...]:
    """Return the stored credits, and those of who was above each of them on the day."""
    own = tuple(
        CreditFact(credit["payee"], credit["role"], Decimal(credit["share"]))
        for credit in credits
    )
    if day is None or placed.is_empty:
        return own
    if deep:
        return own + credits_above(own, lambda payee: placed.manager_of(payee, day))
    # Only who sold has a manager here, so the chain ends after one step.
    managers = {
        credit.payee_id: placed.manager_of(credit.payee_id, day)
        for credit in own
        if credit.role in ("owner", "split")
    }
    if not any(managers.values()):
        return own
    above = credits_above(own, managers.get)
    return own + tuple(credit for credit in above if credit.role == MANAGER)


def _territory(credits: tuple[CreditFact, ...], day: date, placed: Placements) -> str:
    """Where the source names no territory, it is the owner's on that day."""
    for credit in credits:
        if credit.role == "owner":
            placement = placed.of(credit.payee_id, day)
            return placement.territory if placement else ""
    return ""


def _values(
    object_: str, texts: Mapping[str, str], types: Catalogue
) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for key, text in texts.items():
        field = types.get((object_, key))
        value = to_value(text, field.type) if field else text
        if value is not None:
            values[key] = value
    return values


def _loads(text: Any) -> Any:
    return json.loads(text)


def changes_since(number: int, up_to: int | None = None) -> list[ChangeFact]:
    """Return the changes after a number, in their order."""
    rows = Change.objects.filter(number__gt=number).order_by("number")
    if up_to is not None:
        rows = rows.filter(number__lte=up_to)
    return [
        ChangeFact(*row)
        for row in rows.values_list(
            "number", "kind", "words", "source", "entry_id", "payee_id"
        )
    ]


def touched_by(numbers: Collection[int]) -> dict[int, set[tuple[int, date]]]:
    """Return, for each change, the (payee, day) pairs whose pay it may move.

    The days before and after the change are both there, and so are managers. A change
    that no calculation can feel touches nothing.
    """
    touched: dict[int, set[tuple[int, date]]] = {number: set() for number in numbers}
    changes = list(
        Change.objects.filter(number__in=list(numbers)).values_list(
            "number", "kind", "entry_id", "payee_id"
        )
    )
    _touch_entries(
        {number for number, kind, entry, _ in changes if entry and kind != "noted"},
        touched,
    )
    _touch_payees(
        {number: payee for number, _, _, payee in changes if payee is not None},
        touched,
    )
    return touched


def _touch_entries(
    numbers: set[int], touched: dict[int, set[tuple[int, date]]]
) -> None:
    """Credits that a change opened or closed are all that it can move."""
    if not numbers:
        return
    entries = Change.objects.filter(number__in=numbers).values("entry_id")
    rows = Credit.objects.filter(
        entry_id__in=entries, occurred_on__isnull=False
    ).values_list("payee_id", "occurred_on", "opened", "closed")
    pairs: dict[int, set[tuple[int, date]]] = defaultdict(set)
    for payee, day, opened, closed in rows:
        for number in (opened, closed):
            if number in numbers and day is not None:
                pairs[number].add((payee, day))
    _with_managers(pairs)
    for number, found in pairs.items():
        touched[number] |= found


def _touch_payees(
    payees: Mapping[int, int], touched: dict[int, set[tuple[int, date]]]
) -> None:
    if not payees:
        return
    rows = (
        Credit.objects.filter(
            payee_id__in=set(payees.values()), occurred_on__isnull=False
        )
        .values_list("payee_id", "occurred_on")
        .distinct()
    )
    days: dict[int, set[tuple[int, date]]] = defaultdict(set)
    for payee, day in rows:
        if day is not None:
            days[payee].add((payee, day))
    pairs = {number: set(days[payee]) for number, payee in payees.items()}
    _with_managers(pairs)
    for number, found in pairs.items():
        touched[number] |= found


def _with_managers(pairs: dict[int, set[tuple[int, date]]]) -> None:
    """Add whoever manages, or was known to manage, a payee on the day."""
    payees = {payee for found in pairs.values() for payee, _ in found}
    rows = Manager.objects.filter(
        payee_id__in=payees, manager__isnull=False
    ).values_list("payee_id", "manager_id", "starts_on", "ends_on")
    above: dict[int, list[PlacementFact]] = defaultdict(list)
    for payee, manager, first, last in rows:
        above[payee].append(PlacementFact(payee, manager, "", first, last))
    for found in pairs.values():
        found |= {
            (placement.manager_id, day)
            for payee, day in list(found)
            for placement in above.get(payee, ())
            if placement.manager_id is not None and placement.covers(day)
        }
