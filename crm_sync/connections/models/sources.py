"""Connections, what their sources offer, mappings, files, and what a sync did."""

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Q


class Connection(models.Model):
    """A source that feeds one business, or several of a group by routes."""

    class State(models.TextChoices):
        NEW = "new"
        ACTIVE = "active"
        PAUSED = "paused"
        REFUSED = "refused"  # the source does not accept the key
        REMOVED = "removed"

    group_id = models.BigIntegerField()
    business_id = models.BigIntegerField(null=True)  # empty: shared, see routes
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    base_url = models.CharField(max_length=500, blank=True)
    secret = models.BinaryField(default=bytes)  # sealed, see connections/secrets.py
    secret_hint = models.CharField(max_length=8, blank=True)  # its last characters
    options = models.JSONField(default=dict)
    record_url = models.CharField(max_length=500, blank=True)  # template for people
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    expected_every = models.PositiveIntegerField(default=900)  # seconds
    cursors = models.JSONField(default=dict)  # object → cursor of the source
    organisation = models.CharField(max_length=200, blank=True)
    last_success_at = models.DateTimeField(null=True)
    last_new_data_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    problem_hint = models.TextField(blank=True)
    problem_since = models.DateTimeField(null=True)
    warnings = models.JSONField(default=list)
    created_by_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(db_default=TransactionNow())

    class Meta:
        indexes = [models.Index(fields=["group_id"], name="connection_group")]

    def __str__(self) -> str:
        return self.name


class SourceUser(models.Model):
    """A person in the source's directory; ex-members are kept as inactive."""

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="users")
    external_id = models.CharField(max_length=100)
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=254, blank=True)
    active = models.BooleanField(default=True)
    role = models.CharField(max_length=100, blank=True)  # in the source's words
    groups = models.JSONField(default=list)  # names of the source's groups

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "external_id"], name="source_user_once"
            )
        ]


class SourceField(models.Model):
    """A field that the source offers for an object, with where its value stands."""

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="fields")
    object = models.CharField(max_length=60)
    path = models.CharField(max_length=200)
    label = models.CharField(max_length=200)
    type = models.CharField(max_length=20)
    choices = models.JSONField(default=list)
    vanished_at = models.DateTimeField(null=True)
    was_type = models.CharField(max_length=20, blank=True)  # before it changed
    retyped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "object", "path"], name="source_field_once"
            )
        ]


class Mapping(models.Model):
    """Which source field fills which of our fields; a new version for each change.

    The group's default has no business; a business's own wins over it. `document` is as
    in connections/mapping.py: {our key: {"source", "type", "transform", …}}.
    """

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="mappings")
    business_id = models.BigIntegerField(null=True)
    object = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    document = models.JSONField()
    made_by_id = models.BigIntegerField(null=True)
    made_at = models.DateTimeField(db_default=TransactionNow())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "business_id", "object", "version"],
                nulls_distinct=False,
                name="mapping_version_once",
            )
        ]


class Upload(models.Model):
    """A file that somebody sent: looked at first, then committed or left."""

    class State(models.TextChoices):
        LOOKED_AT = "looked at"
        COMMITTED = "committed"
        LEFT = "left"

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="uploads")
    business_id = models.BigIntegerField()
    object = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.LOOKED_AT)
    refused = models.JSONField(default=list)  # [{"row", "id", "field", "reason"}]
    preview = models.JSONField(default=dict)  # what was seen last; empty: nothing yet
    job_id = models.UUIDField(null=True)  # a large file's last look, or its commit
    made_by_id = models.BigIntegerField(null=True)
    made_by = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()  # business time; the later upload wins


class SyncRun(models.Model):
    """One reading of a source, with its counts."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        PARTIAL = "partial"
        FAILED = "failed"

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="syncs")
    kind = models.CharField(max_length=12)  # first, changes, file, compare
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    job_id = models.UUIDField(null=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    read = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    deleted = models.PositiveIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0)
    waited_ms = models.PositiveIntegerField(default=0)
    log = models.JSONField(default=list)
    problem = models.TextField(blank=True)
    told_at = models.DateTimeField(null=True)  # the mail that it has ended

    class Meta:
        indexes = [
            models.Index(fields=["connection", "-started_at"], name="sync_run_recent"),
            models.Index(
                fields=["connection"],
                condition=Q(state="running"),
                name="sync_run_running",
            ),
        ]
