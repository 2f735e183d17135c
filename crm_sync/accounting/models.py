"""What invoices and payments name, and what was put on entries because of it."""

from django.db import models

from crm_sync.ledger.models import Entry
from tenants.schema import BusinessModel


class Reference(BusinessModel):
    """A deal, invoice or customer that an invoice or payment names.

    It stays without a `target` until what it names is in the ledger, so that it does
    not matter which of them comes first.
    """

    class Kind(models.TextChoices):
        DEAL = "deal"
        INVOICE = "invoice"
        CUSTOMER = "customer"
        BUYER = "buyer"  # the customer of the deal, where it names none itself

    class Problem(models.TextChoices):
        NONE = ""
        BLANK = "blank"  # it names nothing
        UNKNOWN = "unknown"  # what it names is not here
        SEVERAL = "several"  # more than one is called so
        UNCLEAR = "unclear"  # how much is for each
        CURRENCY = "currency"  # a payment in another currency than its invoice

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="names")
    kind = models.CharField(max_length=10, choices=Kind)
    place = models.PositiveSmallIntegerField(default=0)
    named = models.CharField(max_length=200, blank=True)
    weight = models.DecimalField(max_digits=19, decimal_places=4, null=True)
    target = models.ForeignKey(Entry, models.PROTECT, null=True, related_name="named")
    problem = models.CharField(max_length=10, choices=Problem, blank=True)
    # A person said what it is, where the source did not.
    chosen_by_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "kind", "place"], name="reference_once"
            )
        ]
        indexes = [models.Index(fields=["kind", "named"], name="reference_named")]


class Said(BusinessModel):
    """Which values of an entry, and whether its credits, are not its own source's."""

    entry = models.OneToOneField(Entry, models.PROTECT, related_name="said")
    keys = models.JSONField(default=list)
    credited = models.BooleanField(default=False)


class DealName(BusinessModel):
    """By which field of a deal invoices name it; its id in the source, unless said."""

    key = models.CharField(max_length=60)
