"""What waits for somebody: invoices and payments that stand on nothing, and overdue ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Count, QuerySet, Sum

from commissions_saas.lib import clock
from crm_sync.accounting.models import Reference
from crm_sync.accounting.paid_out import PaidOut, paid_out
from crm_sync.accounting.reading import deals_of, shelf_of
from crm_sync.accounting.resolving import ID, deal_key, deals_named
from crm_sync.accounting.whose import unknown_customers
from crm_sync.ledger.catalogue import catalogue
from crm_sync.ledger.customers import OBJECTS
from crm_sync.ledger.models import Entry
from crm_sync.ledger.standard import DEAL, INVOICE
from tenants.schema import current_business

Kind, Problem = Reference.Kind, Reference.Problem
SHOWN = 100
_NAMES = {Kind.DEAL: "deal", Kind.INVOICE: "invoice"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that an invoice or payment names and that is not clear."""

    reference: Reference
    sentence: str
    hint: str
    may_choose: bool
    suggested: Sequence[Entry] = ()


@dataclass(frozen=True, slots=True)
class UnknownCustomer:
    """A customer of accounting that nobody has matched."""

    named: str
    called: str
    records: int
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Overdue:
    """An invoice that was to be paid before today."""

    entry: Entry
    due: date
    days: int
    open: Decimal
    deals: Sequence[Entry]
    paid_out: Sequence[PaidOut]
    """Commission that was paid for these deals already."""


def unmatched() -> QuerySet[Reference]:
    """Return what counts and stands on nothing yet, the latest first."""
    rows = Reference.objects.filter(kind__in=[Kind.DEAL, Kind.INVOICE])
    rows = rows.exclude(problem=Problem.NONE).filter(entry__counts=True)
    return rows.select_related("entry", "target").order_by(
        "-entry__occurred_on", "entry_id", "place"
    )


def unmatched_until(day: date) -> int:
    """Count the invoices and payments up to a day that stand on nothing yet."""
    rows = unmatched().filter(entry__occurred_on__lte=day).order_by()
    return rows.values("entry_id").distinct().count()


def waiting(most: int = SHOWN) -> list[Waiting]:
    """Return what waits, with what to do about each."""
    rows = list(unmatched()[:most])
    suggested = _suggested(rows)
    return [
        Waiting(
            one,
            _sentence(one),
            _HINTS[Problem(one.problem)],
            one.problem not in (Problem.UNCLEAR, Problem.CURRENCY),
            suggested.get(one.pk, ()),
        )
        for one in rows
    ]


def chosen(most: int = SHOWN) -> list[Reference]:
    """Return what people have said, the latest first."""
    rows = Reference.objects.filter(chosen_by_id__isnull=False, target__isnull=False)
    return list(rows.select_related("entry", "target").order_by("-pk")[:most])


def _sentence(one: Reference) -> str:
    what = _NAMES.get(Kind(one.kind), one.kind)
    name = one.entry.name
    key = deal_key() if one.kind == Kind.DEAL else ID
    named = f"“{one.named}”" if key == ID else f"with {_label(key)} “{one.named}”"
    return {
        Problem.BLANK: f"{name} names no {what}.",
        Problem.UNKNOWN: f"{name} names the {what} {named}, which is not here.",
        Problem.SEVERAL: f"{name} names the {what} {named}, and several are called so.",
        Problem.UNCLEAR: f"{name} names several and does not say how much is for each.",
        Problem.CURRENCY: f"{name} is in {one.entry.currency}, and its invoice"
        f" “{one.named}” in {one.target.currency if one.target else 'another currency'}.",
    }[Problem(one.problem)]


_HINTS = {
    Problem.BLANK: "Map the field that names it, or choose it here.",
    Problem.UNKNOWN: "It is matched by itself as soon as it is read. Or choose it here.",
    Problem.SEVERAL: "Choose the one that is meant.",
    Problem.UNCLEAR: "Map the amounts beside the names, in the same order.",
    Problem.CURRENCY: "Map the amount of the payment in the invoice's currency.",
}


def _label(key: str) -> str:
    field = catalogue().get((DEAL, key))
    return field.label if field else key


def _suggested(rows: Sequence[Reference]) -> dict[int, list[Entry]]:
    """Return the deals that the customer of an invoice has; nothing is decided."""
    buyers = Reference.objects.filter(
        entry__in=[one.entry_id for one in rows if one.kind == Kind.DEAL],
        kind=Kind.CUSTOMER,
    )
    named = dict(buyers.values_list("entry_id", "named"))
    if not named:
        return {}
    deals: dict[str, list[Entry]] = {}
    for name in sorted(set(named.values())):
        siblings = Reference.objects.filter(kind=Kind.CUSTOMER, named=name)
        ids = deals_of(siblings.values_list("entry_id", flat=True)[:SHOWN])
        deals[name] = list(Entry.objects.filter(pk__in=ids).order_by("name")[:5])
    return {one.pk: deals[named[one.entry_id]] for one in rows if one.entry_id in named}


