"""The trail: one row for each thing somebody did; appended, sealed, never changed."""

from django.contrib.postgres.functions import TransactionNow
from django.db import models


class AuditRow(models.Model):
    """Who did what to which object, with its state before and after.

    Written in the transaction of the change. A sealer numbers committed rows without
    gaps for each business and chains their hashes within a minute.
    """

    at = models.DateTimeField(db_default=TransactionNow())
    business_time = models.DateTimeField()
    group_id = models.BigIntegerField(null=True)
    business_id = models.BigIntegerField(null=True)
    user_id = models.BigIntegerField(null=True)
    by = models.CharField(max_length=200)  # a name, or `sync`, `system`
    action = models.CharField(max_length=80)  # such as `runs.run.approved`
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    object_name = models.CharField(max_length=200)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=64, blank=True)
    sealed = models.BigIntegerField(null=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["business_id", "-id"], name="audit_business"),
            models.Index(
                fields=["business_id", "object_kind", "object_id"], name="audit_object"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["group_id", "business_id", "sealed"],
                condition=models.Q(sealed__isnull=False),
                nulls_distinct=False,
                name="audit_sealed_without_repeats",
            )
        ]
