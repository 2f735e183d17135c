"""Bringing somebody in by e-mail: the member, the role, and a mail that says so."""

from datetime import date

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from tenants.accounts import errors
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
        if user is not None and not is_known(user, group):
            raise errors.EmailNotConfirmed(user.email)
        if user is None:
            user = create_user(email=email, name=name)
        member = add_member(user=user, group=group, business=business, by=by)
        grant = grant_role(
            member=member, role=role, starts_on=starts_on, ends_on=ends_on, by=by
        )
        place = business or group
        on_commit(lambda: tell(user=user, place=str(place), by=str(by), is_new=is_new))
    return grant


def is_known(user: User, group: Group) -> bool:
    """Say whether whoever logs in so is the person who reads the address's mail.

    Anybody can sign up with another's address and wait for the role to come. Whom we
    made ourselves has no password before the reset mail was read.
    """
    if not user.has_usable_password() or user.members.filter(group=group).exists():
        return True
    addresses = EmailAddress.objects.filter(user=user)
    return (
        not addresses.exists()
        or addresses.filter(email=user.email, verified=True).exists()
    )


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
