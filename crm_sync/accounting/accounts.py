"""What stands on a deal or a customer: invoices, payments, open and overdue, as read.

Amounts are added for each currency by itself, and "overdue" is as of the site's day.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from commissions_saas.lib import clock
from crm_sync.accounting.models import Reference
from crm_sync.accounting.reading import Shelf, deals_of, documents_of, shelf_of
from crm_sync.accounting.standing import ZERO, Book, Document, paid_in_all
from crm_sync.accounting.whose import references_of
from crm_sync.ledger.models import Customer, Entry
from crm_sync.ledger.selectors import entries_visible_to
from crm_sync.ledger.standard import DEAL, DOCUMENTS, INVOICE
from tenants.access import Member
from tenants.schema import current_business

Part = Callable[[Document, Decimal], Decimal]


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice as pages show it; amounts are the deal's part on a deal's page."""

    id: int
    number: str
    state: str
    currency: str
    amount: Decimal
    paid: Decimal
    open: Decimal
    day: date
    due: date
    is_part: bool
    may_open: bool
    deals: tuple[str, ...]

    @property
    def is_overdue(self) -> bool:
        """Say whether it was to be paid before today."""
        return self.state == "overdue"


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment as pages show it."""

    id: int
    number: str
    currency: str
    amount: Decimal
    day: date
    invoices: tuple[str, ...]
    counts: bool
    is_part: bool
    may_open: bool


@dataclass(slots=True)
class Totals:
    """What it comes to in one currency."""

    currency: str
    invoiced: Decimal = ZERO
    paid: Decimal = ZERO
    open: Decimal = ZERO
    overdue: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Account:
    """The invoices and payments of a deal or a customer."""

    on: date
    invoices: tuple[InvoiceRow, ...]
    payments: tuple[PaymentRow, ...]
    totals: tuple[Totals, ...]
    problems: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing at all."""
        return not self.invoices and not self.payments

    @property
    def numbers(self) -> dict[int, str]:
        """Return the number of each invoice and payment, by its entry."""
        found = {row.id: row.number for row in self.invoices}
        return found | {row.id: row.number for row in self.payments}


def account_of(entry: Entry, member: Member) -> Account:
    """Return what stands on a deal, or what an invoice or payment stands with."""
    if entry.object == DEAL:
        return account_of_deal(entry, member)
    if entry.object in DOCUMENTS:
        return account_of_document(entry, member)
    return Account(clock.today(current_business().time_zone), (), (), ())


def account_of_deal(deal: Entry, member: Member) -> Account:
    """Return what is invoiced and paid for a deal: its part of each."""
    shelf = shelf_of(documents_of([deal.pk]))
    own = [
        one for one in shelf.book.all.values() if deal.pk in shelf.book.deals_of(one)
    ]

    def part(one: Document, amount: Decimal) -> Decimal:
        return shelf.book.part_of(one, deal.pk, amount)

    account = _account(own, shelf, part, member, deal.pk)
    foreign = sorted({one.currency for one in own if one.counts} - {deal.currency})
    if not foreign:
        return account
    words = (
        f"The deal is in {deal.currency} and has invoices in {', '.join(foreign)}:"
        " amounts of two currencies are never added, so a plan that reads what is paid"
        " of it says that the amount is empty."
    )
    return Account(
        account.on, account.invoices, account.payments, account.totals, (words,)
    )


def account_of_document(entry: Entry, member: Member) -> Account:
    """Return an invoice with what pays it, or a payment with what it pays."""
    shelf = shelf_of([entry.pk])
    one = shelf.book.all.get(entry.pk)
    around = set(one.invoices) if one else set()
    around |= {each.id for each in shelf.book.all.values() if entry.pk in each.invoices}
    own = [shelf.book.all[pk] for pk in sorted(around) if pk in shelf.book.all]
    return _account(own, shelf, lambda one, amount: amount, member)


def account_of_customer(customer: Customer, member: Member) -> Account:
    """Return all invoices and payments of a customer, by any of its ids."""
    ids = references_of(customer).values_list("entry_id", flat=True)
    shelf = shelf_of(set(ids))
    # A payment is its invoice's customer's, named or not.
    invoices = {pk for pk in ids if pk in shelf.book.all}
    own = [
        one
        for one in shelf.book.all.values()
        if one.id in invoices or invoices & set(one.invoices)
    ]
    return _account(own, shelf, lambda one, amount: amount, member)


