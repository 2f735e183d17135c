"""A mail to everybody whom a published version pays: once each, with a link and no figure."""

from datetime import date, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.template.loader import render_to_string

from commissions.plans.models import Assignment, PlanNotice, PlanVersion
from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee
from tenants.access import Member, member_of
from tenants.accounts.models import User
from tenants.jobs.errors import RunLater
from tenants.jobs.lease import Lease
from tenants.jobs.services import enqueue
from tenants.schema import current_business
from tenants.urls_for import business_url

_AGAIN = timedelta(minutes=10)


def ask_to_tell(version: PlanVersion, by: Member) -> None:
    """Note whom to tell of a version, in the transaction that publishes it."""
    if version.starts_on is None:
        return
    notices = [
        PlanNotice(version=version, user_id=user_id)
        for user_id in sorted(users_paid_by(version.plan_id, version.starts_on))
    ]
    if not notices:
        return
    PlanNotice.objects.bulk_create(notices, ignore_conflicts=True)
    enqueue(
        kind="plan_published",
        title=f"Tell whom {version.plan} v{version.number} pays",
        business=current_business(),
        arguments={"version": version.pk},
        only_one=f"plan published {version.pk}",
        started_by=by,
    )


def users_paid_by(plan_id: int, starts_on: date) -> set[int]:
    """Return the log-ins of the payees who are on a plan from a day on."""
    rows = Assignment.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=starts_on),
        plan_id=plan_id,
        closed__isnull=True,
    )
    own = Payee.objects.filter(
        Q(pk__in=rows.values("payee_id"))
        | Q(merged_into__in=rows.values("payee_id"), user_id__isnull=False)
    )
    return {one for one in own.values_list("user_id", flat=True) if one}


def tell_published(lease: Lease) -> dict[str, int]:
    """Send the mails that were not sent; a mail server that is away is asked again."""
    waiting = PlanNotice.objects.filter(
        version_id=lease.arguments["version"], sent_at__isnull=True
    ).select_related("version__plan")
    notices = list(waiting.order_by("pk"))
    sent = 0
    for done, notice in enumerate(notices):
        lease.step("Writing mails", done, len(notices))
        address = _address(notice.user_id)
        if address:
            _send(notice.version, address)
            sent += 1
        # After the mail: who dies in between writes this one again, and no other.
        with lease.transaction():
            own = PlanNotice.objects.filter(pk=notice.pk, sent_at__isnull=True)
            if address:
                own.update(sent_at=clock.now())
            else:
                own.delete()
    return {"sent": sent, "left_out": len(notices) - sent}


def _address(user_id: int) -> str:
    """Return where somebody reads mail who is still a member; else nothing."""
    business = current_business()
    user = User.objects.filter(pk=user_id, is_active=True).first()
    day = clock.today(business.time_zone)
    if user is None or member_of(user=user, business=business, day=day) is None:
        return ""
    return str(user.email)


def _send(version: PlanVersion, address: str) -> None:
    business = current_business()
    earlier = version.plan.versions.filter(
        state=PlanVersion.State.PUBLISHED, number__lt=version.number
    )
    context = {
        "plan": version.plan.name,
        "starts_on": version.starts_on,
        "is_new": not earlier.exists(),
        "business": business.name,
        "page": settings.SITE_URL + business_url(business, "statements:my_plan"),
    }
    mail = EmailMessage(
        render_to_string("emails/plan_published-subject.txt", context).strip(),
        render_to_string("emails/plan_published-body.txt", context),
        to=[address],
    )
    try:
        mail.send()
    except (OSError, SMTPException) as problem:
        raise RunLater(f"The mail was not sent: {problem}", _AGAIN) from problem
