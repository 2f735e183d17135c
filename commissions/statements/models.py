"""Periods, runs, statements, lines, and the causes of every change of a cent."""

from typing import Any

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import F, Q

from crm_sync.ledger.models import Payee
from tenants.schema import BusinessModel

MONEY: Any = {"max_digits": 19, "decimal_places": 4}


class PayPeriod(BusinessModel):
    """A period of the business's pay calendar; made when it is first needed."""

    class State(models.TextChoices):
        OPEN = "open"
        LOCKED = "locked"

    slug = models.CharField(max_length=12, unique=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    pays_on = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    locked_at = models.DateTimeField(null=True)
    locked_by_id = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return self.slug


class Run(BusinessModel):
    """One calculation of some statements; `change` is the inputs that it read."""

    trigger = models.CharField(max_length=200)
    change = models.BigIntegerField()
    at = models.DateTimeField()  # business time
    evaluator = models.CharField(max_length=20)
    statements = models.PositiveIntegerField(default=0)
    opened_lines = models.PositiveIntegerField(default=0)
    closed_lines = models.PositiveIntegerField(default=0)
    job_id = models.UUIDField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-at"], name="run_recent")]


class Statement(BusinessModel):
    """One payee, one period, all plans."""

    class State(models.TextChoices):
        OPEN = "open"
        IN_REVIEW = "in_review"
        LOCKED = "locked"
        PAID = "paid"

    payee = models.ForeignKey(Payee, models.PROTECT, related_name="statements")
    period = models.ForeignKey(PayPeriod, models.PROTECT, related_name="statements")
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    change = models.BigIntegerField(default=0)  # inputs of its last calculation
    total = models.DecimalField(default=0, **MONEY)
    waiting = models.DecimalField(default=0, **MONEY)
    payable = models.DecimalField(default=0, **MONEY)
    failures = models.PositiveIntegerField(default=0)
    tiers = models.JSONField(default=list)  # those passed, see reached.py
    # The total in the currency that the plan settles in, with its rate, and the
    # credits that the payee was not allowed, with why.
    settled = models.JSONField(null=True)
    credits_left_out = models.JSONField(default=list)
    # On what the lines rest: where each measure stood before the period, who worked
    # them out, up to which change. Empty where that was not noted.
    basis = models.JSONField(null=True)
    calculated_at = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(null=True)
    document = models.JSONField(null=True)  # canonical, once locked
    sha256 = models.CharField(max_length=64, blank=True)
    viewed_at = models.DateTimeField(null=True)  # by the payee
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payee", "period"], name="one_statement_a_period"
            ),
            models.CheckConstraint(
                condition=Q(total=F("waiting") + F("payable")),
                name="statement_parts_add_up",
            ),
        ]
        indexes = [models.Index(fields=["period", "-total"], name="statement_period")]

    @property
    def look(self) -> str:
        """Return its state as pages show it: what came to a locked period is locked."""
        return self.period.state if self.state == self.State.OPEN else self.state


class Line(BusinessModel):
    """One amount on a statement; opened by a run and closed once by a later one.

    No foreign keys: `verify_ledger` checks what they would, and writing stays fast.
    """

    class Kind(models.TextChoices):
        EARNING = "earning"
        ADJUSTMENT = "adjustment"
        CLAWBACK = "clawback"
        DEDUCTION = "deduction"

    payee_id = models.BigIntegerField()
    period_id = models.BigIntegerField()
    version_id = models.BigIntegerField(null=True)  # empty for adjustments
    component = models.CharField(max_length=60)
    component_name = models.CharField(max_length=200)
    entry_id = models.BigIntegerField(default=0)
    role = models.CharField(max_length=12, blank=True)
    adjustment_id = models.BigIntegerField(default=0)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.EARNING)
    share = models.DecimalField(max_digits=9, decimal_places=8, null=True)
    base = models.DecimalField(null=True, **MONEY)
    amount = models.DecimalField(**MONEY)
    currency = models.CharField(max_length=3)
    waiting_for = models.CharField(max_length=100, blank=True)
    failed = models.TextField(blank=True)
    earned_on = models.DateField()
    opened_run = models.BigIntegerField()
    closed_run = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "payee_id",
                    "period_id",
                    "component",
                    "version_id",
                    "entry_id",
                    "role",
                    "adjustment_id",
                ],
                condition=Q(closed_run__isnull=True),
                nulls_distinct=False,
                name="one_live_line_of_a_kind",
            )
        ]
        indexes = [
            models.Index(fields=["payee_id", "period_id"], name="line_statement"),
            models.Index(fields=["entry_id"], name="line_entry"),
        ]


class Cause(BusinessModel):
    """Why a run changed a line, by how much; the causes of a run add up to its change."""

    run_id = models.BigIntegerField()
    change_number = models.BigIntegerField(null=True)  # empty: the first calculation
    payee_id = models.BigIntegerField()
    period_id = models.BigIntegerField()
    component = models.CharField(max_length=60)
    component_name = models.CharField(max_length=200)
    entry_id = models.BigIntegerField(default=0)
    effect = models.DecimalField(**MONEY)
    knock_on = models.BooleanField(default=False)
    words = models.TextField(blank=True)
    at = models.DateTimeField()  # the run's business time

    class Meta:
        indexes = [
            models.Index(fields=["payee_id", "period_id", "run_id"], name="cause_of"),
            models.Index(fields=["entry_id"], name="cause_entry"),
        ]


