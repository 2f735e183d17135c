"""What owners read: facts added up when statements are written, in public."""

from typing import Any

from django.db import models

MONEY: dict[str, Any] = {"max_digits": 19, "decimal_places": 4, "default": 0}


class PayeeFact(models.Model):
    """One payee, one period, one currency: what stands on the statement."""

    group_id = models.BigIntegerField()
    business_id = models.BigIntegerField()
    period = models.CharField(max_length=12)
    month = models.DateField()  # first day of the month of the period's last day
    payee_id = models.BigIntegerField()
    payee_name = models.CharField(max_length=200)
    user_id = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    earned = models.DecimalField(**MONEY)
    waiting = models.DecimalField(**MONEY)
    payable = models.DecimalField(**MONEY)
    quota = models.DecimalField(max_digits=19, decimal_places=4, null=True)
    attained = models.DecimalField(max_digits=19, decimal_places=4, null=True)
    as_of = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["business_id", "period", "payee_id", "currency"],
                name="payee_fact_once",
            )
        ]
        indexes = [models.Index(fields=["group_id", "month"], name="payee_fact_month")]


class PayeeIdentity(models.Model):
    """What says which person a payee is: a log-in, an address, a merge."""

    group_id = models.BigIntegerField(db_index=True)
    business_id = models.BigIntegerField()
    payee_id = models.BigIntegerField()
    merged_into_id = models.BigIntegerField(null=True)
    user_id = models.BigIntegerField(null=True)
    email = models.CharField(max_length=254, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["business_id", "payee_id"], name="payee_identity_once"
            )
        ]


class DetailFact(models.Model):
    """The full grain: also product, territory and component."""

    group_id = models.BigIntegerField()
    business_id = models.BigIntegerField()
    period = models.CharField(max_length=12)
    month = models.DateField()
    payee_id = models.BigIntegerField()
    product = models.CharField(max_length=200, blank=True)
    territory = models.CharField(max_length=200, blank=True)
    component = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    earned = models.DecimalField(**MONEY)
    lines = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "business_id",
                    "period",
                    "payee_id",
                    "product",
                    "territory",
                    "component",
                    "currency",
                ],
                name="detail_fact_once",
            )
        ]
        indexes = [models.Index(fields=["group_id", "month"], name="detail_fact_month")]


class BookingFact(models.Model):
    """Deals won in a month, each counted once: not credits."""

    group_id = models.BigIntegerField()
    business_id = models.BigIntegerField()
    month = models.DateField()
    product = models.CharField(max_length=200, blank=True)
    territory = models.CharField(max_length=200, blank=True)
    currency = models.CharField(max_length=3)
    booked = models.DecimalField(**MONEY)
    deals = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["business_id", "month", "product", "territory", "currency"],
                name="booking_fact_once",
            )
        ]
        indexes = [
            models.Index(fields=["group_id", "month"], name="booking_fact_month")
        ]


class MonthRate(models.Model):
    """The rate by which a group adds up a month: an average, with its source."""

    group_id = models.BigIntegerField()
    month = models.DateField()
    currency = models.CharField(max_length=3)  # from
    into = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=19, decimal_places=10)
    source = models.CharField(max_length=200)
    entered_by_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group_id", "month", "currency", "into"], name="month_rate_once"
            ),
            models.CheckConstraint(
                condition=models.Q(rate__gt=0), name="month_rate_is_positive"
            ),
        ]
