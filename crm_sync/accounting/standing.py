"""What invoices and payments come to for a deal; decided on plain values.

Amounts of two currencies are never added: where a deal has invoices in another currency
than its own, its amounts are left empty, and a formula that reads them says so.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, Decimal, localcontext

from commissions_saas.lib.money import round_money, round_together
from crm_sync.ledger.facts import Value

ZERO = Decimal(0)
_SHARE = Decimal("0.000001")
MONEY = ("invoiced", "invoiced_net", "paid", "paid_net", "unpaid", "paid_share")
MIXED = ""  # an amount that cannot be said


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or payment as the ledger knows it now."""

    id: int
    object: str
    connection_id: int
    number: str
    counts: bool
    amount: Decimal
    currency: str
    day: date
    tax: Decimal | None = None
    due_on: date | None = None
    said_paid: Decimal = ZERO
    """What the invoice itself says was paid, where no payments are known."""
    said_paid_on: date | None = None
    deals: Mapping[int, Decimal] = field(default_factory=dict)
    """Deal to weight; what is for a deal that is not known has none."""
    elsewhere: Decimal = ZERO
    invoices: Mapping[int, Decimal] = field(default_factory=dict)
    """Invoice to amount: what a payment pays, or a credit note lowers."""

    @property
    def net(self) -> Decimal:
        """Return the amount without tax."""
        return self.amount - (self.tax or ZERO)

    @property
    def due(self) -> date:
        """Without a day it is due when it is issued."""
        return self.due_on or self.day


@dataclass(frozen=True, slots=True)
class Paid:
    """A part of a payment that pays an invoice, or what the invoice says was paid."""

    amount: Decimal
    day: date
    payment_id: int = 0


