"""Which customer an invoice or payment is of, and which customers a member may see."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from crm_sync.accounting.models import Reference
from crm_sync.ledger.customers import OBJECTS
from crm_sync.ledger.models import Customer, CustomerId, Entry, Revision
from crm_sync.ledger.selectors import entries_visible_to
from crm_sync.ledger.standard import DEAL
from tenants.access import Member

Kind = Reference.Kind


@dataclass(frozen=True, slots=True)
class KnownAs:
    """A customer's record in one source: its id and name there."""

    connection_id: int
    external_id: str
    name: str


def known_as(customer: Customer) -> list[KnownAs]:
    """Return a customer's ids in all sources, with what each calls it now."""
    rows = CustomerId.objects.filter(customer=customer, closed__isnull=True)
    rows = rows.order_by("connection_id", "external_id")
    found = []
    for row in rows:
        entry = Entry.objects.filter(
            connection_id=row.connection_id,
            object__in=OBJECTS,
            external_id=row.external_id,
            deleted=False,
        ).first()
        name = entry.name if entry else row.named
        found.append(KnownAs(row.connection_id, row.external_id, name))
    return found


def references_of(customer: Customer) -> QuerySet[Reference]:
    """Return what names a customer, by any id or by name.

    An id of one source may be another customer's in another: what a source names by an
    id of its own is that one.
    """
    ids = CustomerId.objects.filter(customer=customer, closed__isnull=True)
    pairs = set(ids.values_list("connection_id", "external_id"))
    taken: dict[str, set[int]] = defaultdict(set)
    others = CustomerId.objects.filter(
        external_id__in=[id_ for _, id_ in pairs], closed__isnull=True
    ).exclude(customer=customer)
    for connection_id, external_id in others.values_list(
        "connection_id", "external_id"
    ):
        taken[external_id].add(connection_id)
    found = Q(named=customer.name)
    for connection_id, external_id in pairs:
        own = Q(entry__connection_id=connection_id)
        elsewhere = ~Q(entry__connection_id__in=taken[external_id])
        found |= Q(named=external_id) & (own | elsewhere)
    kinds = (Kind.CUSTOMER, Kind.BUYER)
    return Reference.objects.filter(found, kind__in=kinds)


def unknown_customers() -> QuerySet[Reference]:
    """Return what names a customer that nobody has matched here."""
    ids = CustomerId.objects.filter(closed__isnull=True).values("external_id")
    rows = Reference.objects.filter(kind=Kind.CUSTOMER)
    rows = rows.exclude(named__in=ids)
    return rows.exclude(named__in=Customer.objects.values("name"))


def customers_visible_to(member: Member) -> QuerySet[Customer]:
    """Return the customers whose account a member may see: who sees all pay all, and
    others those of the deals that they see."""
    if member.sees_all_pay:
        return Customer.objects.all()
    deals = entries_visible_to(member).filter(object=DEAL, deleted=False)
    rows = Revision.objects.filter(entry__in=deals, closed__isnull=True)
    names = set(rows.values_list("values__customer", flat=True)) - {None, ""}
    return customers_called(names)


def customers_called(names: Collection[str]) -> QuerySet[Customer]:
    """Return the customers that have one of these ids, or are called so."""
    ids = CustomerId.objects.filter(external_id__in=names, closed__isnull=True)
    return Customer.objects.filter(
        Q(name__in=names) | Q(pk__in=ids.values("customer_id"))
    )


def customer_of_deal(deal: Entry) -> Customer | None:
    """Return the customer that a deal names; the one of its own source first."""
    rows = Revision.objects.filter(entry=deal, closed__isnull=True)
    named = rows.values_list("values__customer", flat=True).first()
    if not named:
        return None
    ids = CustomerId.objects.filter(external_id=named, closed__isnull=True)
    own = ids.filter(connection_id=deal.connection_id).first() or ids.first()
    return own.customer if own else Customer.objects.filter(name=named).first()
