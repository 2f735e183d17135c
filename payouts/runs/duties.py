"""Separation of duties: nobody approves what they prepared, adjusted or are paid by."""

from django.db.models import Q

from commissions.statements.models import Adjustment, Line
from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee
from payouts.runs.models import PayoutItem, PayoutRun
from tenants.access import COUNTS_AS, Member, may
from tenants.accounts.models import Role, RoleGrant, User
from tenants.schema import current_business

APPROVING = frozenset({Role.FINANCE, Role.ADMIN})


def why_not_approve(run: PayoutRun, user_id: int) -> str:
    """Return why this user may not approve the run, or an empty text if they may.

    There is no way round for administrators. A business in solo mode is the only
    exception, and its runs say so.
    """
    if is_solo(run):
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
    if is_solo(run):
        barred = set()
    return sorted({n for user_id, n in _approvers() if user_id not in barred})


def is_solo(run: PayoutRun) -> bool:
    """Say whether one person may do all: solo mode holds now, and held from the start.

    A mode that is turned on after preparing would not be printed on the run.
    """
    return run.solo and bool(current_business().solo_mode)


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
    """Return whom the run pays: by log-in, or by e-mail where none is linked.

    A payee who was merged into another keeps the log-in; the other has the money.
    """
    paid = Payee.objects.filter(Q(payouts__run=run) | Q(merged_into__payouts__run=run))
    known = list(paid.values_list("user_id", "email"))
    emails = {email.lower() for _, email in known if email}
    found: set[int | None] = {user_id for user_id, _ in known if user_id}
    found.update(User.objects.filter(email__in=emails).values_list("pk", flat=True))
    return found


def _adjusting_users(run: PayoutRun) -> set[int | None]:
    lines = Line.objects.filter(
        pk__in=PayoutItem.objects.filter(payout__run=run).values("line_id")
    )
    made = Adjustment.objects.filter(
        Q(pk__in=lines.filter(adjustment_id__gt=0).values("adjustment_id")),
        kind=Adjustment.Kind.MANUAL,
    )
    return set(made.values_list("made_by_id", flat=True)) - {None}
