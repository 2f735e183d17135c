"""Plans as data: versions, rate tables, and who is on which plan when."""

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Q

from crm_sync.ledger.models import Payee
from tenants.schema import BusinessModel, Dated


class Plan(BusinessModel):
    """What pays; its rules are in its versions."""

    name = models.CharField(max_length=200, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    archived = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=TransactionNow())

    def __str__(self) -> str:
        return self.name


class PlanVersion(BusinessModel):
    """One state of a plan. A draft may be edited; a published one never changes.

    A published version is in force from `starts_on` until the next one starts, as known
    from change number `opened` on.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        PUBLISHED = "published"

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    document = models.JSONField()
    sha256 = models.CharField(max_length=64)
    starts_on = models.DateField(null=True)
    opened = models.BigIntegerField(null=True)
    edited_by_id = models.BigIntegerField(null=True)
    edited_at = models.DateTimeField()
    published_by_id = models.BigIntegerField(null=True)
    published_at = models.DateTimeField(null=True)
    # The lock of optimistic editing: a save names the revision that it was made from.
    edition = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="version_once"),
            models.UniqueConstraint(
                fields=["plan"], condition=Q(state="draft"), name="one_draft_of_a_plan"
            ),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(starts_on__isnull=False, opened__isnull=False),
                name="published_version_is_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"


class RateTable(BusinessModel):
    """Numbers that formulas name as `tiers.<key>`; kept once, used by many plans."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, default="tiers")  # tiers | keyed

    def __str__(self) -> str:
        return self.name


class RateTableRows(Dated):
    """The rows of a rate table that hold from a day."""

    table = models.ForeignKey(RateTable, models.PROTECT, related_name="rows")
    rows = models.JSONField()  # [{"from": "0", "rate": "0.06"}]
    reference = models.CharField(max_length=200, blank=True)  # clause of the document

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["table", "starts_on"],
                condition=Q(closed__isnull=True),
                name="rate_table_once_from_a_day",
            )
        ]


class Assignment(Dated):
    """A payee is on a plan from a day to a day, with their quota and other values."""

    payee = models.ForeignKey(Payee, models.PROTECT, related_name="assignments")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="assignments")
    values = models.JSONField(default=dict)  # {"quota": "90000.00"}

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payee", "plan", "starts_on"],
                condition=Q(closed__isnull=True),
                name="assignment_once_from_a_day",
            )
        ]
        indexes = [
            models.Index(
                fields=["plan"], condition=Q(closed__isnull=True), name="assigned_now"
            )
        ]