class Book:
    """Some invoices and payments, found by what they stand on."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self.all = {one.id: one for one in documents}
        self._on: dict[int, list[Document]] = defaultdict(list)
        for one in self.all.values():
            for invoice_id in one.invoices:
                self._on[invoice_id].append(one)
        self._shares = {one.id: self._shares_of(one) for one in self.all.values()}
        self._of_deal: dict[int, list[Document]] = defaultdict(list)
        for one in self.all.values():
            for deal_id in self._shares[one.id]:
                self._of_deal[deal_id].append(one)

    def of_deal(self, deal_id: int) -> list[Document]:
        """Return the invoices and payments that stand on a deal."""
        return self._of_deal[deal_id]

    def paid_on(self, invoice: Document) -> list[Paid]:
        """Return what was paid on an invoice, the earliest first."""
        known = [
            Paid(one.invoices[invoice.id], one.day, one.id)
            for one in self._on[invoice.id]
            if one.object == "payment" and one.counts
        ]
        if not known and invoice.said_paid:
            known = [Paid(invoice.said_paid, invoice.said_paid_on or invoice.day)]
        return sorted(known, key=lambda paid: (paid.day, paid.payment_id))

    def lowered_by(self, invoice: Document) -> Decimal:
        """Return by how much credit notes lower an invoice, as a negative amount."""
        return sum(
            (
                one.invoices[invoice.id]
                for one in self._on[invoice.id]
                if one.object == "invoice" and one.counts
            ),
            ZERO,
        )

    def open_of(self, invoice: Document, on: date | None = None) -> Decimal:
        """Return what is still to be paid of an invoice, as of a day if one is given."""
        paid = [p for p in self.paid_on(invoice) if on is None or p.day <= on]
        total = sum((p.amount for p in paid), ZERO)
        return invoice.amount + self.lowered_by(invoice) - total

    def is_overdue(self, invoice: Document, on: date) -> bool:
        """Say whether something was to be paid before this day and is not."""
        return invoice.counts and invoice.due < on and self.open_of(invoice) > 0

    def deals_of(self, one: Document) -> dict[int, Decimal]:
        """Return the share of each deal in an invoice or payment; together at most 1."""
        return self._shares[one.id]

    def _shares_of(self, one: Document) -> dict[int, Decimal]:
        if one.deals:
            whole = sum(one.deals.values(), ZERO) + one.elsewhere
            return {deal: weight / whole for deal, weight in one.deals.items()}
        shares: dict[int, Decimal] = defaultdict(Decimal)
        for invoice_id, amount in one.invoices.items():
            invoice = self.all.get(invoice_id)
            if invoice is None or not one.amount or invoice.id == one.id:
                continue
            own = invoice.deals or {}
            whole = sum(own.values(), ZERO) + invoice.elsewhere
            for deal, weight in own.items():
                shares[deal] += amount / one.amount * weight / whole
        return dict(shares)

    def part_of(self, one: Document, deal_id: int, amount: Decimal) -> Decimal:
        """Return a deal's part of an amount of an invoice or payment.

        The parts of all deals add up to the whole, and a whole is never rounded.
        """
        shares = self.deals_of(one)
        if shares.get(deal_id, ZERO) == 1:
            return amount
        order = sorted(shares)
        exact = [amount * shares[deal] for deal in order]
        parts = round_together([*exact, amount - sum(exact, ZERO)], one.currency)
        return parts[order.index(deal_id)]

    def tax_in(self, payment: Document) -> Decimal:
        """Return the tax in a payment: its own, or that of the invoices that it pays."""
        if payment.tax is not None:
            return payment.tax
        total = ZERO
        for invoice_id, amount in payment.invoices.items():
            invoice = self.all.get(invoice_id)
            if invoice is not None and invoice.tax and invoice.amount:
                part = amount * invoice.tax / invoice.amount
                total += round_money(part, payment.currency)
        return total


def paid_in_all(
    documents: Iterable[Document], book: Book, only: int | None = None
) -> dict[str, Decimal]:
    """Return what was paid, by currency, for all or for one deal alone.

    Payments count, and beside them what invoices say of themselves: where a payment
    names the deal and no invoice, it is the same money.
    """
    paid: dict[str, Decimal] = defaultdict(Decimal)
    loose: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    said: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for one in documents:
        if not one.counts:
            continue
        for deal, part in _by_deal(one, book):
            if only not in (None, deal):
                continue
            if one.object == "invoice":
                said[one.currency, deal] += part
            else:
                paid[one.currency] += part
                if not one.invoices:
                    loose[one.currency, deal] += max(part, ZERO)
    for key, amount in said.items():
        paid[key[0]] += amount - max(min(amount, loose[key]), ZERO)
    return dict(paid)


def _by_deal(one: Document, book: Book) -> list[tuple[int, Decimal]]:
    """Return what a document pays, by deal; under 0 what stands on no deal."""
    amount = one.amount
    if one.object == "invoice":
        own = [each for each in book.paid_on(one) if each.payment_id == 0]
        amount = sum((each.amount for each in own), ZERO)
    parts = [(pk, book.part_of(one, pk, amount)) for pk in sorted(book.deals_of(one))]
    return [*parts, (0, amount - sum((part for _, part in parts), ZERO))]


def deal_facts(deal_id: int, currency: str, book: Book) -> dict[str, Value]:
    """Return what formulas read of a deal; nothing where nothing stands on it."""
    with localcontext() as context:
        context.prec = 50
        return _facts(deal_id, currency, book)


@dataclass(slots=True)
class _Sums:
    """What is invoiced and paid of a deal in one currency."""

    invoiced: Decimal = ZERO
    invoiced_net: Decimal = ZERO
    paid: Decimal = ZERO
    paid_net: Decimal = ZERO
    loose: Decimal = ZERO
    """What payments have paid that name the deal and no invoice."""
    owed: Decimal = ZERO
    """What invoices ask for, before credit notes."""
    moves: list[tuple[date, Decimal]] = field(default_factory=list)
    """What pays that: payments and credit notes, by day."""


def _facts(deal_id: int, currency: str, book: Book) -> dict[str, Value]:
    sums: dict[str, _Sums] = defaultdict(_Sums)
    invoiced_on: list[date] = []
    due_on: list[date] = []
    documents = book.of_deal(deal_id)
    # Payments first: what they have paid, no invoice pays once more by its own word.
    for one in sorted(documents, key=lambda one: one.object == "invoice"):
        if not one.counts:
            continue
        if one.object == "invoice":
            _invoice(sums[one.currency], one, deal_id, book)
            if one.amount > 0:
                invoiced_on.append(one.day)
                if book.open_of(one) > 0:
                    due_on.append(one.due)
        else:
            _payment(sums[one.currency], one, deal_id, book)
    if not documents:
        return {}
    values: dict[str, Value] = dict.fromkeys(MONEY, MIXED)
    if set(sums) <= {currency}:
        values |= _amounts(sums[currency])
    days = {
        "invoiced_on": min(invoiced_on, default=None),
        "due_on": min(due_on, default=None),
        "paid_on": _settled_on(list(sums.values())),
    }
    return values | {key: day for key, day in days.items() if day is not None}


def _invoice(sums: _Sums, one: Document, deal_id: int, book: Book) -> None:
    amount = book.part_of(one, deal_id, one.amount)
    sums.invoiced += amount
    sums.invoiced_net += book.part_of(one, deal_id, one.net)
    if one.amount > 0:
        sums.owed += amount
    else:
        sums.moves.append((one.day, -amount))
    if one.amount:
        for paid in book.paid_on(one):
            if paid.payment_id == 0:
                part = book.part_of(one, deal_id, paid.amount)
                known = max(min(part, sums.loose), ZERO)
                sums.loose, part = sums.loose - known, part - known
                net = round_money(part * one.net / one.amount, one.currency)
                _pay(sums, paid.day, part, net)


def _payment(sums: _Sums, one: Document, deal_id: int, book: Book) -> None:
    amount = book.part_of(one, deal_id, one.amount)
    net = book.part_of(one, deal_id, one.amount - book.tax_in(one))
    if not one.invoices:
        sums.loose += max(amount, ZERO)
    _pay(sums, one.day, amount, net)


def _pay(sums: _Sums, day: date, amount: Decimal, net: Decimal) -> None:
    sums.paid += amount
    sums.paid_net += net
    sums.moves.append((day, amount))


def _amounts(sums: _Sums) -> dict[str, Value]:
    share = sums.paid / sums.invoiced if sums.invoiced > 0 else ZERO
    return {
        "invoiced": sums.invoiced,
        "invoiced_net": sums.invoiced_net,
        "paid": sums.paid,
        "paid_net": sums.paid_net,
        "unpaid": max(sums.invoiced - sums.paid, ZERO),
        # Cut, not rounded: what is not paid in full is never 100 %.
        "paid_share": share.quantize(_SHARE, rounding=ROUND_DOWN).normalize() + ZERO,
    }


def _settled_on(all_sums: Sequence[_Sums]) -> date | None:
    """Return the day since which nothing is owed in any currency."""
    owing = [sums for sums in all_sums if sums.owed > 0]
    days = [_day_settled(sums) for sums in owing]
    if not days or None in days:
        return None
    return max(day for day in days if day is not None)


def _day_settled(sums: _Sums) -> date | None:
    by_day: dict[date, Decimal] = defaultdict(Decimal)
    for day, amount in sums.moves:
        by_day[day] += amount
    total, settled = ZERO, None
    for day in sorted(by_day):
        total += by_day[day]
        if total < sums.owed:
            settled = None
        elif settled is None:
            settled = day
    return settled
