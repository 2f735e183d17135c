"""Balances as sums in the database: never a loop, never a stored total."""

from decimal import Decimal

from django.db.models import Case, DecimalField, F, Sum, When

from payouts.journal.models import Account, Posting

_MONEY = DecimalField(max_digits=24, decimal_places=4)
_SIGNED = Case(
    When(side=Posting.Side.CREDIT, then=F("amount")),
    default=-F("amount"),
    output_field=_MONEY,
)


def trial_balance(currency: str) -> dict[str, Decimal]:
    """Return the balance of each kind of account; credits positive, summing to 0."""
    postings = Posting.objects.filter(account__currency=currency)
    totals = postings.values_list("account__kind").annotate(total=Sum(_SIGNED))
    zeros: dict[str, Decimal] = {kind: Decimal(0) for kind in Account.Kind}
    return zeros | dict(totals)


def currencies() -> list[str]:
    """Return the currencies that the journal has accounts in."""
    found = Account.objects.values_list("currency", flat=True).distinct()
    return sorted(found)
