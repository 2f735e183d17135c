"""Which customer an invoice or payment is of, and which customers a member may see."""

from collections import defaultdict
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
    return _customers_named_by(deals)


def _customers_named_by(deals: QuerySet[Entry]) -> QuerySet[Customer]:
    """Return the customers that deals name: by the id in the deal's own source, else by
    one that means the same customer in all others, else by the name.

    The same id is somebody else's in another source.
    """
    rows = Revision.objects.filter(entry__in=deals, closed__isnull=True)
    pairs = rows.values_list("entry__connection_id", "values__customer").distinct()
    named = {(source, name) for source, name in pairs if name}
    known: dict[str, dict[int, int]] = defaultdict(dict)
    ids = CustomerId.objects.filter(closed__isnull=True)
    for name, source, customer_id in ids.filter(
        external_id__in={name for _, name in named}
    ).values_list("external_id", "connection_id", "customer_id"):
        known[name][source] = customer_id
    found: set[int] = set()
    for source, name in named:
        others = set(known[name].values())
        if source in known[name]:
            found.add(known[name][source])
        elif len(others) == 1:
            found |= others
    names = {name for _, name in named if not known[name]}
    return Customer.objects.filter(Q(name__in=names) | Q(pk__in=found))


def customer_of_deal(deal: Entry) -> Customer | None:
    """Return the customer that a deal names, if it is clear which."""
    deals = Entry.objects.filter(pk=deal.pk)
    return _customers_named_by(deals).order_by("pk").first()
