"""What is sold, where and to whom; the catalogue, attributes and rates."""

from django.db import models
from django.db.models import F, Q

from tenants.schema import BusinessModel, Dated


class Field(BusinessModel):
    """The catalogue: each field of each object, under the name that formulas use."""

    object = models.CharField(max_length=60)
    key = models.CharField(max_length=60)
    label = models.CharField(max_length=200)
    type = models.CharField(max_length=10)
    standard = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["object", "key"], name="field_once")
        ]


class Product(BusinessModel):
    """What is sold, by the name that the source uses."""

    name = models.CharField(max_length=200, unique=True)
    attributes = models.JSONField(default=dict)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Territory(BusinessModel):
    """Where it is sold."""

    name = models.CharField(max_length=200, unique=True)
    attributes = models.JSONField(default=dict)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Service(BusinessModel):
    """Work that is done for customers, by the name that the source uses."""

    name = models.CharField(max_length=200, unique=True)
    attributes = models.JSONField(default=dict)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Customer(BusinessModel):
    """Who buys, by the name that the source uses."""

    name = models.CharField(max_length=200, unique=True)
    attributes = models.JSONField(default=dict)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class CustomerId(BusinessModel):
    """The id by which a source knows a customer; closed when somebody takes it apart.

    `named` is what the source called the customer when it was matched, so that a later
    name that differs is noticed.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="ids")
    connection_id = models.BigIntegerField()
    external_id = models.CharField(max_length=200)
    named = models.CharField(max_length=300)
    opened = models.BigIntegerField()
    closed = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection_id", "external_id"],
                condition=Q(closed__isnull=True),
                name="customer_id_once",
            )
        ]


class SubjectKind(models.TextChoices):
    """What attributes are about; formulas read them as `<kind>.<key>`."""

    PAYEE = "payee"
    PRODUCT = "product"
    SERVICE = "service"
    TERRITORY = "territory"
    CUSTOMER = "customer"
    BUSINESS = "business"


FIELD = "field"


class FormerState(BusinessModel):
    """What was known of a payee, thing or field until a change; its own row says what
    is now.

    So a payee who never changed costs nothing, and every earlier change number still
    reads what was true for it.
    """

    kind = models.CharField(
        max_length=10, choices=[*SubjectKind.choices, (FIELD, "field")]
    )
    subject_id = models.BigIntegerField()
    name = models.CharField(max_length=200)
    attributes = models.JSONField(default=dict)
    closed = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id", "closed"], name="former_state_once"
            )
        ]


class AttributeValue(Dated):
    """A value of a payee or thing that holds from a day: salary, hours, a list price."""

    kind = models.CharField(max_length=10, choices=SubjectKind)
    subject_id = models.BigIntegerField(default=0)  # 0: the business itself
    key = models.CharField(max_length=60)
    value = models.CharField(max_length=500)  # as text; the type is the catalogue's

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id", "key", "starts_on"],
                condition=Q(closed__isnull=True),
                name="one_value_from_a_day",
            )
        ]
        indexes = [
            models.Index(fields=["kind", "subject_id", "key"], name="value_of"),
        ]


class ExchangeRate(Dated):
    """What one unit of a currency is worth in another, on which days, and who says so.

    A rate without a last day holds for its day and, where no newer one is there, for
    the week after it, because banks publish none at weekends.
    """

    currency = models.CharField(max_length=3)
    into = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=24, decimal_places=12)
    source = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(rate__gt=0), name="exchange_rate_is_positive"
            ),
            models.CheckConstraint(
                condition=~Q(currency=F("into")), name="rate_between_two_currencies"
            ),
            models.UniqueConstraint(
                fields=["currency", "into", "starts_on"],
                condition=Q(closed__isnull=True),
                name="one_rate_from_a_day",
            ),
        ]
