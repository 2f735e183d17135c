"""One business's ledger: entries, revisions, payees, and what was refused."""

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import F, Q

from tenants.schema import BusinessModel, Dated


class Change(BusinessModel):
    """One observed change of anything that a calculation reads; appended only.

    Numbers are dense and given under one lock that is held to commit, so that reading
    up to a number sees all that came before it, for ever.
    """

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()  # business time
    kind = models.CharField(max_length=30)  # deal, payee, plan, assignment, table, …
    words = models.TextField()  # `Whitcomb Dental: amount 43,750.00 → 41,250.00`
    source = models.TextField(blank=True)  # `edited in Close by Priya Nair`
    source_at = models.DateTimeField(null=True)
    entry_id = models.BigIntegerField(null=True)
    payee_id = models.BigIntegerField(null=True)
    by_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["entry_id"], name="change_entry")]


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


class FormerState(BusinessModel):
    """What was known of a payee or thing until a change; its own row says what is now.

    So a payee who never changed costs nothing, and every earlier change number still
    reads what was true for it.
    """

    kind = models.CharField(max_length=10, choices=SubjectKind)
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


class Entry(BusinessModel):
    """One normalized fact, as it stands now; its revisions hold how it came to that."""

    connection_id = models.BigIntegerField()
    object = models.CharField(max_length=60)
    external_id = models.CharField(max_length=200)
    name = models.CharField(max_length=300)
    occurred_on = models.DateField(null=True)
    counts = models.BooleanField(default=False)
    status = models.CharField(max_length=100, blank=True)
    amount = models.DecimalField(max_digits=19, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    product = models.CharField(max_length=200, blank=True)
    territory = models.CharField(max_length=200, blank=True)
    owner = models.ForeignKey(Payee, models.PROTECT, null=True, related_name="entries")
    version = models.CharField(max_length=64)  # the source's, sortable
    deleted = models.BooleanField(default=False)
    changed = models.BigIntegerField()  # number of its last change
    source_url = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection_id", "object", "external_id"], name="entry_once"
            )
        ]
        indexes = [
            models.Index(fields=["object", "-occurred_on", "-id"], name="entry_list"),
            models.Index(fields=["owner", "-occurred_on"], name="entry_owner"),
        ]

    def __str__(self) -> str:
        return self.name


class Revision(BusinessModel):
    """One observed version of an entry; appended, and closed once by the next."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="revisions")
    opened = models.BigIntegerField()
    closed = models.BigIntegerField(null=True)
    name = models.CharField(max_length=300)
    occurred_on = models.DateField(null=True)
    counts = models.BooleanField(default=False)
    reversed_on = models.DateField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    values = models.JSONField()  # our key → text, types from the catalogue
    credits = models.JSONField(
        default=list
    )  # [{"payee": id, "role": …, "share": "0.5"}]
    version = models.CharField(max_length=64)
    payload = models.JSONField()  # the source's own
    deleted = models.BooleanField(default=False)
    mapping_id = models.BigIntegerField(null=True)
    seen_at = models.DateTimeField()  # business time

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "opened"], name="revision_once"),
            models.UniqueConstraint(
                fields=["entry"],
                condition=Q(closed__isnull=True),
                name="one_current_revision",
            ),
        ]


class Credit(BusinessModel):
    """A payee's share of an entry, current and past; the way in for calculations.

    One row for each credit of each revision, so that the entries of one payee are
    found by index without opening every revision.
    """

    entry_id = models.BigIntegerField()
    payee_id = models.BigIntegerField()
    role = models.CharField(max_length=12)
    share = models.DecimalField(max_digits=9, decimal_places=8)
    occurred_on = models.DateField(null=True)
    opened = models.BigIntegerField()
    closed = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["payee_id", "occurred_on"], name="credit_payee"),
            models.Index(fields=["entry_id", "opened"], name="credit_entry"),
        ]


class RefusedRecord(BusinessModel):
    """A source record that could not become an entry, and what it may hold up."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RESOLVED = "resolved"
        IGNORED = "ignored"

    connection_id = models.BigIntegerField()
    object = models.CharField(max_length=60)
    external_id = models.CharField(max_length=200)
    version = models.CharField(max_length=64)
    name = models.CharField(max_length=300, blank=True)
    code = models.CharField(max_length=30)  # groups the same reason
    field = models.CharField(max_length=60)
    reason = models.TextField()
    detail = models.CharField(max_length=200, blank=True)  # such as the user's e-mail
    payload = models.JSONField()
    amount = models.DecimalField(max_digits=19, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    occurred_on = models.DateField(null=True)  # its day, where that could be read
    held_up = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    ignored_because = models.TextField(blank=True)
    ignored_by_id = models.BigIntegerField(null=True)
    tries = models.PositiveIntegerField(default=1)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection_id", "object", "external_id"], name="refused_once"
            )
        ]
        indexes = [models.Index(fields=["state", "code"], name="refused_state")]
