"""Making users, groups, businesses and members, and giving and ending roles."""

import zoneinfo
from datetime import date, timedelta
from decimal import Decimal

from babel.numbers import is_currency
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.text import slugify

from commissions_saas.lib import clock
from tenants.accounts import errors
from tenants.accounts.models import Business, Group, Member, Role, RoleGrant, User
from tenants.audit.services import record
from tenants.jobs.services import enqueue

GROUP_ROLES = frozenset({Role.OWNER, Role.GROUP_ADMIN})


def create_user(*, email: str, password: str | None = None, name: str = "") -> User:
    """Make a person who can log in; without a password, only after a reset."""
    email = email.strip().lower()
    with transaction.atomic():
        if User.objects.filter(email=email).exists():
            raise errors.EmailTaken
        user = User.objects.create_user(email=email, password=password, name=name)
        record(
            action="accounts.user.made",
            object_kind="user",
            object_id=user.pk,
            object_name=str(user),
            after={"email": email},
            by=user,
        )
    return user


def create_group(
    *,
    name: str,
    owner: User,
    slug: str = "",
    reporting_currency: str = "USD",
) -> Group:
    """Make a group; whoever makes it is its first owner."""
    with transaction.atomic():
        group = Group(
            name=name,
            slug=_free_slug(Group, slug, name),
            reporting_currency=_known_currency(reporting_currency),
        )
        group.save()
        _record(group, None, "accounts.group.made", "group", group.pk, name, by=owner)
        member = add_member(user=owner, group=group, by=owner)
        _grant(member, Role.OWNER, clock.today("UTC"), None, owner)
    return group


def create_business(
    *,
    group: Group,
    name: str,
    slug: str = "",
    currency: str = "USD",
    time_zone: str = "UTC",
    pay_calendar: str = "month",
    by: User | None = None,
) -> Business:
    """Make a business's row and the job that clones its schema.

    The business is not served before the job has ended.
    """
    if time_zone not in zoneinfo.available_timezones():
        raise errors.NoSuchTimeZone(time_zone)
    with transaction.atomic():
        number = _next_business_number()
        business = Business(
            pk=number,
            schema_name=f"b{number}",
            group=group,
            name=name,
            slug=_free_slug(Business, slug, name),
            currency=_known_currency(currency),
            time_zone=time_zone,
            pay_calendar=pay_calendar,
        )
        business.save(force_insert=True)
        _record(
            group, business, "accounts.business.made", "business", number, name, by=by
        )
        enqueue(
            kind="make_business",
            title=f"Make {name}",
            group=group,
            arguments={"business": number},
            only_one=f"make {number}",
            started_by=by,
        )
    return business


def change_business(
    *,
    business: Business,
    name: str,
    posts_late_changes: bool,
    solo_mode: bool,
    second_publisher_above: Decimal | None = None,
    by: User | None = None,
) -> None:
    """Change a business's name and how it handles late changes and approvals."""
    after = {
        "name": name,
        "posts_late_changes": posts_late_changes,
        "solo_mode": solo_mode,
        "second_publisher_above": second_publisher_above,
    }
    group = business.group
    assert group is not None
    with transaction.atomic():
        row = Business.objects.select_for_update().get(pk=business.pk)
        before = {key: getattr(row, key) for key in after}
        Business.objects.filter(pk=row.pk).update(**after)
        _record(
            group,
            business,
            "accounts.business.changed",
            "business",
            row.pk,
            name,
            before=before,
            after=after,
            by=by,
        )
    business.refresh_from_db(fields=list(after))


def add_member(
    *,
    user: User,
    group: Group | None = None,
    business: Business | None = None,
    by: User | None = None,
) -> Member:
    """Give a user a place in a business, or in a group; without roles it opens nothing."""
    if business is not None:
        group = business.group
    if group is None:
        raise TypeError("Name the business or the group.")
    with transaction.atomic():
        member, is_new = Member.objects.get_or_create(
            user=user, group=group, business=business
        )
        if is_new:
            _record(
                group,
                business,
                "accounts.member.added",
                "member",
                member.pk,
                str(user),
                by=by,
            )
    return member


def grant_role(
    *,
    member: Member,
    role: Role,
    starts_on: date | None = None,
    ends_on: date | None = None,
    by: User | None = None,
) -> RoleGrant:
    """Give a member a role from a day to a day; nobody gives one to themselves."""
    role = Role(role)
    with transaction.atomic():
        _lock_roles(member.group_id)
        _check_may_change(member, role, by)
        if (role in GROUP_ROLES) != (member.business_id is None):
            raise errors.WrongPlaceForRole(role.label)
        starts_on = starts_on or _today_at(member)
        if ends_on is not None and ends_on < starts_on:
            raise errors.DatesTheWrongWayRound
        _check_not_held(member, role, starts_on, ends_on)
        return _grant(member, role, starts_on, ends_on, by)


