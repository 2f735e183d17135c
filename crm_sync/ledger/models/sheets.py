"""Large files of lists and facts, each entered by a job."""

from django.db import models

from tenants.schema import BusinessModel


class SentSheet(BusinessModel):
    """A file that a job enters, and what became of its rows."""

    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=120)
    text = models.TextField()
    was_workbook = models.BooleanField(default=False)
    list_name = models.CharField(max_length=120)
    list_url = models.CharField(max_length=300)
    job_id = models.UUIDField(null=True)
    entered_at = models.DateTimeField(null=True)  # business time; empty: not yet
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    columns = models.JSONField(default=list)
    refused = models.JSONField(default=list)  # line, cells and why of each
    made_by_id = models.BigIntegerField()
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField()  # business time