def customers_waiting(most: int = SHOWN) -> list[UnknownCustomer]:
    """Return customers of accounting that are matched to none here."""
    rows = (
        unknown_customers()
        .filter(entry__counts=True, entry__object=INVOICE)
        .values("named", "entry__currency", "entry__connection_id")
        .annotate(records=Count("entry_id"), amount=Sum("entry__amount"))
        .order_by("-amount", "named")[:most]
    )
    called = {
        (entry.connection_id, entry.external_id): entry.name
        for entry in Entry.objects.filter(
            object__in=OBJECTS, external_id__in=[row["named"] for row in rows]
        )
    }
    return [
        UnknownCustomer(
            row["named"],
            called.get((row["entry__connection_id"], row["named"]), ""),
            row["records"],
            row["amount"],
            row["entry__currency"],
        )
        for row in rows
    ]


# Whatever is due and not covered by what names it, nor by its own word where no payment
# does; the arithmetic of the page decides.
_DUE = """
SELECT entry.id FROM ledger_entry AS entry
JOIN ledger_revision AS revision ON revision.entry_id = entry.id
    AND revision.closed IS NULL
LEFT JOIN LATERAL (
    SELECT bool_or(other.object = 'payment') AS by_payments,
        sum(CASE WHEN other.object = 'payment'
            THEN sign(other.amount) * abs(coalesce(part.weight, other.amount))
            ELSE abs(coalesce(part.weight, other.amount)) END) AS amount
    FROM accounting_reference AS part
    JOIN ledger_entry AS other ON other.id = part.entry_id
        AND other.counts AND NOT other.deleted
    WHERE part.kind = 'invoice' AND part.target_id = entry.id AND part.problem = ''
) AS covered ON true
WHERE entry.object = 'invoice' AND entry.counts AND NOT entry.deleted
AND entry.amount > 0
AND coalesce(nullif(revision.values ->> 'due_on', ''), entry.occurred_on::text) < %s
AND entry.amount > coalesce(covered.amount, 0)
AND (covered.by_payments OR entry.amount > CASE
    WHEN revision.values ->> 'paid' ~ '^-?[0-9]+([.][0-9]+)?$'
    THEN (revision.values ->> 'paid')::numeric
    WHEN revision.values ->> 'paid' = 'yes'
        OR lower(revision.values ->> 'status') LIKE 'paid%%' THEN entry.amount
    ELSE 0 END)
ORDER BY coalesce(nullif(revision.values ->> 'due_on', ''), entry.occurred_on::text)
LIMIT %s
"""


def overdue(most: int = SHOWN) -> list[Overdue]:
    """Return invoices that are overdue as of the site's day: first those whose deals'
    commission is paid already, then the oldest."""
    on = clock.today(current_business().time_zone)
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [on.isoformat(), most * 2])
        ids = [id_ for (id_,) in cursor.fetchall()]
    shelf = shelf_of(ids)
    late = [
        one
        for id_ in ids
        if (one := shelf.book.all.get(id_)) and shelf.book.is_overdue(one, on)
    ][:most]
    deals = Entry.objects.in_bulk(
        {pk for one in late for pk in shelf.book.deals_of(one)}
    )
    paid = paid_out(list(deals))
    rows = []
    for one in late:
        own = [pk for pk in sorted(shelf.book.deals_of(one)) if pk in deals]
        rows.append(
            Overdue(
                entry=shelf.revisions[one.id].entry,
                due=one.due,
                days=(on - one.due).days,
                open=shelf.book.open_of(one),
                deals=[deals[pk] for pk in own],
                paid_out=[part for pk in own for part in paid.get(pk, ())],
            )
        )
    return sorted(rows, key=lambda row: (not row.paid_out, row.due))


def find_target(one: Reference, text: str) -> list[Entry]:
    """Return what a person may mean: by id, by the field of deals, by number or name."""
    text = text.strip()
    if not text:
        return []
    found: dict[int, Entry] = {}
    if one.entry.object != INVOICE:
        rows = Entry.objects.filter(object=INVOICE, deleted=False)
        for row in (rows.filter(external_id=text) | rows.filter(name=text))[:3]:
            found[row.pk] = row
    if not found:
        ids = deals_named({text}).get(text, set())
        rows = Entry.objects.filter(object=DEAL, deleted=False)
        for row in (rows.filter(pk__in=ids) | rows.filter(name__iexact=text))[:3]:
            found[row.pk] = row
    return list(found.values())
