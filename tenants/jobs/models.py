"""The job table: the record of long work; the queue only carries it."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Job(models.Model):
    """One piece of long work, written in the same transaction as its cause."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"  # a person can mend it: the message says how
        PARKED = "parked"  # it died three times; an operator must look
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(max_length=40)
    group_id = models.BigIntegerField(null=True)
    business_id = models.BigIntegerField(null=True)
    arguments = models.JSONField(default=dict)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    # A key that only one live job may hold, such as `recalculate`; empty = none.
    only_one = models.CharField(max_length=100, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="parts")
    attempt = models.PositiveIntegerField(default=0)
    deaths = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    run_after = models.DateTimeField(db_default=Now())
    step = models.CharField(max_length=200, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict)
    problem = models.TextField(blank=True)
    hint = models.TextField(blank=True)
    cancel_asked = models.BooleanField(default=False)
    started_by_id = models.BigIntegerField(null=True)
    # The statement's time: jobs that one transaction asks for keep their order.
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["run_after"],
                condition=Q(state__in=["queued", "running"]),
                name="job_live",
            ),
            models.Index(fields=["business_id", "-created_at"], name="job_business"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["group_id", "business_id", "kind", "only_one"],
                condition=Q(state="queued") & ~Q(only_one=""),
                nulls_distinct=False,
                name="job_waits_once_for_its_key",
            )
        ]

    def __str__(self) -> str:
        return self.title
