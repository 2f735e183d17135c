"""Customers as several sources know them: which ids are one customer, and which are none's.

Only people decide. What is suggested is a name that two sources write alike and that
stands for one record in each; everything else waits until somebody says.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import models, transaction

from crm_sync.ledger import errors
from crm_sync.ledger.changes import lock_changes, next_change
from crm_sync.ledger.models import Customer, CustomerId, Entry
from tenants.access import Member
from tenants.audit.services import record

# What sources call the records that are customers.
OBJECTS = ("lead", "customer", "company", "account", "organization", "client")
# Words for a company's form, which one source writes and another leaves out.
_FORMS = frozenset(
    [
        "inc",
        "llc",
        "ltd",
        "limited",
        "corp",
        "corporation",
        "co",
        "company",
        "gmbh",
        "ag",
        "sa",
        "sarl",
        "bv",
        "plc",
        "the",
    ]
)
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")


class SourceId(NamedTuple):
    """A customer's record in a source."""

    connection_id: int
    external_id: str


@dataclass(frozen=True, slots=True)
class SourceCustomer:
    """A customer as one source knows it now."""

    id: SourceId
    name: str


@dataclass(frozen=True, slots=True)
class Matched:
    """A customer with its records in the sources."""

    customer: Customer
    records: tuple[SourceCustomer, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """A matched record that is called otherwise now, or is gone from its source."""

    customer: Customer
    id: SourceId
    named: str
    now: str


@dataclass(frozen=True, slots=True)
class Matching:
    """How far the customers of several sources are lined up."""

    matched: tuple[Matched, ...]
    alone: Mapping[int, tuple[SourceCustomer, ...]]
    suggested: tuple[tuple[SourceCustomer, ...], ...]
    drift: tuple[Drift, ...]

    @property
    def connection_ids(self) -> tuple[int, ...]:
        """Return the sources that know customers."""
        ids = {each.id.connection_id for one in self.matched for each in one.records}
        return tuple(sorted(ids | set(self.alone)))


@dataclass(frozen=True, slots=True)
class Known:
    """Whose each source's record is now, to say beforehand what cannot be matched."""

    there: Collection[SourceId]
    owners: Mapping[SourceId, Customer]
    records: Mapping[tuple[int, int], str]
    """Customer and source to the id there."""

    @classmethod
    def now(cls) -> "Known":
        """Read it."""
        entries = Entry.objects.filter(object__in=OBJECTS)
        pairs = entries.values_list("connection_id", "external_id")
        rows = CustomerId.objects.filter(closed__isnull=True)
        owners = {
            SourceId(row.connection_id, row.external_id): row.customer
            for row in rows.select_related("customer")
        }
        records = {
            (customer.pk, id.connection_id): id.external_id
            for id, customer in owners.items()
        }
        return cls({SourceId(*pair) for pair in pairs}, owners, records)

    def require_there(self, ids: Sequence[SourceId]) -> None:
        """Refuse a record that no source has ever given."""
        for id in ids:
            if id not in self.there and id not in self.owners:
                raise _not_there(id)

    def require_one(self, ids: Sequence[SourceId], name: str) -> None:
        """Refuse records of two customers; and a second one of a source, which two
        people fill in for the same customer, unless the row names the customer."""
        found = {self.owners[id].pk: self.owners[id] for id in ids if id in self.owners}
        if len(found) > 1:
            raise _two(found.values())
        for pk, customer in found.items():
            for id in ids:
                other = self.records.get((pk, id.connection_id))
                if id not in self.owners and other and name != customer.name:
                    raise errors.LedgerError(
                        f"{customer.name} has “{other}” in that source already.",
                        hint="Write its name under “customer” to add another one.",
                    )

    def any_of(self, ids: Sequence[SourceId]) -> bool:
        """Say whether one of these is somebody's."""
        return any(id in self.owners for id in ids)

    def are_one(self, ids: Sequence[SourceId]) -> bool:
        """Say whether all of these are somebody's already."""
        return all(id in self.owners for id in ids)


def _not_there(id: SourceId) -> errors.LedgerError:
    return errors.LedgerError(
        f"There is no customer “{id.external_id[:60]}” in that source."
    )


def _two(customers: Iterable[Customer]) -> errors.LedgerError:
    both = " and ".join(sorted(one.name for one in customers))
    return errors.LedgerError(
        f"These records are two customers already: {both}.",
        hint="Take one of them apart first.",
    )


def matching() -> Matching:
    """Return who is matched, who waits, what could be one, and what drifted apart."""
    there = {one.id: one for one in source_customers()}
    known = CustomerId.objects.filter(closed__isnull=True).select_related("customer")
    by_customer: dict[int, list[SourceCustomer]] = defaultdict(list)
    customers: dict[int, Customer] = {}
    drift = []
    for row in known.order_by("customer__name", "customer_id", "connection_id", "pk"):
        id = SourceId(row.connection_id, row.external_id)
        found = there.pop(id, None)
        customers[row.customer_id] = row.customer
        by_customer[row.customer_id].append(found or SourceCustomer(id, row.named))
        if found is None or found.name != row.named:
            now = found.name if found else ""
            drift.append(Drift(row.customer, id, row.named, now))
    alone: dict[int, list[SourceCustomer]] = defaultdict(list)
    for one in there.values():
        alone[one.id.connection_id].append(one)
    return Matching(
        tuple(Matched(customers[pk], tuple(own)) for pk, own in by_customer.items()),
        {pk: tuple(own) for pk, own in sorted(alone.items())},
        _suggested(there.values()),
        tuple(drift),
    )


def source_customers() -> list[SourceCustomer]:
    """Return every customer that a source has now, by source and name."""
    rows = Entry.objects.filter(object__in=OBJECTS, deleted=False)
    ordered = rows.order_by("connection_id", "name", "external_id")
    return [
        SourceCustomer(SourceId(connection_id, external_id), name)
        for connection_id, external_id, name in ordered.values_list(
            "connection_id", "external_id", "name"
        )
    ]


def match(*, ids: Sequence[SourceId], name: str = "", by: Member) -> Customer | None:
    """Say that these records are one customer; None where that was known already.

    The customer is the one that has some of them, or the one of this name, or a new one.
    Records of two customers cannot become one this way: one of them is taken apart
    first, so that nobody merges customers by a slip in a spreadsheet.
    """
    with transaction.atomic():
        lock_changes()
        live = _live(ids).select_related("customer")
        have = {SourceId(row.connection_id, row.external_id): row for row in live}
        customers = {row.customer_id: row.customer for row in have.values()}
        if name:
            customers |= {one.pk: one for one in Customer.objects.filter(name=name)}
        if len(customers) > 1:
            raise _two(customers.values())
        missing = [id for id in ids if id not in have]
        if not missing:
            return None
        names = _names(missing)
        customer = next(iter(customers.values()), None)
        if customer is None:
            customer = _named(name or names[missing[0]])
        number = _number(f"{customer.name}: {_said(names.values())}", by)
        CustomerId.objects.bulk_create(
            CustomerId(
                customer=customer,
                connection_id=id.connection_id,
                external_id=id.external_id,
                named=names[id],
                opened=number,
            )
            for id in missing
        )
        after = {"records": [f"{id.connection_id}:{id.external_id}" for id in missing]}
        _trail("matched", customer, after, by)
    return customer


def take_apart(*, ids: Sequence[SourceId], by: Member) -> int:
    """Say that these records are nobody's again; return how many were somebody's."""
    with transaction.atomic():
        lock_changes()
        rows = list(_live(ids).select_related("customer"))
        if not rows:
            return 0
        names = sorted({row.customer.name for row in rows})
        number = _number(f"{', '.join(names)}: taken apart", by)
        CustomerId.objects.filter(pk__in=[row.pk for row in rows]).update(closed=number)
        for customer in {row.customer_id: row.customer for row in rows}.values():
            _trail("taken_apart", customer, {"records": len(rows)}, by)
    return len(rows)


def confirm_name(*, id: SourceId, by: Member) -> bool:
    """Say that a record with another name is still the same customer."""
    with transaction.atomic():
        lock_changes()
        row = _live([id]).select_related("customer").first()
        if row is None:
            return False
        now = _names([id])[id]
        number = _number(f"{row.customer.name}: is called {now} now", by)
        CustomerId.objects.filter(pk=row.pk, closed__isnull=True).update(closed=number)
        CustomerId.objects.create(
            customer=row.customer,
            connection_id=row.connection_id,
            external_id=row.external_id,
            named=now,
            opened=number,
        )
        _trail("name_confirmed", row.customer, {"named": now}, by)
    return True


def alike(name: str) -> str:
    """Return a name without case, accents, signs and the words for a company's form."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    words = _NOT_LETTERS.sub(" ", letters).split()
    kept = [word for word in words if word not in _FORMS]
    return " ".join(kept or words)


def _suggested(
    alone: Iterable[SourceCustomer],
) -> tuple[tuple[SourceCustomer, ...], ...]:
    by_name: dict[str, list[SourceCustomer]] = defaultdict(list)
    for one in alone:
        by_name[alike(one.name)].append(one)
    return tuple(
        tuple(found)
        for name, found in sorted(by_name.items())
        if name
        and len(found) > 1
        and len({one.id.connection_id for one in found}) == len(found)
    )


def _live(ids: Collection[SourceId]) -> models.QuerySet[CustomerId]:
    wanted = models.Q(pk__in=[])
    for id in ids:
        wanted |= models.Q(connection_id=id.connection_id, external_id=id.external_id)
    return CustomerId.objects.filter(wanted, closed__isnull=True)


def _names(ids: Iterable[SourceId]) -> dict[SourceId, str]:
    """Return what the sources call these records; refuse one that is not there."""
    found = {}
    for id in ids:
        row = Entry.objects.filter(
            connection_id=id.connection_id,
            external_id=id.external_id,
            object__in=OBJECTS,
        ).first()
        if row is None:
            raise _not_there(id)
        found[id] = row.name or id.external_id
    return found


def _named(name: str) -> Customer:
    made, _ = Customer.objects.get_or_create(name=name[:200])
    return made


def _said(names: Iterable[str]) -> str:
    return ", ".join(f"“{name}”" for name in names) + " matched"


def _number(words: str, by: Member) -> int:
    return next_change(
        kind="customer",
        words=words,
        source=f"matched by {by.name}",
        by_id=by.user_id,
    )


def _trail(
    action: str, customer: Customer, after: Mapping[str, object], by: Member
) -> None:
    record(
        action=f"ledger.customer.{action}",
        object_kind="customer",
        object_id=str(customer.pk),
        object_name=customer.name,
        after=after,
        by=by,
    )
