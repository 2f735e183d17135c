"""A group's shelf of plans and rate tables, in `public`: copies, never the originals.

A business takes a copy and remembers which edition it took. Nothing here pays anybody,
and no business's schema is read by another.
"""

from django.db import models

from tenants.accounts.models import Group


class LibraryPlan(models.Model):
    """A plan that a business of the group put on the shelf."""

    group = models.ForeignKey(Group, models.PROTECT, related_name="library_plans")
    name = models.CharField(max_length=200)
    edition = models.PositiveIntegerField(default=1)
    document = models.JSONField()
    sha256 = models.CharField(max_length=64)
    from_business = models.CharField(max_length=200)
    from_version = models.PositiveIntegerField()
    put_by_id = models.BigIntegerField()
    put_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "name"], name="library_plan_once_in_a_group"
            )
        ]

    def __str__(self) -> str:
        return self.name


class LibraryTable(models.Model):
    """A rate table of the group, with all its dated rows."""

    group = models.ForeignKey(Group, models.PROTECT, related_name="library_tables")
    key = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)
    edition = models.PositiveIntegerField(default=1)
    # [{"starts_on": "2026-01-01", "ends_on": "", "reference": "", "rows": [...]}]
    dated_rows = models.JSONField()
    sha256 = models.CharField(max_length=64)
    from_business = models.CharField(max_length=200)
    put_by_id = models.BigIntegerField()
    put_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "key"], name="library_table_once_in_a_group"
            )
        ]

    def __str__(self) -> str:
        return self.name
