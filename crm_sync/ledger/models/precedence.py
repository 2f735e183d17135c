"""Which source wins where several give the same record, and what each of them says."""

from django.db import models

from tenants.schema import BusinessModel


class Precedence(BusinessModel):
    """In what order sources count for an object; a new version for each change.

    `sources` is [{"connection", "name", "key"}], the first one first: `key` is the
    field by which its records are known as the same. None: every source counts.
    """

    object = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    sources = models.JSONField(default=list)
    fields = models.JSONField(default=dict)  # field → connection that is asked first
    made_by_id = models.BigIntegerField(null=True)
    made_by = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()  # business time

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["object", "version"], name="precedence_version_once"
            )
        ]


class Claim(BusinessModel):
    """What one source itself says of a record, before any source wins.

    Its entry says what counts. `state` is the whole of what a revision would say.
    """

    entry_id = models.BigIntegerField(unique=True)
    connection_id = models.BigIntegerField()
    object = models.CharField(max_length=60)
    key = models.CharField(max_length=200, blank=True)
    state = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["object", "key"], name="claim_key")]
