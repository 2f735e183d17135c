"""Which business a record of a shared source belongs to, and where it went."""

from django.db import models

from crm_sync.connections.models.sources import Connection


class Route(models.Model):
    """Records whose field has this value belong to this business."""

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="routes")
    path = models.CharField(max_length=200)
    value = models.CharField(max_length=200)
    business_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "path", "value"], name="route_once"
            )
        ]


class RouteTable(models.Model):
    """All routes of a connection at once: tried first, then a version in force.

    `Route` holds the rows of the newest version. A table that was only tried has no
    version; `figures` is what the trial said, and `seen` how the ledgers stood then.
    """

    class State(models.TextChoices):
        COMPUTING = "computing"
        READY = "ready"
        FAILED = "failed"
        SAVED = "saved"

    connection = models.ForeignKey(
        Connection, models.PROTECT, related_name="route_tables"
    )
    state = models.CharField(max_length=10, choices=State, default=State.COMPUTING)
    version = models.PositiveIntegerField(null=True)
    based_on = models.PositiveIntegerField(default=0)  # the version in force then
    path = models.CharField(max_length=200)
    values = models.JSONField()  # value of the field → business
    figures = models.JSONField(default=dict)
    seen = models.JSONField(default=dict)
    problem = models.TextField(blank=True)
    job_id = models.UUIDField(null=True)
    made_by_id = models.BigIntegerField(null=True)
    made_by = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()  # business time

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "version"], name="route_table_version_once"
            )
        ]


class UnroutedRecord(models.Model):
    """A record that no route sends anywhere; tried again on each sync."""

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="unrouted")
    object = models.CharField(max_length=60)
    external_id = models.CharField(max_length=200)
    version = models.CharField(max_length=64)
    payload = models.JSONField()
    reason = models.TextField()
    name = models.CharField(max_length=300, blank=True)
    amount = models.DecimalField(max_digits=19, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "object", "external_id"], name="unrouted_once"
            )
        ]


class Home(models.Model):
    """Where a record of a shared connection lives now, so that a move is seen."""

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="homes")
    object = models.CharField(max_length=60)
    external_id = models.CharField(max_length=200)
    business_id = models.BigIntegerField()
    version = models.CharField(max_length=64)  # a replay of an older one moves nothing
    value = models.CharField(max_length=200, blank=True)  # of the field that routes it

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "object", "external_id"], name="home_once"
            )
        ]


class Move(models.Model):
    """A record that has left one business, and the business that it has entered.

    Written with the entries of both. `taken` and `given` are what counted there before
    and counts here now; a record that is refused here, or goes nowhere, gives nothing.
    """

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="moves")
    object = models.CharField(max_length=60)
    external_id = models.CharField(max_length=200)
    version = models.CharField(max_length=64)
    name = models.CharField(max_length=300, blank=True)
    from_business_id = models.BigIntegerField()
    from_entry_id = models.BigIntegerField(null=True)
    to_business_id = models.BigIntegerField(null=True)
    to_entry_id = models.BigIntegerField(null=True)
    taken = models.DecimalField(max_digits=19, decimal_places=4, null=True)
    taken_currency = models.CharField(max_length=3, blank=True)
    given = models.DecimalField(max_digits=19, decimal_places=4, null=True)
    given_currency = models.CharField(max_length=3, blank=True)
    why = models.TextField(blank=True)
    moved_at = models.DateTimeField()  # business time

    class Meta:
        indexes = [
            models.Index(fields=["from_business_id", "-id"], name="move_from"),
            models.Index(fields=["to_business_id", "-id"], name="move_to"),
            models.Index(fields=["connection", "-id"], name="move_recent"),
        ]
