"""The only module that writes postings; what it writes is never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction

from payouts.journal.errors import AlreadyBooked, NothingToBook
from payouts.journal.models import Account, Journal, Posting


@dataclass(frozen=True, slots=True)
class Booking:
    """One event: what each payee is owed more (or, negative, less) by it.

    `against` is the account on the other side: expense where money is earned, clearing
    where it is paid.
    """

    kind: str
    key: str
    words: str
    booked_on: date
    currency: str
    owed: Mapping[int, Decimal]
    against: Account.Kind
    made_by_id: int | None = None


def book(booking: Booking, *, reverses: Journal | None = None) -> Journal:
    """Write one balanced journal. The same key is booked once, whoever asks."""
    owed = {payee: amount for payee, amount in booking.owed.items() if amount}
    if not owed:
        raise NothingToBook(booking.key)
    with transaction.atomic():
        journal = _open_journal(booking, reverses)
        other = _account(booking.against, None, booking.currency)
        for payee_id, amount in sorted(owed.items()):
            payable = _account(Account.Kind.PAYABLE, payee_id, booking.currency)
            _post_both(journal, credit=payable, debit=other, amount=amount)
    return journal


def reverse(journal: Journal, *, key: str, words: str, on: date, by_id: int) -> Journal:
    """Take a journal back by its mirror image; once, since `reverses` is unique."""
    with transaction.atomic():
        mirror = Journal.objects.create(
            kind="reversal",
            key=key,
            words=words,
            booked_on=on,
            reverses=journal,
            made_by_id=by_id,
        )
        Posting.objects.bulk_create(
            Posting(
                journal=mirror,
                account_id=posting.account_id,
                side=_other_side(posting.side),
                amount=posting.amount,
            )
            for posting in journal.postings.order_by("pk")
        )
    return mirror


def _open_journal(booking: Booking, reverses: Journal | None) -> Journal:
    try:
        with transaction.atomic():
            return Journal.objects.create(
                kind=booking.kind,
                key=booking.key,
                words=booking.words,
                booked_on=booking.booked_on,
                reverses=reverses,
                made_by_id=booking.made_by_id,
            )
    except IntegrityError:
        raise AlreadyBooked(booking.key) from None


def _post_both(
    journal: Journal, *, credit: Account, debit: Account, amount: Decimal
) -> None:
    """Post an amount on both sides; a negative one the other way round."""
    if amount < 0:
        credit, debit, amount = debit, credit, -amount
    Posting.objects.bulk_create(
        [
            Posting(
                journal=journal, account=credit, side=Posting.Side.CREDIT, amount=amount
            ),
            Posting(
                journal=journal, account=debit, side=Posting.Side.DEBIT, amount=amount
            ),
        ]
    )


def _account(kind: Account.Kind, payee_id: int | None, currency: str) -> Account:
    account, _ = Account.objects.get_or_create(
        kind=kind, payee_id=payee_id, currency=currency
    )
    return account


def _other_side(side: str) -> Posting.Side:
    return Posting.Side.DEBIT if side == Posting.Side.CREDIT else Posting.Side.CREDIT
