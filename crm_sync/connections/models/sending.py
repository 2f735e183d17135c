"""Where sources send to, what they sent, and what they may send."""

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Q

from crm_sync.connections.models.sources import Connection


class Endpoint(models.Model):
    """An address to which a source sends, and the secret by which it is believed."""

    class State(models.TextChoices):
        NEW = "new"  # the source was not told yet
        ACTIVE = "active"
        PAUSED = "paused"
        REFUSED = "refused"  # the source takes no subscription from this key

    connection = models.OneToOneField(
        Connection, models.PROTECT, related_name="endpoint"
    )
    code = models.CharField(max_length=64, unique=True)  # the end of its address
    client_id = models.CharField(max_length=64, blank=True)
    secret = models.BinaryField(default=bytes)  # sealed
    # For a day after the secret was changed, what is signed with the old one counts.
    old_secret = models.BinaryField(default=bytes)
    old_secret_until = models.DateTimeField(null=True)
    external_id = models.CharField(max_length=100, blank=True)  # of the subscription
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    problem = models.TextField(blank=True)
    made_at = models.DateTimeField(db_default=TransactionNow())
    checked_at = models.DateTimeField(null=True)
    last_event_at = models.DateTimeField(null=True)
    refused = models.PositiveIntegerField(default=0)  # forged or unreadable, in all

    def __str__(self) -> str:
        return self.code


class Delivery(models.Model):
    """One event that was sent to an endpoint, and what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        IGNORED = "ignored"  # about nothing that is read here
        FAILED = "failed"
        REFUSED = "refused"  # forged, stale, too large, or not of the schema

    endpoint = models.ForeignKey(Endpoint, models.PROTECT, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    verified = models.BooleanField(default=False)
    event_id = models.CharField(max_length=100, blank=True)
    version = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=100, blank=True)  # `opportunity updated`
    object = models.CharField(max_length=60, blank=True)  # ours; empty: all
    external_id = models.CharField(max_length=200, blank=True)
    deleted = models.BooleanField(default=False)
    by = models.CharField(max_length=100, blank=True)
    happened_at = models.DateTimeField(null=True)
    data = models.JSONField(default=dict)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    received_at = models.DateTimeField()  # business time
    repeats = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    result = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)
    took_ms = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "event_id", "version"],
                condition=Q(verified=True) & ~Q(event_id=""),
                name="event_once",
            )
        ]
        indexes = [
            models.Index(fields=["endpoint", "-id"], name="delivery_recent"),
            models.Index(
                fields=["endpoint"],
                condition=Q(state="waiting"),
                name="delivery_waiting",
            ),
        ]


class ObjectSchema(models.Model):
    """What an inbound webhook may send of one object; a new version for each change."""

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="schemas")
    object = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    fields = models.JSONField()  # {path: {"type", "required"}}
    sample = models.JSONField(default=dict)
    made_by_id = models.BigIntegerField(null=True)
    made_at = models.DateTimeField(db_default=TransactionNow())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "object", "version"], name="schema_version_once"
            )
        ]
