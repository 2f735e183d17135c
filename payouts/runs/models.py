"""Payout runs: what finance prepares, approves, exports and marks as paid."""

from decimal import Decimal

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Q

from commissions.statements.models import MONEY, PayPeriod
from crm_sync.ledger.models import Payee
from tenants.schema import BusinessModel


class PayoutRun(BusinessModel):
    """One batch of payouts with a frozen snapshot."""

    class State(models.TextChoices):
        DRAFT = "draft"
        IN_REVIEW = "in_review"
        APPROVED = "approved"
        EXPORTED = "exported"
        PAID = "paid"
        CLOSED = "closed"
        VOID = "void"

    number = models.PositiveIntegerField(unique=True)
    period = models.ForeignKey(PayPeriod, models.PROTECT, related_name="payout_runs")
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    change = models.BigIntegerField()  # the inputs that it froze
    version = models.PositiveIntegerField(default=1)  # moves with every decision
    total = models.DecimalField(default=0, **MONEY)
    prepared_by_id = models.BigIntegerField(null=True)
    prepared_at = models.DateTimeField()
    approved_by_id = models.BigIntegerField(null=True)
    approved_at = models.DateTimeField(null=True)
    second_approved_by_id = models.BigIntegerField(null=True)
    second_approved_at = models.DateTimeField(null=True)
    exported_at = models.DateTimeField(null=True)
    paid_on = models.DateField(null=True)
    bank_reference = models.CharField(max_length=100, blank=True)
    solo = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["period"],
                condition=~Q(state="void"),
                name="one_live_run_a_period",
            ),
            models.CheckConstraint(
                condition=Q(solo=True)
                | Q(approved_by_id__isnull=True)
                | Q(prepared_by_id__isnull=True)
                | ~Q(approved_by_id=models.F("prepared_by_id")),
                name="nobody_approves_what_they_prepared",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.number}"


class Payout(BusinessModel):
    """One payee's amount in a payout run."""

    class State(models.TextChoices):
        READY = "ready"
        HELD = "held"
        REJECTED = "rejected"
        APPROVED = "approved"
        SENT = "sent"
        PAID = "paid"
        RETURNED = "returned"
        CARRIED = "carried"  # negative: taken off the next run

    run = models.ForeignKey(PayoutRun, models.PROTECT, related_name="payouts")
    payee = models.ForeignKey(Payee, models.PROTECT, related_name="payouts")
    amount = models.DecimalField(**MONEY)  # net of what was carried in
    carried_in = models.DecimalField(default=0, **MONEY)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State, default=State.READY)
    flags = models.JSONField(default=list)  # [{"code", "words", "severity", "link"}]
    average = models.DecimalField(null=True, **MONEY)  # of the last six payouts
    reason = models.TextField(blank=True)  # of a hold, a rejection, a return
    decided_by_id = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    paid_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "payee"], name="payout_once"),
            models.CheckConstraint(
                condition=Q(amount__gte=0) | Q(state__in=["carried", "ready", "held"]),
                name="no_negative_payout_is_paid",
            ),
        ]

    @property
    def look(self) -> str:
        """Return the state by the name under which pages know it."""
        return "carried_forward" if self.state == self.State.CARRIED else self.state

    @property
    def change(self) -> Decimal | None:
        """Return by how much it differs from the payee's own average, as a ratio."""
        if not self.average:
            return None
        ratio = self.amount / self.average - 1
        return ratio.quantize(Decimal("0.01")) + 0  # never a negative zero


class PayoutItem(BusinessModel):
    """A line in a payout; a line is in at most one live payout.

    Without a line: what an earlier run settled with somebody else, as one person.
    """

    payout = models.ForeignKey(Payout, models.PROTECT, related_name="items")
    line_id = models.BigIntegerField(null=True)
    # Whose the line is, where that is another payee: one who was merged into this one.
    of_payee_id = models.BigIntegerField(null=True)
    amount = models.DecimalField(**MONEY)
    live = models.BooleanField(default=True)  # no once its payout is given up

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["line_id"], condition=Q(live=True), name="line_paid_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["payout"],
                condition=Q(of_payee_id__isnull=False) | Q(line_id__isnull=True),
                name="item_of_somebody_else",
            )
        ]


class PayoutEvent(BusinessModel):
    """What happened to a run or a payout in it; appended only."""

    run = models.ForeignKey(PayoutRun, models.PROTECT, related_name="events")
    payout = models.ForeignKey(Payout, models.PROTECT, null=True)
    kind = models.CharField(max_length=30)
    by_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    note = models.TextField(blank=True)
    total = models.DecimalField(null=True, **MONEY)


class Hold(BusinessModel):
    """A person's decision that a line is not to be paid yet."""

    line_id = models.BigIntegerField()
    reason = models.TextField()
    held_by_id = models.BigIntegerField()
    held_at = models.DateTimeField()
    released_by_id = models.BigIntegerField(null=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["line_id"],
                condition=Q(released_at__isnull=True),
                name="one_hold_a_line",
            )
        ]


class ExportFile(BusinessModel):
    """A file that was made for a run; a second one voids the first."""

    run = models.ForeignKey(PayoutRun, models.PROTECT, related_name="files")
    number = models.PositiveIntegerField()
    format = models.CharField(max_length=30)
    name = models.CharField(max_length=120)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    total = models.DecimalField(**MONEY)
    reason = models.TextField(blank=True)
    void = models.BooleanField(default=False)
    made_by_id = models.BigIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="export_once"),
            models.UniqueConstraint(
                fields=["run"], condition=Q(void=False), name="one_live_export"
            ),
        ]


class BankDetails(BusinessModel):
    """Where a payee is paid; the number is sealed and only its end is readable."""

    payee = models.OneToOneField(Payee, models.PROTECT, related_name="bank_details")
    holder = models.CharField(max_length=140)
    sealed = models.BinaryField()
    hint = models.CharField(max_length=8)
    changed_at = models.DateTimeField()
    changed_by_id = models.BigIntegerField(null=True)


class IdempotencyKey(BusinessModel):
    """The answer that a money request was given, kept for its repeats."""

    key = models.CharField(max_length=100, primary_key=True)
    user_id = models.BigIntegerField()
    path = models.CharField(max_length=300)
    body_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    location = models.CharField(max_length=500, blank=True)
    answer = models.TextField(blank=True)
    made_at = models.DateTimeField(db_default=TransactionNow())
