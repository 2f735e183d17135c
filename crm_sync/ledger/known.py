"""What was known of payees, things, leave and rates at a change number."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from crm_sync.ledger.attributes import typed, types_of
from crm_sync.ledger.days import known
from crm_sync.ledger.facts import Value
from crm_sync.ledger.models import (
    AttributeValue,
    Customer,
    CustomerId,
    ExchangeRate,
    FormerState,
    Leave,
    Payee,
    Product,
    SellRight,
    Service,
    SubjectKind,
    Territory,
)

THINGS: Mapping[str, Any] = {
    "product": Product,
    "service": Service,
    "territory": Territory,
    "customer": Customer,
}
PAYEE = SubjectKind.PAYEE.value
BUSINESS = SubjectKind.BUSINESS.value
CUSTOMER = SubjectKind.CUSTOMER.value


class ValueOfDays(NamedTuple):
    """A value from a day to a day, both included."""

    key: str
    value: Value
    starts_on: date
    ends_on: date | None


class RightOfDays(NamedTuple):
    """A thing that a payee may sell from a day to a day, both included."""

    kind: str
    name: str
    starts_on: date
    ends_on: date | None


class RateOfDays(NamedTuple):
    """What one unit of a currency is worth in another, on which days."""

    currency: str
    into: str
    rate: Decimal
    source: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class Subject:
    """A payee or thing: its name, what it always has, and what it has by date."""

    id: int
    name: str
    attributes: Mapping[str, Value] = field(default_factory=dict)
    values: tuple[ValueOfDays, ...] = ()


def payees_known(payee_ids: Collection[int], change: int) -> dict[int, Subject]:
    """Return payees with their attributes, as they were known at a change number."""
    return _subjects(PAYEE, list(Payee.objects.filter(pk__in=payee_ids)), change)


def things_known(kind: str, names: Collection[str], change: int) -> dict[str, Subject]:
    """Return the things of these names, as they were known at a change number.

    A customer is found by an id of a source as well, since that is what deals carry.
    """
    rows = list(THINGS[kind].objects.filter(name__in=names))
    found = {one.name: one for one in _subjects(kind, rows, change).values()}
    return found if kind != CUSTOMER else _by_source_id(names, change) | found


def business_known(change: int) -> Subject:
    """Return what the business itself has by date."""
    types = types_of([BUSINESS], change)
    return Subject(0, "", {}, _values(BUSINESS, None, change, types).get(0, ()))


def leave_known(
    payee_ids: Collection[int], change: int
) -> dict[int, tuple[tuple[date, date], ...]]:
    """Return the days on which each payee is away; without an end, for ever."""
    found: dict[int, list[tuple[date, date]]] = defaultdict(list)
    rows = known(Leave, change, payee_id__in=payee_ids).order_by("starts_on")
    for payee_id, first, last in rows.values_list("payee_id", "starts_on", "ends_on"):
        found[payee_id].append((first, last or date.max))
    return {payee_id: tuple(spans) for payee_id, spans in found.items()}


def rights_known(
    payee_ids: Collection[int], change: int
) -> dict[int, tuple[RightOfDays, ...]]:
    """Return what each payee may sell; who is not there may sell everything."""
    found: dict[int, list[RightOfDays]] = defaultdict(list)
    rows = known(SellRight, change, payee_id__in=payee_ids)
    for row in rows.order_by("kind", "name", "starts_on"):
        right = RightOfDays(row.kind, row.name, row.starts_on, row.ends_on)
        found[row.payee_id].append(right)
    return {payee_id: tuple(rights) for payee_id, rights in found.items()}


def rates_known(change: int) -> tuple[RateOfDays, ...]:
    """Return all exchange rates, oldest first."""
    rows = known(ExchangeRate, change).order_by("starts_on", "currency", "into")
    return tuple(
        RateOfDays(*row)
        for row in rows.values_list(
            "currency", "into", "rate", "source", "starts_on", "ends_on"
        )
    )


def _by_source_id(names: Collection[str], change: int) -> dict[str, Subject]:
    ids = CustomerId.objects.filter(external_id__in=names, opened__lte=change)
    matched = ids.exclude(closed__lte=change).select_related("customer")
    owners = {row.external_id: row.customer for row in matched.order_by("pk")}
    customers = list({row.pk: row for row in owners.values()}.values())
    known_now = _subjects(CUSTOMER, customers, change)
    return {id: known_now[customer.pk] for id, customer in owners.items()}


def _subjects(kind: str, rows: Iterable[Any], change: int) -> dict[int, Subject]:
    rows = list(rows)
    ids = [row.pk for row in rows]
    former = _former(kind, ids, change)
    types = types_of([kind], change)
    values = _values(kind, ids, change, types)
    found = {}
    for row in rows:
        name, attributes = former.get(row.pk, (row.name, row.attributes))
        found[row.pk] = Subject(
            row.pk,
            name,
            {
                key: typed(kind, key, str(text), types)
                for key, text in attributes.items()
            },
            values.get(row.pk, ()),
        )
    return found


def _former(
    kind: str, ids: Collection[int], change: int
) -> dict[int, tuple[str, Mapping[str, str]]]:
    """Return what held at a change number of what was changed after it."""
    rows = FormerState.objects.filter(
        kind=kind, subject_id__in=ids, closed__gt=change
    ).order_by("-closed")
    # The one that was closed first after the number is the one that held at it.
    return {
        subject_id: (name, attributes)
        for subject_id, name, attributes in rows.values_list(
            "subject_id", "name", "attributes"
        )
    }


def _values(
    kind: str,
    ids: Collection[int] | None,
    change: int,
    types: Mapping[tuple[str, str], str],
) -> dict[int, tuple[ValueOfDays, ...]]:
    rows = known(AttributeValue, change, kind=kind)
    if ids is not None:
        rows = rows.filter(subject_id__in=ids)
    found: dict[int, list[ValueOfDays]] = defaultdict(list)
    for subject_id, key, text, first, last in rows.order_by(
        "subject_id", "key", "starts_on"
    ).values_list("subject_id", "key", "value", "starts_on", "ends_on"):
        value = typed(kind, key, text, types)
        found[subject_id].append(ValueOfDays(key, value, first, last))
    return {subject_id: tuple(values) for subject_id, values in found.items()}
