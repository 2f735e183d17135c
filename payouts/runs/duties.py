"""Separation of duties: nobody approves what they prepared, adjusted or are paid by."""

from django.db.models import Q

from commissions.statements.models import Adjustment, Line
from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee
from payouts.runs.models import PayoutItem, PayoutRun
from tenants.access import COUNTS_AS, Member, may
from tenants.accounts.models import Role, RoleGrant
from tenants.schema import current_business

APPROVING = frozenset({Role.FINANCE, Role.ADMIN})


def why_not_approve(run: PayoutRun, user_id: int) -> str:
    """Return why this user may not approve the run, or an empty text if they may.

    There is no way round for administrators. A business in solo mode is the only
    exception, and its runs say so.
    """
    if current_business().solo_mode:
        return ""
    if run.prepared_by_id == user_id:
        return "You prepared this run."
    if user_id in _paid_users(run):
        return "You are paid in this run."
    if user_id in _adjusting_users(run):
        return "You made an adjustment that is in this run."
    return ""


def who_may_approve(run: PayoutRun) -> list[str]:
    """Return the names of the members who may approve this run now."""
    barred = {run.prepared_by_id} | _paid_users(run) | _adjusting_users(run)
    if current_business().solo_mode:
        barred = set()
    return sorted({n for user_id, n in _approvers() if user_id not in barred})


def may_act(member: Member) -> bool:
    """Return whether the member holds a role that approves runs at all."""
    return may(member, "runs.decide")


def _approvers() -> list[tuple[int, str]]:
    """Return who holds an approving role today, here or in the group."""
    business = current_business()
    day = clock.today(business.time_zone)
    roles = APPROVING | {role for role, worth in COUNTS_AS.items() if worth & APPROVING}
    grants = (
        RoleGrant.objects.filter(
            Q(member__business_id=business.pk) | Q(member__business__isnull=True),
            Q(ends_on__isnull=True) | Q(ends_on__gte=day),
            member__group_id=business.group_id,
            member__user__is_active=True,
            starts_on__lte=day,
            role__in=roles,
        )
        .select_related("member__user")
        .order_by("pk")
    )
    return [(grant.member.user_id, str(grant.member.user)) for grant in grants]


def _paid_users(run: PayoutRun) -> set[int | None]:
    paid = Payee.objects.filter(payouts__run=run, user_id__isnull=False)
    return set(paid.values_list("user_id", flat=True))


def _adjusting_users(run: PayoutRun) -> set[int | None]:
    lines = Line.objects.filter(
        pk__in=PayoutItem.objects.filter(payout__run=run).values("line_id")
    )
    made = Adjustment.objects.filter(
        Q(pk__in=lines.filter(adjustment_id__gt=0).values("adjustment_id")),
        kind=Adjustment.Kind.MANUAL,
    )
    return set(made.values_list("made_by_id", flat=True)) - {None}
