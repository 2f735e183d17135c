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
    library_id = models.BigIntegerField(null=True)  # the library's plan it follows

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
    editor_ids = models.JSONField(default=list)  # users; none of them publishes it
    library_edition = models.PositiveIntegerField(null=True)  # what it was copied from
    # Of what its formulas read, when it was published: {"deal.fee": "money"}.
    field_types = models.JSONField(null=True)

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
    library_id = models.BigIntegerField(null=True)  # the library's table it follows
    library_edition = models.PositiveIntegerField(null=True)

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


class Preview(BusinessModel):
    """What a plan document would pay beside what is in force, computed and set apart.

    The one of a draft is what publishing consumes. A ghost is a whole period under a
    document that nobody but admins and finance sees. Neither is part of any total.
    """

    class Kind(models.TextChoices):
        IMPACT = "impact"
        GHOST = "ghost"

    class State(models.TextChoices):
        COMPUTING = "computing"
        READY = "ready"
        FAILED = "failed"

    kind = models.CharField(max_length=8, choices=Kind)
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="previews")
    version = models.ForeignKey(PlanVersion, models.SET_NULL, null=True)
    number = models.PositiveIntegerField()
    document = models.JSONField()
    sha256 = models.CharField(max_length=64)
    starts_on = models.DateField()
    period_slug = models.CharField(max_length=12, blank=True)  # of a ghost
    state = models.CharField(max_length=10, choices=State, default=State.COMPUTING)
    change = models.BigIntegerField(null=True)  # the inputs that it read
    summary = models.JSONField(default=dict)
    figures = models.CharField(max_length=64, blank=True)  # hash of now and after
    problem = models.TextField(blank=True)
    asked_by_id = models.BigIntegerField()
    asked_at = models.DateTimeField()
    computed_at = models.DateTimeField(null=True)
    job_id = models.UUIDField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["plan", "-id"], name="preview_of_plan")]


class PreviewedStatement(BusinessModel):
    """One payee's period in a preview: now, after, and the lines that differ."""

    preview = models.ForeignKey(Preview, models.CASCADE, related_name="statements")
    payee_id = models.BigIntegerField()
    payee_name = models.CharField(max_length=200)
    period_slug = models.CharField(max_length=12)
    is_frozen = models.BooleanField(default=False)
    is_changed = models.BooleanField(default=False)
    now = models.DecimalField(max_digits=19, decimal_places=4)
    after = models.DecimalField(max_digits=19, decimal_places=4)
    difference = models.DecimalField(max_digits=19, decimal_places=4)
    line_count = models.PositiveIntegerField(default=0)
    differ = models.PositiveIntegerField(default=0)
    lines = models.JSONField(default=list)
    # What they come to by component, where the lines that differ are too many to keep.
    parts = models.JSONField(null=True)
    failures = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["preview", "payee_id", "period_slug"],
                name="statement_once_in_a_preview",
            )
        ]


class PlanNotice(BusinessModel):
    """Somebody whom a published version pays is told of it by mail: once.

    The row is written with the publishing; whoever sends the mail says when.
    """

    version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="notices")
    user_id = models.BigIntegerField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "user_id"], name="told_once_of_a_version"
            )
        ]


class ParityResult(BusinessModel):
    """The last comparison with what was really paid; one row, each test replaces it."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    plan = models.ForeignKey(Plan, models.CASCADE, null=True)
    at = models.DateTimeField()
    by_id = models.BigIntegerField()
    result = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_parity_result")
        ]
