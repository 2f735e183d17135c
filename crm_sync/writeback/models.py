"""What a business writes into a source, and each value: wanted, written, refused."""

from django.db import models
from django.db.models import Q

from tenants.schema import BusinessModel


class WriteBack(BusinessModel):
    """One field of a source's records that this business fills; off by default."""

    class Kind(models.TextChoices):
        COMMISSION = "commission"
        CUSTOMER_ID = "customer_id"  # a customer's id in another source

    class Payees(models.TextChoices):
        ALL = "all"
        OWNER = "owner"

    class Lines(models.TextChoices):
        LOCKED = "locked"  # of statements that are locked or paid
        LIVE = "live"  # what may still change as well

    class State(models.TextChoices):
        ON = "on"
        CLEARING = "clearing"  # turned off; what was written is being taken out
        OFF = "off"

    connection_id = models.BigIntegerField()
    object = models.CharField(max_length=60)
    path = models.CharField(max_length=200)
    label = models.CharField(max_length=200)  # of the source's field
    as_text = models.BooleanField(default=False)  # the field takes no number
    kind = models.CharField(max_length=12, choices=Kind)
    payees = models.CharField(max_length=6, choices=Payees, default=Payees.ALL)
    lines = models.CharField(max_length=6, choices=Lines, default=Lines.LOCKED)
    other_id = models.BigIntegerField(default=0)  # the connection whose ids are written
    state = models.CharField(max_length=10, choices=State, default=State.ON)
    mark = models.JSONField(default=dict)  # how far what is wanted was worked out
    problem = models.TextField(blank=True)
    hint = models.TextField(blank=True)
    stopped_at = models.DateTimeField(null=True)  # nothing is sent until later
    stopped_key = models.CharField(max_length=64, blank=True)  # digest of the key then
    last_written_at = models.DateTimeField(null=True)
    turned_on_by_id = models.BigIntegerField(null=True)
    turned_on_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection_id", "object", "path"],
                condition=~Q(state="off"),
                name="one_write_back_a_field",
            ),
            models.UniqueConstraint(
                fields=["connection_id", "object", "kind", "other_id"],
                condition=~Q(state="off"),
                name="one_write_back_of_a_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class WrittenValue(BusinessModel):
    """One record's value: what it should be, and what was sent last.

    The row is the outbox: it waits while the two differ. What is empty is "".
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        WRITTEN = "written"
        REFUSED = "refused"
        UNKNOWN = "unknown"  # what should be written cannot be told

    write_back = models.ForeignKey(WriteBack, models.CASCADE, related_name="values")
    external_id = models.CharField(max_length=200)
    entry_id = models.BigIntegerField()
    wanted = models.CharField(max_length=500, blank=True)
    written = models.CharField(max_length=500, null=True)  # empty: never known
    shown = models.CharField(max_length=500, null=True)  # what the source had last
    shown_version = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    tries = models.PositiveIntegerField(default=0)  # begun since the last success
    problem = models.TextField(blank=True)
    hint = models.TextField(blank=True)
    claimed_until = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    written_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["write_back", "external_id"], name="one_value_a_record"
            )
        ]
        indexes = [
            models.Index(fields=["write_back", "state"], name="value_by_state"),
        ]
