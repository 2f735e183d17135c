"""Users, groups, businesses and members; all in the public schema."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django_tenants.models import DomainMixin, TenantMixin


class UserManager(BaseUserManager["User"]):
    """Makes users whose e-mail is kept in lower case."""

    def create_user(
        self, email: str, password: str | None = None, name: str = ""
    ) -> "User":
        user = User(email=email.strip().lower(), name=name)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser):
    """A person who can log in; one login for all businesses. Never deleted."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(default=False)
    locale = models.CharField(max_length=20, default="en_US")
    created_at = models.DateTimeField(db_default=TransactionNow())

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower(F("email"))), name="user_email_is_lower_case"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email


# Business has an untyped base, so its manager is not found from here.
class Group(models.Model):  # type: ignore[django-manager-missing]
    """The customer: one owner's set of businesses."""

    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=200)
    reporting_currency = models.CharField(max_length=3, default="USD")
    created_at = models.DateTimeField(db_default=TransactionNow())

    def __str__(self) -> str:
        return self.name


class Business(TenantMixin):
    """The tenant: one schema with its own plans, payees, periods and currency."""

    class State(models.TextChoices):
        TEMPLATE = "template"  # what new businesses are cloned from; never routed
        MAKING = "making"
        READY = "ready"
        SUSPENDED = "suspended"

    group = models.ForeignKey(
        Group, models.PROTECT, related_name="businesses", null=True
    )
    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3, default="USD")
    time_zone = models.CharField(max_length=64, default="UTC")
    pay_calendar = models.CharField(max_length=12, default="month")
    pay_day_offset = models.PositiveSmallIntegerField(default=15)
    state = models.CharField(max_length=10, choices=State, default=State.MAKING)
    solo_mode = models.BooleanField(default=False)
    posts_late_changes = models.BooleanField(default=True)
    second_approver_above = models.DecimalField(
        max_digits=19, decimal_places=4, default=50000
    )
    # A plan that moves no more than this may be published by who wrote it; empty: none.
    second_publisher_above = models.DecimalField(
        max_digits=19, decimal_places=4, null=True
    )
    created_at = models.DateTimeField(db_default=TransactionNow())

    auto_create_schema = False
    auto_drop_schema = False

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(schema_name__regex=r"^(b[0-9]+|public|template)$"),
                name="business_schema_name_is_b_and_a_number",
            ),
            models.CheckConstraint(
                condition=Q(state="template") | Q(group__isnull=False),
                name="business_belongs_to_a_group",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Skip the library's schema making: a clone does that, in a job."""
        models.Model.save(self, *args, **kwargs)


class Domain(DomainMixin):
    """Required by the library; our businesses are found by path, not by host."""


class Role(models.TextChoices):
    """What a member may be. The last two are held in the group, not in a business."""

    REP = "rep"
    MANAGER = "manager"
    FINANCE = "finance"
    ADMIN = "admin"
    AUDITOR = "auditor"
    OWNER = "owner"
    GROUP_ADMIN = "group_admin"


class Member(models.Model):
    """A user's place in a business, or in a group where `business` is empty."""

    user = models.ForeignKey(User, models.PROTECT, related_name="members")
    group = models.ForeignKey(Group, models.PROTECT, related_name="members")
    business = models.ForeignKey(
        Business, models.PROTECT, related_name="members", null=True
    )
    created_at = models.DateTimeField(db_default=TransactionNow())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "group", "business"],
                nulls_distinct=False,
                name="member_once_in_each_place",
            )
        ]

    def __str__(self) -> str:
        return f"member {self.pk}"


class RoleGrant(models.Model):
    """A role that a member holds from a day to a day, both included."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="grants")
    role = models.CharField(max_length=12, choices=Role)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    granted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="role_grant_ends_after_it_starts",
            ),
            models.UniqueConstraint(
                fields=["member", "role", "starts_on"], name="role_grant_once_a_day"
            ),
        ]


class DemoPerson(models.Model):
    """Somebody of the demo whom its log-in page offers; empty in production."""

    key = models.SlugField(unique=True)
    user = models.OneToOneField(User, models.PROTECT, related_name="demo_person")
    role = models.CharField(max_length=100)
    sentence = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField(unique=True)

    def __str__(self) -> str:
        return self.key
