"""A mail when a large load has ended: once, and later if the mail server is away."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from commissions_saas.lib import clock
from crm_sync.connections.models import Connection, SyncRun
from tenants.accounts.models import Business, Group, Role, RoleGrant, User
from tenants.jobs.errors import RunLater
from tenants.jobs.lease import Lease
from tenants.jobs.services import enqueue
from tenants.schema import in_public
from tenants.urls_for import business_url, group_url

LARGE = 1000  # records
LONG = timedelta(minutes=5)
_AGAIN = timedelta(minutes=10)


def ask_to_tell(connection: Connection, run: SyncRun) -> None:
    """Ask for the mail about a first load, if people will not have waited for it."""
    took = (run.finished_at or run.started_at) - run.started_at
    if run.kind != "first" or (run.read < LARGE and took < LONG):
        return
    enqueue(
        kind="load_ended",
        title=f"Tell that {connection.name} was read",
        group=Group.objects.get(pk=connection.group_id),
        arguments={"run": run.pk},
        only_one=f"load ended {run.pk}",
    )


def tell_load_ended(lease: Lease) -> dict[str, Any]:
    """Send the mail, at most once; a mail server that is away is asked again.

    The run is marked first: who dies in between has sent no second mail.
    """
    with in_public():
        run = SyncRun.objects.select_related("connection").get(
            pk=lease.arguments["run"]
        )
        addresses = _whom(run.connection)
        with lease.transaction():
            rows = SyncRun.objects.filter(pk=run.pk, told_at__isnull=True)
            if not addresses or rows.update(told_at=clock.now()) != 1:
                return {"sent": 0, "to": len(addresses)}
        context = {"run": run, "name": run.connection.name, "page": _page(run)}
        mail = EmailMessage(
            render_to_string("emails/load_ended-subject.txt", context).strip(),
            render_to_string("emails/load_ended-body.txt", context),
            to=addresses,
        )
        try:
            sent = mail.send()
        except (OSError, SMTPException) as problem:
            with lease.transaction():
                SyncRun.objects.filter(pk=run.pk).update(told_at=None)
            raise RunLater(f"The mail was not sent: {problem}", _AGAIN) from problem
    return {"sent": sent, "to": len(addresses)}


def _whom(connection: Connection) -> list[str]:
    """Whoever connected the source; without them, its admins."""
    made_by = User.objects.filter(pk=connection.created_by_id or 0, is_active=True)
    if made_by.exists():
        return [made_by[0].email]
    grants = RoleGrant.objects.filter(member__group_id=connection.group_id)
    if connection.business_id is None:
        grants = grants.filter(role__in=(Role.OWNER, Role.GROUP_ADMIN))
    else:
        own = grants.filter(member__business_id=connection.business_id)
        grants = own.filter(role=Role.ADMIN)
    emails = grants.values_list("member__user__email", flat=True)
    return sorted(set(emails))[:20]


def _page(run: SyncRun) -> str:
    connection = run.connection
    if connection.business_id is None:
        place = group_url(
            Group.objects.get(pk=connection.group_id),
            "connections:group_connection",
            connection.pk,
        )
    else:
        place = business_url(
            Business.objects.get(pk=connection.business_id),
            "connections:connection",
            connection.pk,
        )
    return f"{settings.SITE_URL}{place}"