def _account(
    documents: Iterable[Document],
    shelf: Shelf,
    part: Part,
    member: Member,
    deal_id: int | None = None,
) -> Account:
    documents = sorted(documents, key=lambda one: (one.day, one.id), reverse=True)
    on = clock.today(current_business().time_zone)
    visible = _visible(documents, member)
    names = _deal_names(documents, shelf.book)
    with localcontext() as context:
        context.prec = 50
        invoices = tuple(
            _invoice(one, shelf, part, on, visible, names)
            for one in documents
            if one.object == INVOICE
        )
        payments = tuple(
            _payment(one, shelf.book, part, visible)
            for one in documents
            if one.object != INVOICE
        )
        paid = paid_in_all(documents, shelf.book, deal_id)
    return Account(on, invoices, payments, _totals(invoices, paid))


def _invoice(
    one: Document,
    shelf: Shelf,
    part: Part,
    on: date,
    visible: Collection[int],
    names: dict[int, str],
) -> InvoiceRow:
    book = shelf.book
    left = book.open_of(one) if one.counts else ZERO
    paid = sum((each.amount for each in book.paid_on(one)), ZERO)
    status = shelf.revisions[one.id].values.get("status", "")
    return InvoiceRow(
        id=one.id,
        number=one.number,
        state=_state(one, left, paid, on, status),
        currency=one.currency,
        amount=part(one, one.amount),
        paid=part(one, paid),
        open=part(one, left),
        day=one.day,
        due=one.due,
        is_part=part(one, one.amount) != one.amount,
        may_open=one.id in visible,
        deals=tuple(names[pk] for pk in sorted(book.deals_of(one)) if pk in names),
    )


def _state(one: Document, left: Decimal, paid: Decimal, on: date, status: str) -> str:
    if not one.counts:
        return status or "void"
    if one.amount < 0:
        return "credit note"
    if left <= 0:
        return "paid"
    if one.due < on:
        return "overdue"
    return "part_paid" if paid > 0 else "open"


def _payment(
    one: Document, book: Book, part: Part, visible: Collection[int]
) -> PaymentRow:
    return PaymentRow(
        id=one.id,
        number=one.number,
        currency=one.currency,
        amount=part(one, one.amount),
        day=one.day,
        invoices=tuple(book.all[pk].number for pk in one.invoices if pk in book.all),
        counts=one.counts,
        is_part=part(one, one.amount) != one.amount,
        may_open=one.id in visible,
    )


def _totals(
    invoices: Collection[InvoiceRow], paid: Mapping[str, Decimal]
) -> tuple[Totals, ...]:
    found = {
        currency: Totals(currency, paid=amount)
        for currency, amount in paid.items()
        if amount
    }
    for invoice in invoices:
        if invoice.state in _ASKS:
            totals = found.setdefault(invoice.currency, Totals(invoice.currency))
            totals.invoiced += invoice.amount
            totals.open += invoice.open
            totals.overdue += invoice.open if invoice.is_overdue else ZERO
    return tuple(found[currency] for currency in sorted(found))


_ASKS = ("paid", "open", "part_paid", "overdue", "credit note")


def _visible(documents: Iterable[Document], member: Member) -> set[int]:
    rows = entries_visible_to(member).filter(pk__in=[one.id for one in documents])
    return set(rows.values_list("pk", flat=True))


def _deal_names(documents: Iterable[Document], book: Book) -> dict[int, str]:
    ids = {pk for one in documents for pk in book.deals_of(one)}
    return dict(Entry.objects.filter(pk__in=ids).values_list("pk", "name"))


def deals_behind(entry: Entry, member: Member) -> list[Entry]:
    """Return the deals that an invoice or payment stands on, those that one may see."""
    if entry.object not in DOCUMENTS:
        return []
    rows = entries_visible_to(member).filter(pk__in=deals_of([entry.pk]))
    return list(rows.order_by("name", "pk"))


def has_any() -> bool:
    """Say whether the business reads invoices or payments at all."""
    return Reference.objects.exists()
