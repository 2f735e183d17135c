"""Accounts, journals and postings; appended only, balanced by the database."""

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Q

from tenants.schema import BusinessModel


class Account(BusinessModel):
    """What money is owed for or to: commission expense, a payee's payable, clearing."""

    class Kind(models.TextChoices):
        EXPENSE = "expense"
        PAYABLE = "payable"
        CLEARING = "clearing"

    kind = models.CharField(max_length=10, choices=Kind)
    payee_id = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "payee_id", "currency"],
                nulls_distinct=False,
                name="account_once",
            )
        ]


class Journal(BusinessModel):
    """One event in money, such as a locked statement or a paid payout."""

    kind = models.CharField(max_length=20)
    # What it books, such as `statement:17:locked`; the same thing is booked once.
    key = models.CharField(max_length=100, unique=True)
    words = models.CharField(max_length=300)
    booked_on = models.DateField()
    reverses = models.OneToOneField("self", models.PROTECT, null=True)
    made_by_id = models.BigIntegerField(null=True)
    made_at = models.DateTimeField(db_default=TransactionNow())


class Posting(BusinessModel):
    """One side of a journal. Never changed and never deleted; mistakes are reversed."""

    class Side(models.TextChoices):
        DEBIT = "debit"
        CREDIT = "credit"

    journal = models.ForeignKey(Journal, models.PROTECT, related_name="postings")
    account = models.ForeignKey(Account, models.PROTECT, related_name="postings")
    side = models.CharField(max_length=6, choices=Side)
    amount = models.DecimalField(max_digits=19, decimal_places=4)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="posting_amount_is_positive"
            )
        ]
