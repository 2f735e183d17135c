"""Balances as sums in the database: never a loop, never a stored total."""

from decimal import Decimal

from django.db.models import Case, DecimalField, F, Sum, When
from django.db.models.functions import Coalesce

from payouts.journal.models import Account, Posting

_MONEY = DecimalField(max_digits=24, decimal_places=4)
_SIGNED = Case(
    When(side=Posting.Side.CREDIT, then=F("amount")),
    default=-F("amount"),
    output_field=_MONEY,
)


def owed_to(payee_id: int, currency: str) -> Decimal:
    """Return what a payee is owed by the journal: earned and not yet paid."""
    return _balance(kind=Account.Kind.PAYABLE, payee_id=payee_id, currency=currency)


def trial_balance(currency: str) -> dict[str, Decimal]:
    """Return the balance of each kind of account; credits positive, summing to 0."""
    return {kind: _balance(kind=kind, currency=currency) for kind in Account.Kind}


def currencies() -> list[str]:
    """Return the currencies that the journal has accounts in."""
    found = Account.objects.values_list("currency", flat=True).distinct()
    return sorted(found)


def _balance(**of: object) -> Decimal:
    postings = Posting.objects.filter(**{f"account__{k}": v for k, v in of.items()})
    total = postings.aggregate(
        total=Coalesce(Sum(_SIGNED), Decimal(0), output_field=_MONEY)
    )
    return Decimal(total["total"])