def end_role(*, grant: RoleGrant, ends_on: date | None = None, by: User | None) -> None:
    """End a role after a day, yesterday unless said; a group keeps its last owner.

    A role that began today or later, and ends before it began, never was: its row goes.
    """
    member = grant.member
    with transaction.atomic():
        _lock_roles(member.group_id)
        _check_may_change(member, Role(grant.role), by)
        last_day = ends_on or _today_at(member) - timedelta(days=1)
        if grant.role == Role.OWNER and not _other_owners(grant, last_day).exists():
            raise errors.LastOwner
        before = {"starts_on": grant.starts_on, "ends_on": grant.ends_on}
        if last_day < grant.starts_on:
            RoleGrant.objects.filter(pk=grant.pk).delete()
        else:
            RoleGrant.objects.filter(pk=grant.pk).update(ends_on=last_day)
        _record(
            member.group,
            member.business,
            "accounts.role.ended",
            "member",
            member.pk,
            str(member.user),
            before={"role": grant.role, **before},
            after={"role": grant.role, "ends_on": last_day},
            by=by,
        )


def deactivate_user(*, user: User, by: User | None) -> None:
    """Shut a person out at once; the row stays, since money names it."""
    with transaction.atomic():
        changed = User.objects.filter(pk=user.pk, is_active=True).update(
            is_active=False
        )
        if changed:
            record(
                action="accounts.user.shut_out",
                object_kind="user",
                object_id=user.pk,
                object_name=str(user),
                by=by or "system",
            )


def _grant(
    member: Member, role: Role, starts_on: date, ends_on: date | None, by: User | None
) -> RoleGrant:
    grant = RoleGrant.objects.create(
        member=member, role=role, starts_on=starts_on, ends_on=ends_on, granted_by=by
    )
    _record(
        member.group,
        member.business,
        "accounts.role.granted",
        "member",
        member.pk,
        str(member.user),
        after={"role": role.value, "starts_on": starts_on, "ends_on": ends_on},
        by=by,
    )
    return grant


def _record(
    group: Group,
    business: Business | None,
    action: str,
    kind: str,
    object_id: object,
    name: str,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    by: User | None,
) -> None:
    record(
        action=action,
        object_kind=kind,
        object_id=object_id,
        object_name=name,
        before=before,
        after=after,
        by=by or "system",
        group=group,
        business=business,
    )


def _lock_roles(group_id: int) -> None:
    # Two owners who end each other's role at once must not both succeed.
    Group.objects.select_for_update().get(pk=group_id)


def _check_may_change(member: Member, role: Role, by: User | None) -> None:
    if by is None:
        return
    if by.pk == member.user_id:
        raise errors.NotYourOwnRole
    if (
        role in GROUP_ROLES
        and not _owners(member.group_id).filter(member__user=by).exists()
    ):
        raise errors.OnlyOwnersMayDoThis


def _check_not_held(
    member: Member, role: Role, starts_on: date, ends_on: date | None
) -> None:
    held = RoleGrant.objects.filter(member=member, role=role).exclude(
        ends_on__lt=starts_on
    )
    if ends_on is not None:
        held = held.filter(starts_on__lte=ends_on)
    if held.exists():
        raise errors.RoleHeldAlready(role.label)


def _owners(group_id: int) -> QuerySet[RoleGrant]:
    day = clock.today("UTC")
    return RoleGrant.objects.filter(
        member__group_id=group_id,
        member__user__is_active=True,
        role=Role.OWNER,
        starts_on__lte=day,
    ).exclude(ends_on__lt=day)


def _other_owners(grant: RoleGrant, last_day: date) -> QuerySet[RoleGrant]:
    others = _owners(grant.member.group_id).exclude(member_id=grant.member_id)
    return others.filter(Q(ends_on=None) | Q(ends_on__gt=last_day))


def _today_at(member: Member) -> date:
    return clock.today(member.business.time_zone if member.business else "UTC")


def _next_business_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('accounts_business', 'id'))"
        )
        return int(cursor.fetchone()[0])


def _known_currency(code: str) -> str:
    if not is_currency(code.upper()):
        raise errors.NoSuchCurrency(code)
    return code.upper()


def _free_slug(model: type[Group] | type[Business], wanted: str, name: str) -> str:
    """Return the address that was asked for, or a free one made from the name."""
    taken = model.objects.all()
    if wanted:
        if taken.filter(slug=wanted).exists():
            raise errors.SlugTaken(wanted)
        return wanted
    slug = first = slugify(name)[:40].strip("-") or "business"
    number = 1
    while taken.filter(slug=slug).exists():
        number += 1
        slug = f"{first}-{number}"
    return slug
