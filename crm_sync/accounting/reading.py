"""Loads invoices and payments, with what stands around them, as plain values."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from crm_sync.accounting.models import Reference
from crm_sync.accounting.standing import ZERO, Book, Document
from crm_sync.ledger.models import Revision
from crm_sync.ledger.standard import INVOICE
from crm_sync.ledger.values import to_value

Kind, Problem = Reference.Kind, Reference.Problem


@dataclass(frozen=True, slots=True)
class Shelf:
    """A book, and the current revisions that it was read from."""

    book: Book
    revisions: Mapping[int, Revision]
    references: Mapping[int, Sequence[Reference]]


def documents_of(deal_ids: Collection[int]) -> set[int]:
    """Return the invoices and payments that stand on deals, themselves or through an
    invoice."""
    direct = set(
        Reference.objects.filter(kind=Kind.DEAL, target_id__in=deal_ids).values_list(
            "entry_id", flat=True
        )
    )
    return with_payments(direct)


def with_payments(entry_ids: Collection[int]) -> set[int]:
    """Return these, and what pays or lowers the invoices among them."""
    found = set(entry_ids)
    level = found
    for _ in range(2):  # a credit note may itself be paid back
        rows = Reference.objects.filter(kind=Kind.INVOICE, target_id__in=level)
        level = set(rows.values_list("entry_id", flat=True)) - found
        if not level:
            break
        found |= level
    return found


def with_invoices(entry_ids: Collection[int]) -> set[int]:
    """Return these, and the invoices that they pay or lower."""
    rows = Reference.objects.filter(
        kind=Kind.INVOICE, entry_id__in=entry_ids, target_id__isnull=False
    )
    return set(entry_ids) | {
        pk for pk in rows.values_list("target_id", flat=True) if pk
    }


def deals_of(entry_ids: Collection[int]) -> set[int]:
    """Return the deals that these invoices and payments stand on."""
    rows = Reference.objects.filter(
        kind=Kind.DEAL, entry_id__in=with_invoices(entry_ids), target_id__isnull=False
    )
    return {pk for pk in rows.values_list("target_id", flat=True) if pk}


def shelf_of(entry_ids: Collection[int]) -> Shelf:
    """Load these invoices and payments, the invoices of payments, and what pays them."""
    wanted = with_payments(with_invoices(entry_ids))
    wanted = with_invoices(wanted)
    references: dict[int, list[Reference]] = defaultdict(list)
    rows = Reference.objects.filter(entry_id__in=wanted).order_by("entry_id", "pk")
    for row in rows:
        references[row.entry_id].append(row)
    revisions = current_revisions(wanted)
    read = [_document(row, references[pk]) for pk, row in revisions.items()]
    return Shelf(Book(filter(None, read)), revisions, references)


def current_revisions(entry_ids: Collection[int]) -> dict[int, Revision]:
    """Return the open revisions of entries, with their entries."""
    rows = Revision.objects.filter(entry_id__in=entry_ids, closed__isnull=True)
    return {row.entry_id: row for row in rows.select_related("entry").defer("payload")}


def _document(revision: Revision, references: Iterable[Reference]) -> Document | None:
    entry, values = revision.entry, revision.values
    amount = _money(values, "amount")
    if amount is None or revision.occurred_on is None:
        return None
    deals, elsewhere = _weights(references)
    paid, paid_on = _said_paid(entry.object, values, amount)
    return Document(
        id=entry.pk,
        object=entry.object,
        connection_id=entry.connection_id,
        number=revision.name,
        counts=revision.counts and not revision.deleted,
        amount=amount,
        currency=revision.currency,
        day=revision.occurred_on,
        tax=_money(values, "tax"),
        due_on=_day(values, "due_on"),
        said_paid=paid,
        said_paid_on=paid_on,
        deals=deals,
        elsewhere=elsewhere,
        invoices=_invoices(amount, references),
    )


def _weights(references: Iterable[Reference]) -> tuple[dict[int, Decimal], Decimal]:
    """Deal to weight, and the weight of those that are not known."""
    deals: dict[int, Decimal] = defaultdict(Decimal)
    elsewhere = ZERO
    for one in references:
        if one.kind != Kind.DEAL or one.problem == Problem.UNCLEAR:
            continue
        weight = Decimal(1) if one.weight is None else abs(one.weight)
        if one.target_id is None:
            elsewhere += weight
        elif weight:
            deals[one.target_id] += weight
    return dict(deals), elsewhere


def _invoices(amount: Decimal, references: Iterable[Reference]) -> dict[int, Decimal]:
    """Invoice to amount; nothing where it is not clear."""
    named = [one for one in references if one.kind == Kind.INVOICE]
    known = [one for one in named if one.target_id and not one.problem]
    parts: dict[int, Decimal] = defaultdict(Decimal)
    for one in known:
        if one.target_id is not None:
            whole = amount if len(named) == 1 else ZERO
            given = whole if one.weight is None else one.weight.copy_sign(amount)
            parts[one.target_id] += given
    return dict(parts)


def _said_paid(
    object_: str, values: Mapping[str, str], amount: Decimal
) -> tuple[Decimal, date | None]:
    """What an invoice says of itself: an amount, a yes, or that it is paid."""
    if object_ != INVOICE:
        return ZERO, None
    said = values.get("paid", "")
    number = _money(values, "paid")
    if number is not None:
        paid = number
    elif said == "yes" or values.get("status", "").casefold().startswith("paid"):
        paid = amount
    else:
        paid = ZERO
    return paid, _day(values, "paid_on")


def _money(values: Mapping[str, str], key: str) -> Decimal | None:
    found = to_value(values.get(key, ""), "money")
    return found if isinstance(found, Decimal) else None


def _day(values: Mapping[str, str], key: str) -> date | None:
    found = to_value(values.get(key, ""), "date")
    return found if isinstance(found, date) else None
