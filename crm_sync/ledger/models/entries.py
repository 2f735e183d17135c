"""Changes, entries with their revisions and credits, and what was refused."""

from django.db import models
from django.db.models import Q

from crm_sync.ledger.models.people import Payee
from tenants.schema import BusinessModel


class Change(BusinessModel):
    """One observed change of anything that a calculation reads; appended only.

    Numbers are dense and given under one lock that is held to commit, so that reading
    up to a number sees all that came before it, for ever.
    """

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()  # business time
    kind = models.CharField(max_length=30)  # deal, payee, plan, assignment, table, …
    words = models.TextField()  # `Whitcomb Dental: amount 43,750.00 → 41,250.00`
    source = models.TextField(blank=True)  # `edited in Close by Priya Nair`
    source_at = models.DateTimeField(null=True)
    entry_id = models.BigIntegerField(null=True)
    payee_id = models.BigIntegerField(null=True)
    by_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["entry_id"], name="change_entry")]


class Entry(BusinessModel):
    """One normalized fact, as it stands now; its revisions hold how it came to that."""

    connection_id = models.BigIntegerField()
    object = models.CharField(max_length=60)
    external_id = models.CharField(max_length=200)
    name = models.CharField(max_length=300)
    occurred_on = models.DateField(null=True)
    counts = models.BooleanField(default=False)
    status = models.CharField(max_length=100, blank=True)
    amount = models.DecimalField(max_digits=19, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    product = models.CharField(max_length=200, blank=True)
    territory = models.CharField(max_length=200, blank=True)
    owner = models.ForeignKey(Payee, models.PROTECT, null=True, related_name="entries")
    version = models.CharField(max_length=64)  # the source's, sortable
    deleted = models.BooleanField(default=False)
    changed = models.BigIntegerField()  # number of its last change
    source_url = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection_id", "object", "external_id"], name="entry_once"
            )
        ]
        indexes = [
            models.Index(fields=["object", "-occurred_on", "-id"], name="entry_list"),
            models.Index(fields=["owner", "-occurred_on"], name="entry_owner"),
        ]

    def __str__(self) -> str:
        return self.name


class Revision(BusinessModel):
    """One observed version of an entry; appended, and closed once by the next."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="revisions")
    opened = models.BigIntegerField()
    closed = models.BigIntegerField(null=True)
    name = models.CharField(max_length=300)
    occurred_on = models.DateField(null=True)
    counts = models.BooleanField(default=False)
    reversed_on = models.DateField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    values = models.JSONField()  # our key → text, types from the catalogue
    credits = models.JSONField(
        default=list
    )  # [{"payee": id, "role": …, "share": "0.5"}]
    version = models.CharField(max_length=64)
    payload = models.JSONField()  # the source's own
    deleted = models.BooleanField(default=False)
    mapping_id = models.BigIntegerField(null=True)
    seen_at = models.DateTimeField()  # business time

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "opened"], name="revision_once"),
            models.UniqueConstraint(
                fields=["entry"],
                condition=Q(closed__isnull=True),
                name="one_current_revision",
            ),
        ]


class Credit(BusinessModel):
    """A payee's share of an entry, current and past; the way in for calculations.

    One row for each credit of each revision, so that the entries of one payee are
    found by index without opening every revision.
    """

    entry_id = models.BigIntegerField()
    payee_id = models.BigIntegerField()
    role = models.CharField(max_length=12)
    share = models.DecimalField(max_digits=9, decimal_places=8)
    occurred_on = models.DateField(null=True)
    opened = models.BigIntegerField()
    closed = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["payee_id", "occurred_on"], name="credit_payee"),
            models.Index(fields=["entry_id", "opened"], name="credit_entry"),
        ]


class RefusedRecord(BusinessModel):
    """A source record that could not become an entry, and what it may hold up."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RESOLVED = "resolved"
        IGNORED = "ignored"

    connection_id = models.BigIntegerField()
    object = models.CharField(max_length=60)
    external_id = models.CharField(max_length=200)
    version = models.CharField(max_length=64)
    name = models.CharField(max_length=300, blank=True)
    code = models.CharField(max_length=30)  # groups the same reason
    field = models.CharField(max_length=60)
    reason = models.TextField()
    detail = models.CharField(max_length=200, blank=True)  # such as the user's e-mail
    payload = models.JSONField()
    amount = models.DecimalField(max_digits=19, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    occurred_on = models.DateField(null=True)  # its day, where that could be read
    held_up = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    ignored_because = models.TextField(blank=True)
    ignored_by_id = models.BigIntegerField(null=True)
    tries = models.PositiveIntegerField(default=1)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection_id", "object", "external_id"], name="refused_once"
            )
        ]
        indexes = [models.Index(fields=["state", "code"], name="refused_state")]
