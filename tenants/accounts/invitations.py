"""Bringing somebody in by e-mail: the member, the role, and a mail that says so."""

from datetime import date

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from tenants.accounts.models import Business, Group, Role, RoleGrant, User
from tenants.accounts.selectors import user_with_email
from tenants.accounts.services import add_member, create_user, grant_role
from tenants.schema import on_commit


def bring_in(
    *,
    email: str,
    name: str,
    role: Role,
    group: Group,
    business: Business | None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    by: User,
) -> RoleGrant:
    """Give the person with this address a role, making their log-in where they have none.

    The mail holds no password and no key: a newcomer chooses a password by the reset
    page, which proves that the address is theirs.
    """
    with transaction.atomic():
        user = user_with_email(email)
        is_new = user is None
        if user is None:
            user = create_user(email=email, name=name)
        member = add_member(user=user, group=group, business=business, by=by)
        grant = grant_role(
            member=member, role=role, starts_on=starts_on, ends_on=ends_on, by=by
        )
        place = business or group
        on_commit(lambda: tell(user=user, place=str(place), by=str(by), is_new=is_new))
    return grant


def tell(*, user: User, place: str, by: str, is_new: bool) -> None:
    """Write to somebody that they were brought in; no mail holds an amount."""
    page = "account_reset_password" if is_new else "account_login"
    context = {
        "place": place,
        "by": by,
        "is_new": is_new,
        "address": settings.SITE_URL + reverse(page),
    }
    send_mail(
        render_to_string("emails/brought_in-subject.txt", context).strip(),
        render_to_string("emails/brought_in-body.txt", context),
        None,
        [user.email],
        fail_silently=True,
    )