class StoredMeasure(BusinessModel):
    """What crosses payees or periods: a payee's named total of a period."""

    payee_id = models.BigIntegerField()
    period_slug = models.CharField(max_length=12)
    name = models.CharField(max_length=200)  # `<plan>/<measure>`, `…[<for what>]`
    value = models.DecimalField(max_digits=24, decimal_places=6)
    opened_run = models.BigIntegerField()
    closed_run = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payee_id", "period_slug", "name"],
                condition=Q(closed_run__isnull=True),
                name="one_live_measure",
            )
        ]
        indexes = [
            # What gathers from other payees asks by name, and which rows are new.
            models.Index(fields=["name", "period_slug"], name="measure_named"),
            models.Index(fields=["opened_run"], name="measure_of_run"),
            models.Index(
                fields=["closed_run"],
                condition=Q(closed_run__isnull=False),
                name="measure_closed_by",
            ),
        ]


class OpeningBalance(BusinessModel):
    """What a measure stood at when a payee began here: sold, paid, owed to date.

    It counts in every window that holds the payee's first day on the plan.
    """

    payee = models.ForeignKey(Payee, models.PROTECT, related_name="opening_balances")
    plan_id = models.BigIntegerField()
    measure = models.CharField(max_length=100)
    value = models.DecimalField(max_digits=24, decimal_places=6)
    as_of = models.DateField()  # the day before the first one here
    opened = models.BigIntegerField()
    closed = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payee", "plan_id", "measure"],
                condition=Q(closed__isnull=True),
                name="one_opening_balance",
            )
        ]


class CalculationState(BusinessModel):
    """How far the business is calculated: one row, the highest change that was read."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    change = models.BigIntegerField(default=0)
    at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_calculation_state")
        ]


class Adjustment(BusinessModel):
    """An amount that a person or a late change adds; survives every recalculation.

    Dated by change numbers like everything that a calculation reads. An adjustment is
    undone by another one, never edited.
    """

    class Kind(models.TextChoices):
        MANUAL = "manual"
        LATE_CHANGE = "late_change"
        CLAWBACK = "clawback"

    payee = models.ForeignKey(Payee, models.PROTECT, related_name="adjustments")
    period = models.ForeignKey(PayPeriod, models.PROTECT, related_name="adjustments")
    kind = models.CharField(max_length=12, choices=Kind)
    amount = models.DecimalField(**MONEY)
    currency = models.CharField(max_length=3)
    reason = models.TextField()
    entry_id = models.BigIntegerField(null=True)
    # The line that it takes back or corrects, and that line's period.
    line_id = models.BigIntegerField(null=True)
    corrects_period = models.CharField(max_length=12, blank=True)
    component = models.CharField(max_length=60, blank=True)
    # The adjustment that this one takes back; none is taken back twice.
    undoes = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="undone_by"
    )
    made_by_id = models.BigIntegerField(null=True)  # empty: the product itself
    made_at = models.DateTimeField()
    opened = models.BigIntegerField()
    closed = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(amount=0), name="adjustment_is_not_zero"
            )
        ]


class Proposal(BusinessModel):
    """What a late change would alter in a frozen statement; posted or declined once."""

    class State(models.TextChoices):
        WAITING = "waiting"
        POSTED = "posted"
        DECLINED = "declined"
        REPLACED = "replaced"

    payee = models.ForeignKey(Payee, models.PROTECT, related_name="proposals")
    period = models.ForeignKey(PayPeriod, models.PROTECT, related_name="proposals")
    component = models.CharField(max_length=60)
    component_name = models.CharField(max_length=200)
    version_id = models.BigIntegerField(null=True)
    entry_id = models.BigIntegerField(default=0)
    role = models.CharField(max_length=12, blank=True)
    line_id = models.BigIntegerField(null=True)
    frozen = models.DecimalField(**MONEY)
    current = models.DecimalField(**MONEY)
    amount = models.DecimalField(**MONEY)  # current − frozen − already posted
    currency = models.CharField(max_length=3)
    clawback = models.BooleanField(default=False)
    change_number = models.BigIntegerField()
    words = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    adjustment = models.ForeignKey(Adjustment, models.PROTECT, null=True)
    decided_by_id = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payee", "period", "component", "entry_id", "role"],
                condition=Q(state="waiting"),
                name="one_waiting_proposal_a_line",
            )
        ]


class Release(BusinessModel):
    """The day a gate opened for a line of a frozen statement."""

    line_id = models.BigIntegerField(unique=True)
    payee_id = models.BigIntegerField()
    change_number = models.BigIntegerField()
    released_on = models.DateField()


class Dispute(BusinessModel):
    """A payee questions a line; decided by somebody else."""

    class State(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"

    payee = models.ForeignKey(Payee, models.PROTECT, related_name="disputes")
    line_id = models.BigIntegerField()
    reason = models.CharField(max_length=30)
    note = models.TextField()
    computed = models.DecimalField(**MONEY)
    claimed = models.DecimalField(null=True, **MONEY)
    currency = models.CharField(max_length=3)
    receipt = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    answer = models.TextField(blank=True)
    adjustment = models.ForeignKey(Adjustment, models.PROTECT, null=True)
    opened_by_id = models.BigIntegerField()
    opened_at = models.DateTimeField()
    due_on = models.DateField()
    decided_by_id = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=TransactionNow())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["line_id"], condition=Q(state="open"), name="one_open_dispute"
            )
        ]
