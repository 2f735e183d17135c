"""Who can be paid, and what is known of them from day to day."""

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import F, Q

from tenants.schema import BusinessModel, Dated


class Payee(BusinessModel):
    """A person who can be paid; may or may not have a login."""

    name = models.CharField(max_length=200)
    email = models.CharField(max_length=254, blank=True)
    employee_number = models.CharField(max_length=40, blank=True)
    user_id = models.BigIntegerField(null=True, unique=True)
    title = models.CharField(max_length=100, blank=True)
    attributes = models.JSONField(default=dict)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True)
    hidden = models.BooleanField(default=False)  # made for load tests
    leaves_on = models.DateField(null=True)
    created_at = models.DateTimeField(db_default=TransactionNow())

    class Meta:
        indexes = [models.Index(fields=["name"], name="payee_name")]

    def __str__(self) -> str:
        return self.name


class ExternalId(BusinessModel):
    """The id by which a source knows a payee."""

    payee = models.ForeignKey(Payee, models.PROTECT, related_name="external_ids")
    connection_id = models.BigIntegerField()
    external_id = models.CharField(max_length=200)
    # Whose it was before a merge, so that the merge can be undone.
    was = models.ForeignKey(Payee, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection_id", "external_id"], name="external_id_once"
            )
        ]


class Manager(Dated):
    """Who a payee reported to, and in which territory and team, over time."""

    payee = models.ForeignKey(Payee, models.PROTECT, related_name="placements")
    manager = models.ForeignKey(
        Payee, models.PROTECT, null=True, related_name="reports"
    )
    territory = models.ForeignKey("Territory", models.PROTECT, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(payee=F("manager")), name="nobody_manages_themselves"
            ),
            models.UniqueConstraint(
                fields=["payee", "starts_on"],
                condition=Q(closed__isnull=True),
                name="one_placement_from_a_day",
            ),
        ]


class Leave(Dated):
    """Days on which a payee is away; they are no active days."""

    payee = models.ForeignKey(Payee, models.PROTECT, related_name="leaves")
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payee", "starts_on"],
                condition=Q(closed__isnull=True),
                name="one_leave_from_a_day",
            )
        ]


class SellRight(Dated):
    """A product or service that a payee may sell; who has none may sell everything."""

    class Kind(models.TextChoices):
        PRODUCT = "product"
        SERVICE = "service"

    payee = models.ForeignKey(Payee, models.PROTECT, related_name="sell_rights")
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payee", "kind", "name", "starts_on"],
                condition=Q(closed__isnull=True),
                name="one_right_from_a_day",
            )
        ]
